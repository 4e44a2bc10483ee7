using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Activities.Platform;

/// <summary>Raise an event to other runs.</summary>
/// <param name="RunId">The run that asks; it is never told itself.</param>
/// <param name="IdPrefix">What the ids of the runs to tell begin with.</param>
/// <param name="Orchestrator">The orchestrator that runs are instances of; their parts are told by them.</param>
/// <param name="EventName">The event.</param>
/// <param name="Payload">Its payload, as JSON-friendly text values.</param>
public sealed record RunSignal(
    string RunId, string IdPrefix, string Orchestrator, string EventName, IReadOnlyDictionary<string, object?> Payload);

/// <summary>What a run may do to other runs. An orchestration cannot query instances, so it does so here.</summary>
public static class PipelineRunActivities
{
    public static ActivityCall<RunSignal, int> SignalOthers { get; } = new("PipelineRuns_SignalOthers");

    /// <summary>
    /// Tells every run that was started before the asking one and has not ended. Older runs only: of two that start together each would
    /// otherwise end the other.
    /// </summary>
    /// <returns>How many runs were told.</returns>
    [Function("PipelineRuns_SignalOthers")]
    public static async Task<int> SignalOthersAsync(
        [ActivityTrigger] RunSignal input, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(client);
        var self = await client.GetInstanceAsync(input.RunId, cancellationToken);
        var active = new OrchestrationQuery
        {
            InstanceIdPrefix = input.IdPrefix,
            Statuses = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended],
        };
        var told = 0;
        await foreach (var other in client.GetAllInstancesAsync(active).WithCancellation(cancellationToken))
        {
            if (string.Equals(other.InstanceId, input.RunId, StringComparison.Ordinal)
                || !string.Equals(other.Name, input.Orchestrator, StringComparison.OrdinalIgnoreCase)
                || (self is not null && (other.CreatedAt, other.InstanceId).CompareTo((self.CreatedAt, self.InstanceId)) > 0))
            {
                continue;
            }

            await client.RaiseEventAsync(other.InstanceId, input.EventName, input.Payload, cancellationToken);
            told++;
        }

        return told;
    }
}
