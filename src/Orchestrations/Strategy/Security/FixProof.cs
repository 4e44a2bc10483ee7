using System.Globalization;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Orchestrations.Domains.CiPipeline;
using AtomicDevOps.Orchestrations.Domains.Vulnerability;
using AtomicDevOps.Orchestrations.Pipelines;

namespace AtomicDevOps.Orchestrations.Strategy.Security;

/// <summary>A fix is proved where it builds, passes the tests, clears what it says, adds nothing, and was looked at by every tool that found what it fixes.</summary>
internal static class FixProof
{
    /// <param name="before">Of what the fix is for.</param>
    /// <param name="built">Of the fix.</param>
    /// <param name="scanned">Of the fix, against what it is for.</param>
    /// <returns>Why it does not hold, a sentence; nothing where it does.</returns>
    public static string? FindFlaw(FixCandidate candidate, Assessment before, CiResult built, VulnerabilityScanResult scanned)
    {
        if (built.Verdict != PipelineVerdict.Passed)
        {
            return built.Summary;
        }

        if (scanned.Assessment is not { } after)
        {
            return scanned.Stage.Summary ?? "It could not be scanned.";
        }

        if (after.Outcome == SecurityGateOutcome.Failed || after.Counts.Added > 0)
        {
            return "It adds findings.";
        }

        if (after.Counts.Fixed < candidate.Fingerprints.Count)
        {
            return string.Create(CultureInfo.InvariantCulture, $"It clears {after.Counts.Fixed} of {candidate.Fingerprints.Count} findings.");
        }

        return CountUnchecked(after) > CountUnchecked(before) ? "Not every tool that scanned the change scanned the fix." : null;
    }

    private static int CountUnchecked(Assessment assessment) => assessment.Scanners.Count(static scanner => scanner.Outcome == ScanOutcome.NotChecked);
}
