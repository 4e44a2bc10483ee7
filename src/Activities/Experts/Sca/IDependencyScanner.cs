using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Security;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <summary>Whoever has a word on dependencies beside the advisories. It is asked only where the settings want it.</summary>
public interface IDependencyScanner
{
    /// <summary>Whether the settings ask for it. One that they do not ask for is neither run nor missed.</summary>
    bool IsEnabled { get; }

    /// <param name="head">What the head depends on.</param>
    /// <param name="base">What the base depends on; null where the request has none.</param>
    /// <returns>A report for each; one that could not be had is <see cref="ScanOutcome.NotChecked"/> with the reason, and nothing of that is thrown.</returns>
    Task<(ScanReport Head, ScanReport? Base)> ScanAsync(ScaRequest request, DependencyReport head, DependencyReport? @base, CancellationToken cancellationToken);
}
