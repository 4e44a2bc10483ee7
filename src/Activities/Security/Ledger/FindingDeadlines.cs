namespace AtomicDevOps.Activities.Security.Ledger;

/// <summary>How long people have to fix what was found, by its severity, from when it was first seen; each an hour to ten years.</summary>
public sealed record FindingDeadlines
{
    public TimeSpan Critical { get; init; } = TimeSpan.FromDays(7);

    public TimeSpan High { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Also for what no tool told the severity of.</summary>
    public TimeSpan Medium { get; init; } = TimeSpan.FromDays(90);

    public TimeSpan Low { get; init; } = TimeSpan.FromDays(180);

    internal static bool IsInRange(TimeSpan time) => time >= TimeSpan.FromHours(1) && time <= TimeSpan.FromDays(3_650);

    /// <returns>Null for what is no weakness at all.</returns>
    public TimeSpan? For(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Critical => Critical,
        FindingSeverity.High => High,
        FindingSeverity.Medium or FindingSeverity.Unknown => Medium,
        FindingSeverity.Low => Low,
        _ => null,
    };
}
