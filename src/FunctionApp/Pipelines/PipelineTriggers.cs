using System.Globalization;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.FunctionApp.Http;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.FunctionApp.Pipelines;

/// <summary>The API through which people and programs start, watch, approve and cancel runs.</summary>
public sealed class PipelineTriggers(IStageLog log)
{
    private const string StartExample = """{"repository":"owner/name","pullRequest":12}""";
    private const string ApprovalExample = """{"approved":true,"by":"octocat","comment":"Looks good"}""";
    private const int MostListed = 200;

    /// <summary>
    /// <c>POST /api/pipelines</c> starts a run for a pull request. With the header <c>Idempotency-Key</c> the same request starts one run however
    /// often it is sent.
    /// </summary>
    [Function(nameof(StartPipeline))]
    public async Task<IResult> StartPipeline(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "pipelines")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var (body, problem) = await RequestBody.ReadJsonAsync<StartRequest>(request, StartExample, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        if (!RepositoryName.TryParse(body!.Repository, out var repository))
        {
            return Problems.BadRequest($"«repository» is «{body.Repository}»; it has to be of the form owner/name. Right would be {StartExample}.");
        }

        if (body.PullRequest is not > 0)
        {
            return Problems.BadRequest($"«pullRequest» has to be the number of a pull request. Right would be {StartExample}.");
        }

        if (body.HeadSha is { } sha && !(sha.Length is 40 or 64 && sha.All(char.IsAsciiHexDigit)))
        {
            return Problems.BadRequest("«headSha» has to be a full commit id of 40 or 64 hexadecimal digits; without it the run checks the present head.");
        }

        var runId = RunId.ForPullRequest(repository, body.PullRequest.Value, PipelineRuns.KeyOf(request));
        await PipelineRuns.StartAsync(
            client,
            runId,
            new WorkItem(WorkKind.PullRequest, repository, "api") { PullRequest = body.PullRequest, HeadSha = body.HeadSha },
            cancellationToken);
        return PipelineRuns.Accepted(runId);
    }

