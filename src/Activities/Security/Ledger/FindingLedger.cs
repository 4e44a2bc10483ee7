using System.Globalization;
using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Activities.Security.Ledger;

/// <summary>
/// What is known of the findings of a branch, or of those that a pull request adds: each with when it was first and last seen, and when it was fixed.
/// <para>
/// A finding is fixed at the first scan after it was last seen in which every tool that had found it looked again: one that did not run, or looked at less than
/// when it found it, tells nothing of what it did not see. One that comes back goes on with its first clock. The order in which scans are recorded changes
/// nothing as long as none is older than the <see cref="MostScans"/> that are kept.
/// </para>
/// </summary>
/// <param name="Reference"><c>refs/heads/main</c>, or <c>refs/pull/12</c>.</param>
public sealed record FindingLedger(RepositoryName Repository, string Reference)
{
    /// <summary>The most urgent of those that are not fixed.</summary>
    public const int MostOpen = 10_000;

    /// <summary>The last ones that were fixed.</summary>
    public const int MostFixed = 500;

    public const int MostScans = 100;

    internal const string BranchPrefix = "refs/heads/";

    private const string PullRequestPrefix = "refs/pull/";

    /// <summary>The newest first.</summary>
    public IReadOnlyList<LedgerScan> Scans { get; init; } = [];

    /// <summary>Those that are not fixed, the most urgent first, then those that are, the last one first.</summary>
    public IReadOnlyList<LedgerEntry> Entries { get; init; } = [];

    /// <summary>How many of the least urgent are left out.</summary>
    public int LeftOut { get; init; }

    /// <summary>The newest scan's SARIF log, by its document's key.</summary>
    public string? Sarif { get; init; }

    /// <summary>What the newest scan's commit depends on, by the key of a CycloneDX document; null where that scan did not look.</summary>
    public string? Inventory { get; init; }

    [JsonIgnore]
    public LedgerScan? Latest => Scans.Count == 0 ? null : Scans[0];

    /// <summary>The pull request whose ledger it is; null for a branch's.</summary>
    [JsonIgnore]
    public int? PullRequest => PullRequestOf(Reference);

    /// <summary>The branch whose ledger it is; null for a pull request's.</summary>
    [JsonIgnore]
    public string? Branch => Reference.StartsWith(BranchPrefix, StringComparison.Ordinal) ? Reference[BranchPrefix.Length..] : null;

    public static string ReferenceOf(int pullRequest) => string.Create(CultureInfo.InvariantCulture, $"{PullRequestPrefix}{pullRequest}");

    /// <summary>Whether ledgers are kept for it: <c>refs/heads/</c> with a branch's name, or <c>refs/pull/</c> with a pull request's number.</summary>
    public static bool IsReference(string reference) =>
        reference.Length <= 1_000
        && !reference.Any(char.IsControl)
        && (PullRequestOf(reference) is not null || (reference.StartsWith(BranchPrefix, StringComparison.Ordinal) && reference.Length > BranchPrefix.Length));

    /// <summary>Whether the scan would change nothing: it is recorded already, or older than all that is kept.</summary>
    public bool Holds(LedgerScan scan) => Scans.Any(scan.IsSame) || (Scans.Count >= MostScans && scan.At < Scans[^1].At);

    /// <param name="interval">How long a look lasts.</param>
    /// <returns>Why it has to be looked at again, a sentence for people; null where it has not.</returns>
    public string? FindDue(DateTimeOffset now, TimeSpan interval)
    {
        if (Latest is not { } latest || now - latest.At >= interval)
        {
            return "It was not looked at for long.";
        }

        var overdue = Entries.FirstOrDefault(entry => entry.IsEscalated && entry.IsOverdue(now) && !entry.IsOverdue(latest.At));
        return overdue is null ? null : $"The deadline of {overdue.Finding.Title} has passed.";
    }

