using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.CircuitBreaker;

/// <summary>When the circuit opens, and for how long.</summary>
public sealed record CircuitBreakerOptions
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(500);

    /// <summary>The share of failures in the sampling window at which the circuit opens; above 0, up to 1.</summary>
    public double FailureRatio
    {
        get;
        init => field = value is > 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(FailureRatio)} is a share: above 0, up to 1.");
    } = 0.5;

    /// <summary>Calls in the sampling window before the share counts; at least 2.</summary>
    public int MinimumThroughput
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 2);
            field = value;
        }
    } = 10;

    /// <summary>The sampling window; at least half a second.</summary>
    public TimeSpan SamplingDuration
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, Shortest);
            field = value;
        }
    } = TimeSpan.FromSeconds(30);

    /// <summary>How long the circuit stays open before one call may try again; at least half a second.</summary>
    public TimeSpan BreakDuration
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, Shortest);
            field = value;
        }
    } = TimeSpan.FromSeconds(15);

    /// <summary>Which failures count; all of them unless set. Cancellation never does.</summary>
    public Func<Failure, bool> ShouldHandle
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = static _ => true;
}
