using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <param name="RunId">The run that asks; the reports belong to it and go with it.</param>
/// <param name="Head">The tree whose dependencies are judged.</param>
public sealed record ScaRequest(string RunId, WorkspaceReference Head)
{
    /// <summary>The tree that the change builds on, where what it adds is to be told from what was there.</summary>
    public WorkspaceReference? Base { get; init; }

    /// <summary>Whose tree it is, for the inventory to say so.</summary>
    public RepositoryName? Repository { get; init; }

    /// <summary>Whether dependencies can have changed; where they cannot, nothing is read and the outcome is <see cref="Security.ScanOutcome.NotApplicable"/>.</summary>
    public bool IsNeeded { get; init; } = true;
}

/// <param name="Inventory">The key of a CycloneDX document that is kept with a ledger.</param>
/// <param name="Known">The ids of advisories, their own or other databases', that need no telling: those of findings that stand, and of those that somebody answers for.</param>
public sealed record NewAdvisoryRequest(string Inventory, IReadOnlyList<string> Known);

/// <summary>The advisories about what an inventory has that were not known.</summary>
/// <param name="Outcome">Only <see cref="ScanOutcome.Checked"/> and <see cref="ScanOutcome.NotApplicable"/> without advisories mean that there are none.</param>
/// <param name="Advisories">The most urgent first, at most <see cref="MostAdvisories"/>.</param>
/// <param name="Total">How many there are.</param>
public sealed record NewAdvisoryResult(ScanOutcome Outcome, IReadOnlyList<NewAdvisory> Advisories, int Total)
{
    public const int MostAdvisories = 100;

    /// <summary>Why not all was checked: a sentence for people.</summary>
    public string? Reason { get; init; }
}

/// <param name="Id">The advisory's.</param>
/// <param name="Ecosystem">As OSV names it.</param>
/// <param name="Version">The one that the inventory has.</param>
public sealed record NewAdvisory(string Id, string Ecosystem, string Package, string Version, FindingSeverity Severity)
{
    /// <summary>Other databases' ids of the same advisory.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Whether it is known to be exploited in the wild.</summary>
    public bool KnownExploited { get; init; }
}
