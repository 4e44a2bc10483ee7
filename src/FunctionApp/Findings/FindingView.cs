using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Ledger;

namespace AtomicDevOps.FunctionApp.Findings;

/// <summary>A finding as the API shows it.</summary>
internal sealed record FindingView
{
    public required string Fingerprint { get; init; }

    public required string Repository { get; init; }

    public required string Reference { get; init; }

    public int? PullRequest { get; init; }

    public required FindingState State { get; init; }

    public required FindingKind Kind { get; init; }

    public required FindingSeverity Severity { get; init; }

    public double? Score { get; init; }

    public string? Vector { get; init; }

    public required string Title { get; init; }

    public required string Message { get; init; }

    public required string Path { get; init; }

    public required int StartLine { get; init; }

    public int? EndLine { get; init; }

    public required IReadOnlyList<string> Weaknesses { get; init; }

    public VulnerablePackage? Package { get; init; }

    public required bool KnownExploited { get; init; }

    public bool? Reachable { get; init; }

    public required IReadOnlyList<FindingEvidence> Evidence { get; init; }

    public FindingSuppression? Suppression { get; init; }

    public required DateTimeOffset FirstSeen { get; init; }

    public required DateTimeOffset LastSeen { get; init; }

    public DateTimeOffset? Due { get; init; }

    public required bool Overdue { get; init; }

    public DateTimeOffset? FixedAt { get; init; }

    /// <summary>From first seen to fixed.</summary>
    public TimeSpan? TimeToPatch { get; init; }

    public static FindingView Of(FindingLedger ledger, LedgerEntry entry, DateTimeOffset now) => new()
    {
        Fingerprint = entry.Finding.Fingerprint,
        Repository = ledger.Repository.ToString(),
        Reference = ledger.Reference,
        PullRequest = ledger.PullRequest,
        State = entry.State,
        Kind = entry.Finding.Kind,
        Severity = entry.Finding.Severity,
        Score = entry.Finding.Score,
        Vector = entry.Finding.Vector,
        Title = entry.Finding.Title,
        Message = entry.Finding.Message,
        Path = entry.Finding.Location.Path,
        StartLine = entry.Finding.Location.StartLine,
        EndLine = entry.Finding.Location.EndLine,
        Weaknesses = entry.Finding.Weaknesses,
        Package = entry.Finding.Package,
        KnownExploited = entry.Finding.KnownExploited,
        Reachable = entry.Finding.Reachable,
        Evidence = entry.Finding.Evidence,
        Suppression = entry.Suppression,
        FirstSeen = entry.FirstSeen,
        LastSeen = entry.LastSeen,
        Due = entry.Due,
        Overdue = entry.IsOverdue(now),
        FixedAt = entry.FixedAt,
        TimeToPatch = entry.TimeToPatch,
    };
}

/// <summary>The newest scan of a branch or pull request: what it did not check is not known to be clean.</summary>
internal sealed record ScanView(string Repository, string Reference, string CommitSha, DateTimeOffset ScannedAt, IReadOnlyList<ScannerState> Scanners, int LeftOut)
{
    public static ScanView? Of(FindingLedger ledger) => ledger.Latest is { } latest
        ? new ScanView(ledger.Repository.ToString(), ledger.Reference, latest.CommitSha, latest.At, latest.Scanners, ledger.LeftOut)
        : null;
}

/// <param name="Total">How many there are on all pages.</param>
/// <param name="Scans">Of what was asked about, the newest first; empty means that nothing was ever scanned, which is no all-clear.</param>
/// <param name="Next">What «after» of the next page is; null on the last one.</param>
internal sealed record FindingPage(IReadOnlyList<FindingView> Findings, int Total, IReadOnlyList<ScanView> Scans, string? Next)
{
    private const int MostScans = 100;

    public static FindingPage Of(IReadOnlyList<FindingLedger> ledgers, FindingFilter filter, DateTimeOffset now)
    {
        var all = ledgers
            .SelectMany(static ledger => ledger.Entries, static (ledger, entry) => (Ledger: ledger, Entry: entry))
            .Where(each => filter.Takes(each.Entry, now))
            .OrderBy(static each => each.Entry.Finding, FindingPriority.Comparer)
            .ThenBy(static each => each.Ledger.Repository.ToString(), StringComparer.OrdinalIgnoreCase)
            .ThenBy(static each => each.Ledger.Reference, StringComparer.Ordinal)
            .ToArray();
        var start = 0;
        if (filter.After is { } after)
        {
            // Where the page's last finding went meanwhile, the one after it took its place.
            var found = Array.FindIndex(all, each => string.Equals(IdentityOf(each.Ledger, each.Entry), after.Identity, StringComparison.Ordinal));
            start = found >= 0 ? found + 1 : Math.Min(after.Index, all.Length);
        }

        var page = all.Skip(start).Take(filter.Limit).ToArray();
        var end = start + page.Length;
        return new FindingPage(
            [.. page.Select(each => FindingView.Of(each.Ledger, each.Entry, now))],
            all.Length,
            [.. ledgers.Select(ScanView.Of).OfType<ScanView>().OrderByDescending(static scan => scan.ScannedAt).ThenBy(static scan => scan.Reference, StringComparer.Ordinal).Take(MostScans)],
            end < all.Length ? new FindingCursor(end - 1, IdentityOf(all[end - 1].Ledger, all[end - 1].Entry)).ToString() : null);
    }

    private static string IdentityOf(FindingLedger ledger, LedgerEntry entry) => $"{entry.Finding.Fingerprint} {ledger.Repository} {ledger.Reference}";
}
