using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.FunctionApp.Http;
using AtomicDevOps.FunctionApp.Pipelines;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Pipelines;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.FunctionApp.Findings;

/// <summary>Has branches looked at that nobody touched: when somebody asks, and every hour those that are due.</summary>
public sealed class SweepTriggers(ILogger<SweepTriggers> logger)
{
    private const int LongestBranch = 250;

    /// <summary>Where the round of the hour before still goes on, this one is left out.</summary>
    [Function(nameof(WatchFindings))]
    public async Task WatchFindings(
        [TimerTrigger("0 7 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (!await PipelineRuns.StartOnlyOneAsync(client, MetaOrchestrator.WatchName, MetaOrchestrator.WatchInstanceId, cancellationToken))
        {
            logger.LogInformation("The round before goes on");
        }
    }

    /// <summary>
    /// <c>POST /api/findings/{owner}/{name}/sweeps?branch=main</c> starts a run over all of a branch, the default one where none is named. With the header
    /// <c>Idempotency-Key</c> the same request starts one run however often it is sent.
    /// </summary>
    [Function(nameof(StartSweep))]
    public async Task<IResult> StartSweep(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "findings/{owner}/{name}/sweeps")] HttpRequest request,
        string owner,
        string name,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        if (!RepositoryName.TryParse($"{owner}/{name}", out var repository))
        {
            return Problems.BadRequest($"«{owner}/{name}» is no repository; it has to be of the form owner/name.");
        }

        var branch = request.Query["branch"].ToString() is { Length: > 0 } given ? given : null;
        if (branch is { Length: > LongestBranch } || branch?.Any(char.IsControl) is true)
        {
            return Problems.BadRequest($"«branch» has to be a branch's name of at most {LongestBranch} characters, such as main.");
        }

        var runId = RunId.ForSweep(repository, PipelineRuns.KeyOf(request));
        await PipelineRuns.StartAsync(client, runId, new WorkItem(WorkKind.Sweep, repository, "api") { Branch = branch }, cancellationToken);
        return PipelineRuns.Accepted(runId);
    }
}
