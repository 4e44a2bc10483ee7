namespace AtomicDevOps.Primitives.CircuitBreaker;

/// <summary>The work was not begun, because it has kept failing.</summary>
public sealed class CircuitOpenException : Exception
{
    internal CircuitOpenException(TimeSpan? retryAfter, Exception innerException)
        : base(
            retryAfter is { } wait ? $"The circuit is open, because the work has kept failing. Try again in {wait}." : "The circuit is open: another call is trying whether the work succeeds again.",
            innerException)
    {
        RetryAfter = retryAfter;
    }

    /// <summary>When one call may try again; null while one is trying.</summary>
    public TimeSpan? RetryAfter { get; }
}
