namespace AtomicDevOps.EngineLoad;

/// <summary>A goal of the table, and how the run's medians stand to it.</summary>
/// <param name="Measured">With its unit.</param>
internal sealed record Goal(string Workload, string Bound, string Measured, bool IsMet)
{
    public override string ToString() => $"{(IsMet ? "met   " : "missed")} {Workload,-9} {Bound,-58} {Measured}";
}

internal static class Goals
{
    /// <summary>The goals of what was run, those in disk commits by the disk's own median.</summary>
    public static IEnumerable<Goal> Of(Report report)
    {
        var disk = report.Median(DiskCommits.Workload)?.PerSecond ?? throw new InvalidOperationException("The disk was not measured.");
        var commitMs = 1_000 / disk;
        if (report.Median("W1") is { PerSecond: { } chains })
        {
            yield return AtLeast("W1", 2_000, chains, "orchestrations/s", "");
        }

        if (report.Median("W2") is { ActivitiesPerSecond: { } parallel })
        {
            yield return AtLeast("W2", 8_000, parallel, "activities/s", "");
        }

        if (report.Median("W3") is { P50Ms: { } p50, P99Ms: { } p99 })
        {
            yield return Below("W3 p50", 4 * commitMs, p50, "ms", "4 disk commits");
            yield return Below("W3 p99", 12 * commitMs, p99, "ms", "12 disk commits");
        }

        if (report.Median("W4-1000") is { ActivitiesPerSecond: { } shorter } && report.Median("W4-10000") is { ActivitiesPerSecond: { } longer })
        {
            yield return AtLeast("W4-1000", 0.6 * disk, shorter, "activities/s", "0.6 × disk commits");
            yield return AtLeast("W4-10000", 0.9 * shorter, longer, "activities/s", "within 10 % of W4-1000");
        }

        if (report.Median("W5") is { } killed)
        {
            yield return Below("W5", 1, killed.Seconds, "s", "0 lost, 0 duplicated") with { IsMet = killed.Seconds < 1 && killed.Failed == 0 };
        }

        if (report.Median("W6") is { } waiting && report.MedianMemory() is { } memory)
        {
            yield return Below("W6", 2, waiting.Seconds, "s", "until ready");
            yield return Below("W6", 400, memory.ResidentMb, "MB", "resident when ready");
        }

        if (report.Median("W7-real") is { } idle)
        {
            yield return Below("W7-real", 0.5, 100 * idle.CpuSeconds / idle.Seconds, "% of a core", "");
        }
    }

    private static Goal AtLeast(string workload, double bound, double measured, string unit, string why)
        => new(workload, Text("≥", bound, unit, why), Text(measured, unit), measured >= bound);

    private static Goal Below(string workload, double bound, double measured, string unit, string why)
        => new(workload, Text("<", bound, unit, why), Text(measured, unit), measured < bound);

    private static string Text(string relation, double bound, string unit, string why)
        => $"{relation} {Text(bound, unit)}{(why.Length > 0 ? $" ({why})" : "")}";

    private static string Text(double value, string unit) => FormattableString.Invariant($"{Statistics.Rounded(value):#,0.####} {unit}");
}
