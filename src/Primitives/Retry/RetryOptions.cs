using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Retry;

/// <summary>When to try again, how often and after how long.</summary>
public sealed record RetryOptions
{
    /// <summary>How often to try in all, the first time included; at least 1.</summary>
    public int MaxAttempts
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 3;

    public RetryBackoff Backoff
    {
        get;
        init => field = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"Use one of {string.Join(", ", Enum.GetNames<RetryBackoff>())}.");
    } = RetryBackoff.Exponential;

    /// <summary>The wait before the second attempt; not negative.</summary>
    public TimeSpan Delay
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromSeconds(2);

    /// <summary>No wait is longer than this, however far the backoff has grown; not negative.</summary>
    public TimeSpan MaxDelay
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromMinutes(5);

    /// <summary>Whether each wait is drawn evenly from its upper half, so that those who failed together do not come back together.</summary>
    public bool UseJitter { get; init; } = true;

    /// <summary>No attempt is begun later than this after the first one; positive, or null for no limit.</summary>
    public TimeSpan? Budget
    {
        get;
        init => field = value is null or { Ticks: > 0 }
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(Budget)} is how long attempts may go on: a positive time, or null for no limit.");
    }

    /// <summary>Which failures are worth another attempt; all of them unless set. Cancellation never is.</summary>
    public Func<Failure, bool> ShouldHandle
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = static _ => true;

    /// <summary>How long to wait after an attempt has failed.</summary>
    /// <param name="attempt">Which attempt it was, from 1.</param>
    /// <param name="jitter">A number in [0, 1) where <see cref="UseJitter"/> is set.</param>
    internal TimeSpan DelayAfter(int attempt, double? jitter)
    {
        var factor = Backoff switch
        {
            RetryBackoff.Constant => 1,
            RetryBackoff.Linear => attempt,
            _ => Math.Pow(2, attempt - 1),
        };
        var delay = Math.Min(Delay.TotalSeconds * factor, MaxDelay.TotalSeconds);
        return TimeSpan.FromSeconds(jitter is { } share ? delay * (0.5 + (share / 2)) : delay);
    }
}

/// <summary>How the wait grows from one attempt to the next.</summary>
public enum RetryBackoff
{
    /// <summary>Always <see cref="RetryOptions.Delay"/>.</summary>
    Constant,

    /// <summary>One more <see cref="RetryOptions.Delay"/> each time.</summary>
    Linear,

    /// <summary>Twice as long each time.</summary>
    Exponential,
}
