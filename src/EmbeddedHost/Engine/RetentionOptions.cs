namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>How long finished instances are kept after their end, by status; null for as long as nobody purges them.</summary>
public sealed record RetentionOptions
{
    public TimeSpan? Completed { get; init; }

    public TimeSpan? Failed { get; init; }

    public TimeSpan? Terminated { get; init; }
}
