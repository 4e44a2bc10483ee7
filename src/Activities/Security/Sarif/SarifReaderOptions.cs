namespace AtomicDevOps.Activities.Security.Sarif;

public sealed record SarifReaderOptions
{
    /// <summary>What the findings are where the log does not tell secrets and infrastructure apart by its rules' tags.</summary>
    public FindingKind Kind { get; init; } = FindingKind.Code;

    /// <summary>The tool's name for people; null for what the log calls it.</summary>
    public string? Tool { get; init; }

    /// <summary>
    /// Absolute directories that are the repository's root, as the tool may have seen them. Without any, a path counts from the log's own base, and absolute
    /// ones from nowhere.
    /// </summary>
    public IReadOnlyList<string> Roots { get; init; } = [];

    /// <summary>Whether a result that is suppressed where the tool ran is a finding all the same; else it is counted and left out.</summary>
    public bool CountsSuppressed { get; init; }

    public long MostBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>Of all runs; results past it are counted and left out.</summary>
    public int MostResults { get; init; } = 100_000;

    public int MostRuns { get; init; } = 100;

    /// <summary>Of all runs; rules past it are unknown.</summary>
    public int MostRules { get; init; } = 100_000;

    /// <summary>Of a message; what is longer is cut.</summary>
    public int MostMessageCharacters { get; init; } = 4_000;

    /// <summary>Of everything that is kept at once; results past it are counted and left out.</summary>
    public int MostCharacters { get; init; } = 64 * 1024 * 1024;

    /// <summary>Of objects and lists in each other.</summary>
    public int MostLevels { get; init; } = 64;
}
