namespace AtomicDevOps.Primitives.CircuitBreaker;

/// <summary>The work was not begun, because it has kept failing. The inner exception is Polly's.</summary>
public sealed class CircuitOpenException : Exception
{
    internal CircuitOpenException(TimeSpan? retryAfter, Exception innerException)
        : base($"The circuit is open, because the work has kept failing. Try again in {retryAfter}.", innerException)
    {
        RetryAfter = retryAfter;
    }

    /// <summary>How long the break lasts at most from now.</summary>
    public TimeSpan? RetryAfter { get; }
}
