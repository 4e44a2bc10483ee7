using AtomicDevOps.Activities.Security;

namespace AtomicDevOps.Activities.Tools.CodeScanning;

internal static class ScanReports
{
    /// <summary>Makes one report of what a tool said of the parts of a tree.</summary>
    /// <param name="parts">Each with the name that its reason begins with, or none.</param>
    public static ScanReport Join(string tool, IReadOnlyList<(string Part, ScanReport Report)> parts)
    {
        var reasons = parts.Where(static each => each.Report.Reason is not null)
            .Select(static each => each.Part.Length == 0 ? each.Report.Reason! : $"{each.Part}: {each.Report.Reason}")
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        return new ScanReport(tool, OutcomeOf([.. parts.Select(static each => each.Report.Outcome).Where(static outcome => outcome != ScanOutcome.NotApplicable)]))
        {
            ToolVersion = parts.Select(static each => each.Report.ToolVersion).FirstOrDefault(static version => version is not null),
            Reason = reasons.Length == 0 ? null : string.Join(' ', reasons),
            Findings = [.. parts.SelectMany(static each => each.Report.Findings)],
        };
    }

    private static ScanOutcome OutcomeOf(ScanOutcome[] outcomes) =>
        outcomes.Length == 0 ? ScanOutcome.NotApplicable
        : outcomes.All(static outcome => outcome == ScanOutcome.Checked) ? ScanOutcome.Checked
        : outcomes.All(static outcome => outcome == ScanOutcome.NotChecked) ? ScanOutcome.NotChecked
        : ScanOutcome.PartlyChecked;
}
