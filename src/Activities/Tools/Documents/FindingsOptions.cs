using AtomicDevOps.Activities.Security.Ledger;

namespace AtomicDevOps.Activities.Tools.Documents;

/// <summary>Configuration section <c>Findings</c>.</summary>
public sealed class FindingsOptions : StoreOptions
{
    /// <summary>How long people have to fix what was found.</summary>
    public FindingDeadlines Deadlines { get; init; } = new();

    /// <summary>How long after a branch was last looked at the platform looks again by itself.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromDays(1);

    private protected override string DefaultDirectory => Path.Combine(".data", "findings");
}
