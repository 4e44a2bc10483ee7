namespace Microsoft.DurableTask;

/// <summary>
/// A declarative retry: attempt n+1 starts <c>first interval × coefficient^(n-1)</c>, at most the maximum interval, after attempt n failed.
/// The waits are durable timers.
/// </summary>
public class RetryPolicy
{
    /// <param name="maxNumberOfAttempts">All attempts, the first included; at least 1.</param>
    /// <param name="firstRetryInterval">Wait before the second attempt; more than zero.</param>
    /// <param name="backoffCoefficient">At least 1.</param>
    /// <param name="maxRetryInterval">Longest wait; one hour unless given.</param>
    /// <param name="retryTimeout">No new attempt starts later than this after the first one; unlimited unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside of its range.</exception>
    public RetryPolicy(
        int maxNumberOfAttempts,
        TimeSpan firstRetryInterval,
        double backoffCoefficient = 1.0,
        TimeSpan? maxRetryInterval = null,
        TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffCoefficient, 1.0);
        RequireAtLeast(firstRetryInterval, maxRetryInterval, nameof(maxRetryInterval));
        RequireAtLeast(firstRetryInterval, retryTimeout, nameof(retryTimeout));

        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
    }

    public int MaxNumberOfAttempts { get; }

    public TimeSpan FirstRetryInterval { get; }

    public double BackoffCoefficient { get; }

    public TimeSpan MaxRetryInterval { get; }

    public TimeSpan RetryTimeout { get; }

    /// <summary>
    /// Whether a failure is worth another attempt; every failure is, unless set. Must be deterministic. If it throws, there is no further attempt.
    /// </summary>
    public Func<TaskFailureDetails, bool> HandleFailure
    {
        init => ShouldHandle = value;
    }

    internal Func<TaskFailureDetails, bool> ShouldHandle { get; private init; } = static _ => true;

    /// <param name="failures">Attempts that have failed, from 1; fewer than there may be.</param>
    /// <param name="elapsed">Time since the first attempt started.</param>
    /// <returns>How long to wait before the next attempt; null for no further one.</returns>
    internal TimeSpan? DelayAfter(int failures, TimeSpan elapsed, TaskFailureDetails failure)
    {
        if (!Handles(failure) || (RetryTimeout != Timeout.InfiniteTimeSpan && elapsed >= RetryTimeout))
        {
            return null;
        }

        var longest = MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : MaxRetryInterval;
        var milliseconds = FirstRetryInterval.TotalMilliseconds * Math.Pow(BackoffCoefficient, failures - 1);
        return milliseconds < longest.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : longest;
    }

    private bool Handles(TaskFailureDetails failure)
    {
        try
        {
            return ShouldHandle(failure);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return false;
        }
    }

    private static void RequireAtLeast(TimeSpan firstRetryInterval, TimeSpan? value, string name)
    {
        if (value < firstRetryInterval && value != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(name, value, $"The value for {name} must be at least the first retry interval, {firstRetryInterval}.");
        }
    }
}
