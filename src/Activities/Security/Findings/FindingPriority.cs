namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>The order in which people should read findings: known to be exploited, then reachable, then severity, then score, then by place.</summary>
public static class FindingPriority
{
    /// <summary>Path, line, column, then all else that a finding says, so that only equal ones tie.</summary>
    internal static IComparer<Finding> ByPlace { get; } = Comparer<Finding>.Create(ComparePlaces);

    /// <summary>The most urgent first. Whether it is reachable counts as yes, then unknown, then no; an unknown severity as <see cref="FindingSeverity.High"/>.</summary>
    public static IComparer<Finding> Comparer { get; } = Comparer<Finding>.Create(Compare);

    public static IReadOnlyList<Finding> Order(IEnumerable<Finding> findings) => [.. findings.Order(Comparer)];

    private static int Compare(Finding one, Finding other)
    {
        ReadOnlySpan<int> steps =
        [
            other.KnownExploited.CompareTo(one.KnownExploited),
            Reach(other).CompareTo(Reach(one)),
            SecurityGate.Weigh(other.Severity).CompareTo(SecurityGate.Weigh(one.Severity)),
            (other.Score ?? -1).CompareTo(one.Score ?? -1),
        ];
        return First(steps) is not 0 and var step ? step : ComparePlaces(one, other);
    }

    private static int ComparePlaces(Finding one, Finding other)
    {
        ReadOnlySpan<int> steps =
        [
            string.CompareOrdinal(one.Location.Path, other.Location.Path),
            one.Location.StartLine.CompareTo(other.Location.StartLine),
            (one.Location.StartColumn ?? 0).CompareTo(other.Location.StartColumn ?? 0),
            (one.Location.EndLine ?? one.Location.StartLine).CompareTo(other.Location.EndLine ?? other.Location.StartLine),
            (one.Location.EndColumn ?? 0).CompareTo(other.Location.EndColumn ?? 0),
            one.Kind.CompareTo(other.Kind),
            string.CompareOrdinal(one.Package?.Name, other.Package?.Name),
            string.CompareOrdinal(one.Package?.Version, other.Package?.Version),
            string.CompareOrdinal(one.Package?.Advisory, other.Package?.Advisory),
            string.CompareOrdinal(one.Title, other.Title),
            string.CompareOrdinal(one.Message, other.Message),
            other.Severity.CompareTo(one.Severity),
            (other.Score ?? -1).CompareTo(one.Score ?? -1),
            string.CompareOrdinal(one.Vector, other.Vector),
            string.CompareOrdinal(one.Location.LineDigest, other.Location.LineDigest),
            string.CompareOrdinal(one.Fingerprint, other.Fingerprint),
        ];
        return First(steps) is not 0 and var step ? step : string.CompareOrdinal(Words(one), Words(other));
    }

    private static int First(ReadOnlySpan<int> steps) => steps.IndexOfAnyExcept(0) is >= 0 and var index ? steps[index] : 0;

    private static int Reach(Finding finding) => finding.Reachable switch { true => 2, null => 1, false => 0 };

    private static string Words(Finding finding) => string.Join('\n', [.. finding.Weaknesses, .. finding.Evidence.Select(evidence => evidence.ToString())]);
}
