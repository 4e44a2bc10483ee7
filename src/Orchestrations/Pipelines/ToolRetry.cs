using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Primitives.Retry;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>How long orchestrations wait for a tool that is away. The waits are durable timers, so a restart does not begin them anew.</summary>
internal static class ToolRetry
{
    private static readonly RetryOptions Options = new()
    {
        MaxAttempts = 100,
        Delay = TimeSpan.FromSeconds(1),
        MaxDelay = TimeSpan.FromSeconds(30),
        Budget = TimeSpan.FromMinutes(20),
        ShouldHandle = failure => failure.IsCausedBy<ToolUnavailableException>(),
    };

    /// <summary>
    /// Tries again as long as the tool is only unavailable; every other failure is final. Cancellation ends the waiting, but a call that runs is
    /// waited for, so that nothing goes on unseen.
    /// </summary>
    public static WorkflowPrimitive<TIn, TOut> WaitingForTool<TIn, TOut>(this WorkflowPrimitive<TIn, TOut> call) =>
        WorkflowFunction.Of<TIn, TOut>((input, context) => call.ExecuteAsync(input, context.WithCancellation(CancellationToken.None)))
            .WithRetry(Options);
}
