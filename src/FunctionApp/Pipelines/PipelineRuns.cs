using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Pipelines;
using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.FunctionApp.Pipelines;

/// <summary>What triggers do with runs.</summary>
internal static class PipelineRuns
{
    private static readonly string[] EveryStatus = [.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses.Select(status => status.ToString())];

    private static readonly OrchestrationRuntimeStatus[] ActiveStatuses =
        [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    /// <summary>Starts a run unless one with the same id was ever started.</summary>
    /// <returns>Whether this call started it.</returns>
    public static async Task<bool> StartAsync(DurableTaskClient client, string runId, WorkItem work, CancellationToken cancellationToken)
    {
        if (await client.GetInstanceAsync(runId, cancellationToken) is not null)
        {
            return false;
        }

        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                nameof(MetaOrchestrator), work, new StartOrchestrationOptions(runId) { DedupeStatuses = EveryStatus }, cancellationToken);
            return true;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            return false;
        }
    }

    /// <summary>What tells a request from others like it: the header <c>Idempotency-Key</c>, or else nothing that was there before.</summary>
    public static string KeyOf(HttpRequest request) =>
        request.Headers["Idempotency-Key"].ToString() is { Length: > 0 } given ? given : Guid.NewGuid().ToString("N");

    /// <summary>The answer to whoever asked for a run.</summary>
    public static IResult Accepted(string runId)
    {
        var links = PipelineViews.LinksOf(runId);
        return Results.Accepted(links.Self, new { id = runId, links });
    }

    /// <summary>Starts an orchestration of which there is one at a time, unless it goes on.</summary>
    /// <returns>Whether this call started it.</returns>
    public static async Task<bool> StartOnlyOneAsync(DurableTaskClient client, string orchestrator, string instanceId, CancellationToken cancellationToken)
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                orchestrator, new StartOrchestrationOptions(instanceId).WithDedupeStatuses(ActiveStatuses), cancellationToken);
            return true;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            return false;
        }
    }

    /// <summary>Asks every active run whose id begins so to end; each concludes what it has begun.</summary>
    public static async Task CancelAllAsync(DurableTaskClient client, string idPrefix, CancellationRequest request, CancellationToken cancellationToken)
    {
        await foreach (var run in ActiveAsync(client, idPrefix, cancellationToken))
        {
            await client.RaiseEventAsync(run.InstanceId, PipelineEvents.Cancel, request, cancellationToken);
        }
    }

    public static bool IsRun(OrchestrationMetadata instance) =>
        string.Equals(instance.Name, nameof(MetaOrchestrator), StringComparison.OrdinalIgnoreCase);

    private static async IAsyncEnumerable<OrchestrationMetadata> ActiveAsync(
        DurableTaskClient client, string idPrefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new OrchestrationQuery { InstanceIdPrefix = idPrefix, Statuses = ActiveStatuses };
        await foreach (var instance in client.GetAllInstancesAsync(query).WithCancellation(cancellationToken))
        {
            if (IsRun(instance))
            {
                yield return instance;
            }
        }
    }
}
