using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>Decides whether a change may land. Secrets and what is known to be exploited always block.</summary>
public sealed record SecurityGate
{
    /// <summary>From here on findings block. <see cref="FindingSeverity.Unknown"/> counts as <see cref="FindingSeverity.High"/>, here and in a finding.</summary>
    public FindingSeverity Threshold { get; init; } = FindingSeverity.High;

    /// <summary>What becomes of a change that a tool did not look at, or not to the end.</summary>
    public NotCheckedPolicy NotChecked { get; init; } = NotCheckedPolicy.Warn;

    /// <param name="added">What the change adds, without what is suppressed.</param>
    /// <param name="reports">Of each tool that was asked.</param>
    public SecurityGateResult Evaluate(IReadOnlyList<Finding> added, IReadOnlyList<ScanReport> reports)
    {
        var blocking = FindingPriority.Order(added.Where(Blocks));
        var incomplete = reports.Where(report => report.Outcome is ScanOutcome.NotChecked or ScanOutcome.PartlyChecked)
            .OrderBy(report => report.Tool, StringComparer.Ordinal)
            .ThenBy(report => report.Reason, StringComparer.Ordinal)
            .ToArray();
        var outcome = blocking.Count > 0 || (incomplete.Length > 0 && NotChecked == NotCheckedPolicy.Fail) || (reports.Count == 0 && NotChecked == NotCheckedPolicy.Fail)
            ? SecurityGateOutcome.Failed
            : incomplete.Length > 0 || reports.Count == 0 ? SecurityGateOutcome.NotChecked : SecurityGateOutcome.Passed;
        return new SecurityGateResult(outcome, blocking)
        {
            Reasons =
            [
                .. blocking.Select(finding => $"{finding.Title} ({finding.Location.Path}:{finding.Location.StartLine}): {Why(finding)}."),
                .. incomplete.Select(report => $"{report.Tool} {(report.Outcome == ScanOutcome.NotChecked ? "did not check" : "checked only a part")}: {report.Reason ?? "it gave no reason."}"),
                .. reports.Count == 0 ? (string[])["No tool looked at the change."] : [],
            ],
        };
    }

    internal static FindingSeverity Weigh(FindingSeverity severity) => severity == FindingSeverity.Unknown ? FindingSeverity.High : severity;

    private bool Blocks(Finding finding) => finding.Kind == FindingKind.Secret || finding.KnownExploited || Weigh(finding.Severity) >= Weigh(Threshold);

    private string Why(Finding finding) => finding switch
    {
        { Kind: FindingKind.Secret } => "a secret in the repository always blocks",
        { KnownExploited: true } => "it is known to be exploited, which always blocks",
        { Severity: FindingSeverity.Unknown } => $"its severity is unknown, which counts as high, and {Name(Threshold)} or worse blocks",
        _ => $"its severity is {Name(finding.Severity)}, and {Name(Threshold)} or worse blocks",
    };

    private static string Name(FindingSeverity severity) => Weigh(severity) switch
    {
        FindingSeverity.Critical => "critical",
        FindingSeverity.High => "high",
        FindingSeverity.Medium => "medium",
        FindingSeverity.Low => "low",
        _ => "none",
    };
}

[JsonConverter(typeof(JsonStringEnumConverter<NotCheckedPolicy>))]
public enum NotCheckedPolicy
{
    /// <summary>It may land; the gate says that it was not checked.</summary>
    Warn,

    /// <summary>It is held back.</summary>
    Fail,
}

/// <param name="Blocking">The findings that hold the change back, the most urgent first.</param>
public sealed record SecurityGateResult(SecurityGateOutcome Outcome, IReadOnlyList<Finding> Blocking)
{
    /// <summary>A sentence each, for people.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];
}

[JsonConverter(typeof(JsonStringEnumConverter<SecurityGateOutcome>))]
public enum SecurityGateOutcome
{
    /// <summary>Every tool looked at all that it was asked to, and nothing blocks.</summary>
    Passed,
    Failed,

    /// <summary>Nothing blocks, but a tool did not look, or not to the end.</summary>
    NotChecked,
}
