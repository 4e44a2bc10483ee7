namespace AtomicDevOps.Primitives.Parallel;

/// <summary>How wide a fan-out may be.</summary>
public sealed record FanOutOptions
{
    /// <summary>How many branches run at once, at least 1; unlimited where null.</summary>
    public int? MaxConcurrency
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(MaxConcurrency)} is how many branches run at once: at least 1, or null for no limit.");
    }
}