    /// <summary><c>GET /api/pipelines?repository=owner/name&amp;pullRequest=12&amp;limit=50</c> lists runs, newest first, without their stages.</summary>
    [Function(nameof(ListPipelines))]
    public async Task<IResult> ListPipelines(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "pipelines")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var limit = 50;
        if (request.Query["limit"].ToString() is { Length: > 0 } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MostListed))
        {
            return Problems.BadRequest($"«limit» is «{text}»; it has to be a number from 1 to {MostListed}.");
        }

        RepositoryName? repository = null;
        if (request.Query["repository"].ToString() is { Length: > 0 } name && !RepositoryName.TryParse(name, out repository))
        {
            return Problems.BadRequest($"«repository» is «{name}»; it has to be of the form owner/name.");
        }

        int? pullRequest = null;
        if (request.Query["pullRequest"].ToString() is { Length: > 0 } numberText)
        {
            if (repository is null || !int.TryParse(numberText, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                return Problems.BadRequest("«pullRequest» has to be a number, and needs «repository» beside it.");
            }

            pullRequest = number;
        }

        var prefix = (repository, pullRequest) switch
        {
            ({ } one, { } number) => RunId.ForPullRequest(one, number),
            ({ } one, null) => RunId.ForRepository(one),
            _ => RunId.Prefix,
        };
        var runs = new List<OrchestrationMetadata>();
        await foreach (var instance in client.GetAllInstancesAsync(new OrchestrationQuery { InstanceIdPrefix = prefix, FetchInputsAndOutputs = true })
            .WithCancellation(cancellationToken))
        {
            if (PipelineRuns.IsRun(instance))
            {
                runs.Add(instance);
            }
        }

        var pipelines = new List<PipelineView>();
        foreach (var run in runs.OrderByDescending(run => run.CreatedAt).Take(limit))
        {
            pipelines.Add(PipelineViews.Of(await WithFailureAsync(client, run, cancellationToken), []) with { Agents = null });
        }

        return Json(new { pipelines });
    }

    /// <summary><c>GET /api/pipelines/{id}</c> shows a run with its agents and stages as a tree.</summary>
    [Function(nameof(GetPipeline))]
    public async Task<IResult> GetPipeline(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "pipelines/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        await FindAsync(client, id, cancellationToken) is { } view ? Json(view) : NoSuchRun(id);

    /// <summary><c>DELETE /api/pipelines/{id}</c> asks a run to end; it concludes what it has begun and removes what it made.</summary>
    [Function(nameof(CancelPipeline))]
    public async Task<IResult> CancelPipeline(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = "pipelines/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(client, id, cancellationToken) is not { } view)
        {
            return NoSuchRun(id);
        }

        if (view.CompletedAt is not null)
        {
            return Problems.Conflict($"The run {id} has ended: {view.Verdict}.");
        }

        await client.RaiseEventAsync(
            id, PipelineEvents.Cancel, new CancellationRequest(PipelineVerdict.Cancelled, "Cancelled through the API."), cancellationToken);
        return Results.Accepted(view.Links.Self, new { id, view.Links });
    }

    /// <summary><c>POST /api/pipelines/{id}/approvals/{gate}</c> answers a gate that waits for a person.</summary>
    [Function(nameof(ApprovePipeline))]
    public async Task<IResult> ApprovePipeline(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "pipelines/{id}/approvals/{gate}")] HttpRequest request,
        string id,
        string gate,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var (body, problem) = await RequestBody.ReadJsonAsync<ApprovalRequest>(request, ApprovalExample, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        if (body is not { Approved: { } approved, By: { Length: > 0 and <= 100 } by } || body.Comment is { Length: > 1_000 })
        {
            return Problems.BadRequest($"«approved» and «by» are needed, and «comment» has at most 1000 characters. Right would be {ApprovalExample}.");
        }

        if (await FindAsync(client, id, cancellationToken) is not { } view)
        {
            return NoSuchRun(id);
        }

        if (view.State != PipelineState.Waiting || !string.Equals(gate, Orchestrations.Strategy.DevMgr.DevMgrOrchestrator.MergeGate, StringComparison.Ordinal))
        {
            return Problems.Conflict($"No gate «{gate}» of the run {id} waits for an answer: the run is {view.State}.");
        }

        await client.RaiseEventAsync(
            RunId.Part(id, "dev"), PipelineEvents.Approval(gate), new ApprovalDecision(approved, by, body.Comment), cancellationToken);
        return Results.Accepted(view.Links.Self, new { id, gate, approved });
    }

    /// <summary><c>GET /api/pipelines/{id}/stages/{stage}/log?offset=0</c> reads a stage's output as it comes.</summary>
    [Function(nameof(GetStageLog))]
    public async Task<IResult> GetStageLog(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "pipelines/{id}/stages/{stage}/log")] HttpRequest request,
        string id,
        string stage,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        long offset = 0;
        if (request.Query["offset"].ToString() is { Length: > 0 } text && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset))
        {
            return Problems.BadRequest($"«offset» is «{text}»; it has to be a number of bytes.");
        }

        return await client.GetInstanceAsync(id, cancellationToken) is null
            ? NoSuchRun(id)
            : Results.Text(await log.ReadAsync(id, stage, offset, cancellationToken));
    }

    /// <summary>Queries of Azure Functions leave out why an instance failed.</summary>
    private static async Task<OrchestrationMetadata> WithFailureAsync(DurableTaskClient client, OrchestrationMetadata run, CancellationToken cancellationToken) =>
        run is { RuntimeStatus: OrchestrationRuntimeStatus.Failed, FailureDetails: null }
            ? await client.GetInstanceAsync(run.InstanceId, getInputsAndOutputs: true, cancellationToken) ?? run
            : run;

    private static async Task<PipelineView?> FindAsync(DurableTaskClient client, string id, CancellationToken cancellationToken)
    {
        if (await client.GetInstanceAsync(id, getInputsAndOutputs: true, cancellationToken) is not { } run || !PipelineRuns.IsRun(run))
        {
            return null;
        }

        var parts = new List<OrchestrationMetadata>();
        await foreach (var part in client.GetAllInstancesAsync(new OrchestrationQuery { InstanceIdPrefix = $"{id}:", FetchInputsAndOutputs = true })
            .WithCancellation(cancellationToken))
        {
            parts.Add(part);
        }

        return PipelineViews.Of(run, parts);
    }

    private static IResult Json<T>(T value) => Results.Json(value, JsonDefaults.Options);

    private static IResult NoSuchRun(string id) => Problems.NotFound($"There is no run «{id}». GET /api/pipelines lists those there are.");

    private sealed record StartRequest(string? Repository, int? PullRequest, string? HeadSha);

    private sealed record ApprovalRequest(bool? Approved, string? By, string? Comment);
}
