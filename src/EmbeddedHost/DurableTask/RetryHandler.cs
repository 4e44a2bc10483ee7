namespace Microsoft.DurableTask;

/// <summary>Decides after a failure whether to try again at once. Runs in the orchestrator, so it must be deterministic.</summary>
public delegate bool RetryHandler(RetryContext retryContext);

/// <inheritdoc cref="RetryHandler"/>
public delegate Task<bool> AsyncRetryHandler(RetryContext retryContext);

/// <summary>What a retry handler decides on.</summary>
/// <param name="LastAttemptNumber">How many attempts have failed, from 1.</param>
/// <param name="TotalRetryTime">Time in the orchestration's clock since the first attempt started.</param>
public record RetryContext(
    TaskOrchestrationContext OrchestrationContext,
    int LastAttemptNumber,
    TaskFailureDetails LastFailure,
    TimeSpan TotalRetryTime,
    CancellationToken CancellationToken);
