using AtomicDevOps.Primitives.Workflow;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>What a run leaves behind costs space, not correctness: failing to remove it must not turn a verdict into an error.</summary>
internal static class RunRemoval
{
    /// <param name="agent">Who removes, for the log.</param>
    /// <returns>Whether it was removed; that it was not is in the log.</returns>
    public static async Task<bool> TryAsync(Task removal, string agent, string runId, OrchestrationWorkflowContext context)
    {
        try
        {
            await removal;
            return true;
        }
        catch (TaskFailedException exception)
        {
            context.CreateLogger(agent).LogWarning("Something of {Run} could not be removed: {Failure}", runId, Failure.From(exception));
            return false;
        }
    }
}
