namespace AtomicDevOps.Primitives.Cache;

/// <summary>What is kept, and for how long.</summary>
public sealed record CacheOptions<TIn>
{
    /// <summary>Reads off an input what tells its result from others: equal keys share one result.</summary>
    public required Func<TIn, string> Key { get; init; }

    /// <summary>How long a result is used after it was made; positive.</summary>
    public required TimeSpan TimeToLive
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    }

    /// <summary>How many results are kept; the oldest gives way. At least 1.</summary>
    public int Capacity
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 1024;
}
