using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.Activities.Security.Ledger;

/// <summary>All that the scanners found in one commit, as one list without repeats.</summary>
/// <param name="Added">What the base has not; all where there is no base.</param>
/// <param name="Unchanged">What the base has, too.</param>
public sealed record ScanRecord(IReadOnlyList<Finding> Added, IReadOnlyList<Finding> Unchanged)
{
    /// <summary>What the base has not and somebody answers for.</summary>
    public IReadOnlyList<SuppressedFinding> AddedSuppressed { get; init; } = [];

    public IReadOnlyList<SuppressedFinding> UnchangedSuppressed { get; init; } = [];

    public IReadOnlyList<ScannerState> Scanners { get; init; } = [];

    /// <summary>The same without anything that has the shape of a secret, whatever the tools let through.</summary>
    internal ScanRecord Redacted(SecretRedactor redactor)
    {
        return new ScanRecord([.. Added.Select(Clean)], [.. Unchanged.Select(Clean)])
        {
            AddedSuppressed = [.. AddedSuppressed.Select(CleanSuppressed)],
            UnchangedSuppressed = [.. UnchangedSuppressed.Select(CleanSuppressed)],
            Scanners = [.. Scanners.Select(scanner => scanner with { Reason = scanner.Reason is null ? null : redactor.Redact(scanner.Reason) })],
        };

        SuppressedFinding CleanSuppressed(SuppressedFinding suppressed) => suppressed with { Finding = Clean(suppressed.Finding) };

        Finding Clean(Finding finding) => finding with
        {
            Title = redactor.Redact(finding.Title),
            Message = redactor.Redact(finding.Message),
            Evidence = [.. finding.Evidence.Select(evidence => evidence with { Message = evidence.Message is null ? null : redactor.Redact(evidence.Message) })],
        };
    }
}
