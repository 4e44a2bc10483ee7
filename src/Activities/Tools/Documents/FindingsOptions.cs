using AtomicDevOps.Activities.Security.Ledger;

namespace AtomicDevOps.Activities.Tools.Documents;

/// <summary>Configuration section <c>Findings</c>.</summary>
public sealed class FindingsOptions : StoreOptions
{
    /// <summary>How long people have to fix what was found.</summary>
    public FindingDeadlines Deadlines { get; init; } = new();

    private protected override string DefaultDirectory => Path.Combine(".data", "findings");
}