    /// <returns>The same instance where the scan changes nothing.</returns>
    public FindingLedger Record(LedgerScan scan, ScanRecord found, FindingDeadlines deadlines)
    {
        if (Holds(scan))
        {
            return this;
        }

        LedgerScan[] scans = [.. Scans.Append(scan).OrderByDescending(static each => each.At).ThenBy(static each => each.CommitSha, StringComparer.Ordinal).Take(MostScans)];
        var entries = Entries.ToDictionary(static entry => entry.Finding.Fingerprint, StringComparer.Ordinal);
        foreach (var seen in Seen(scan, found).DistinctBy(static entry => entry.Finding.Fingerprint, StringComparer.Ordinal))
        {
            entries[seen.Finding.Fingerprint] = entries.TryGetValue(seen.Finding.Fingerprint, out var known) ? known.SeenAgain(seen) : seen;
        }

        var judged = entries.Values.Select(entry => entry.Judge(scans, deadlines)).ToArray();
        var standing = judged.Where(static entry => entry.FixedAt is null).OrderBy(static entry => entry.Finding, FindingPriority.Comparer).ToArray();
        return this with
        {
            Scans = scans,
            Entries =
            [
                .. standing.Take(MostOpen),
                .. judged.Where(static entry => entry.FixedAt is not null)
                    .OrderByDescending(static entry => entry.FixedAt)
                    .ThenBy(static entry => entry.Finding.Fingerprint, StringComparer.Ordinal)
                    .Take(MostFixed),
            ],
            LeftOut = Math.Max(0, standing.Length - MostOpen),
        };
    }

    private static int? PullRequestOf(string reference) =>
        reference.StartsWith(PullRequestPrefix, StringComparison.Ordinal)
        && !reference.AsSpan(PullRequestPrefix.Length).StartsWith('0')
        && int.TryParse(reference.AsSpan(PullRequestPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private IEnumerable<LedgerEntry> Seen(LedgerScan scan, ScanRecord found)
    {
        var isChange = PullRequest is not null;
        var open = isChange ? found.Added : found.Added.Concat(found.Unchanged);
        var suppressed = isChange ? found.AddedSuppressed : found.AddedSuppressed.Concat(found.UnchangedSuppressed);
        return open.Select(finding => Seen(scan, finding, suppression: null))
            .Concat(suppressed.Select(each => Seen(scan, each.Finding, new FindingSuppression(each.Suppression.Reason, each.Suppression.Owner, each.Suppression.Until))));
    }

    private static LedgerEntry Seen(LedgerScan scan, Finding finding, FindingSuppression? suppression) => new(finding, scan.At, scan.At)
    {
        Suppression = suppression,
        SeenInPart = [.. finding.Evidence.Select(static evidence => evidence.Tool).Distinct(StringComparer.Ordinal).Where(tool => scan.OutcomeOf(tool) == ScanOutcome.PartlyChecked)],
    };
}

/// <param name="CommitSha">What was scanned.</param>
/// <param name="At">When.</param>
/// <param name="Scanners">Each tool that was asked.</param>
public sealed record LedgerScan(string CommitSha, DateTimeOffset At, IReadOnlyList<ScannerState> Scanners)
{
    public bool IsSame(LedgerScan other) => At == other.At && string.Equals(CommitSha, other.CommitSha, StringComparison.OrdinalIgnoreCase);

    /// <summary>The worst where a tool ran several times, and <see cref="ScanOutcome.NotChecked"/> where it was not asked.</summary>
    public ScanOutcome OutcomeOf(string tool) => Scanners
        .Where(scanner => string.Equals(scanner.Tool, tool, StringComparison.OrdinalIgnoreCase))
        .Select(static scanner => scanner.Outcome)
        .DefaultIfEmpty(ScanOutcome.NotChecked)
        .Max();
}

/// <param name="Reason">Why it did not check, or not all: a sentence for people.</param>
public sealed record ScannerState(string Tool, ScanOutcome Outcome, string? Reason);
