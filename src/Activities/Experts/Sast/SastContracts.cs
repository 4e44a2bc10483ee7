using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Experts.Sast;

/// <param name="RunId">The run that asks; the reports belong to it and go with it.</param>
/// <param name="Head">The tree to scan.</param>
public sealed record SastRequest(string RunId, WorkspaceReference Head)
{
    /// <summary>The tree that the change builds on, where what it adds is to be told from what was there.</summary>
    public WorkspaceReference? Base { get; init; }

    /// <summary>The files to look at, before and after; null for all.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>The names of scanners that are switched off; they are neither asked nor missed.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];
}

/// <summary>What scanners said. The reports are in the store, as they can be large.</summary>
/// <param name="Head">A list of <see cref="ScanReport"/> in JSON.</param>
/// <param name="Base">The same for the tree that the change builds on; null where there was none to scan.</param>
/// <param name="Scanners">How each scanner fared on the head.</param>
public sealed record ScanResult(StoredArtifact Head, StoredArtifact? Base, IReadOnlyList<ScannerOutcome> Scanners)
{
    /// <summary>What the head depends on, as a CycloneDX document in JSON; null where that was not looked at.</summary>
    public StoredArtifact? Inventory { get; init; }
}

/// <param name="Tool">For people.</param>
/// <param name="Findings">How many it found, before repeats are told apart.</param>
public sealed record ScannerOutcome(string Tool, ScanOutcome Outcome, int Findings)
{
    public string? Reason { get; init; }

    /// <summary>Whether the answer was known from an earlier scan of the same content.</summary>
    public bool Cached { get; init; }

    internal static ScannerOutcome Of(ScanReport report) => new(report.Tool, report.Outcome, report.Findings.Count) { Reason = report.Reason };
}
