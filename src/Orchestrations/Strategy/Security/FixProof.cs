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
    /// <param name="cleared">How many findings it says that it clears.</param>
    /// <param name="left">Of the findings that it is for, those that stand all the same.</param>
    /// <param name="before">Of what the fix is for.</param>
    /// <param name="built">Of the fix.</param>
    /// <param name="scanned">Of the fix, against what it is for.</param>
    /// <returns>Why it does not hold, a sentence; nothing where it does.</returns>
    public static string? FindFlaw(int cleared, IReadOnlyList<Finding> left, Assessment before, CiResult built, VulnerabilityScanResult scanned)
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

        if (after.Counts.Fixed < cleared)
        {
            return string.Create(CultureInfo.InvariantCulture, $"It clears {after.Counts.Fixed} of {cleared} findings.");
        }

        if (left.Count > 0)
        {
            return $"It does not clear {left[0].Title} ({left[0].Location.Path}).";
        }

        return UncheckedIn(after).Except(UncheckedIn(before), StringComparer.Ordinal).FirstOrDefault() is { } tool ? $"{tool} scanned the change and did not scan the fix." : null;
    }

    private static IEnumerable<string> UncheckedIn(Assessment assessment) =>
        assessment.Scanners.Where(static scanner => scanner.Outcome == ScanOutcome.NotChecked).Select(static scanner => scanner.Tool);
}
