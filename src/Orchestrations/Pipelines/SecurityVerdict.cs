using AtomicDevOps.Activities.Platform;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>What security has to say of a change: payload of <see cref="PipelineEvents.SecurityVerdict"/>.</summary>
/// <param name="Stage">Passed, failed, or errored where nothing is known about the change.</param>
public sealed record SecurityVerdict(StageStatus Stage)
{
    /// <summary>The most urgent findings that the change adds.</summary>
    public IReadOnlyList<FindingSummary> Findings { get; init; } = [];

    public FindingCounts? Counts { get; init; }
}
