using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Security.Findings;

namespace AtomicDevOps.Activities.Security.Ledger;

/// <param name="Finding">As the scan that last saw it has it.</param>
/// <param name="FirstSeen">When its clock began.</param>
public sealed record LedgerEntry(Finding Finding, DateTimeOffset FirstSeen, DateTimeOffset LastSeen)
{
    /// <summary>Null while it stands.</summary>
    public DateTimeOffset? FixedAt { get; init; }

    /// <summary>When it should be fixed at the latest; null for what need not be.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>The word of whoever answers for it.</summary>
    public FindingSuppression? Suppression { get; init; }

    /// <summary>The tools that saw it though they looked only at a part.</summary>
    public IReadOnlyList<string> SeenInPart { get; init; } = [];

    [JsonIgnore]
    public FindingState State => FixedAt is not null ? FindingState.Fixed : Suppression is not null ? FindingState.Suppressed : FindingState.Open;

    /// <summary>From when it was first seen until it was fixed; null while it stands.</summary>
    [JsonIgnore]
    public TimeSpan? TimeToPatch => FixedAt - FirstSeen;

    /// <summary>Whether somebody has to be told once it is overdue.</summary>
    [JsonIgnore]
    public bool IsEscalated => Finding.KnownExploited || Finding.Severity == FindingSeverity.Critical;

    public bool IsOverdue(DateTimeOffset now) => State == FindingState.Open && Due < now;

    internal LedgerEntry SeenAgain(LedgerEntry seen)
    {
        var first = FirstSeen < seen.FirstSeen ? FirstSeen : seen.FirstSeen;
        var isNewer = seen.LastSeen > LastSeen || (seen.LastSeen == LastSeen && FindingPriority.Comparer.Compare(seen.Finding, Finding) < 0);
        return (isNewer ? seen with { FixedAt = FixedAt } : this) with { FirstSeen = first };
    }

    /// <param name="scans">The newest first, at least one.</param>
    internal LedgerEntry Judge(IReadOnlyList<LedgerScan> scans, FindingDeadlines deadlines)
    {
        // What was fixed by a scan that is not kept any more was so all the same.
        var forgotten = FixedAt is { } known && known > LastSeen && known < scans[^1].At ? FixedAt : null;
        return this with
        {
            FixedAt = forgotten ?? scans.LastOrDefault(scan => scan.At > LastSeen && IsLookedAtBy(scan))?.At,
            Due = deadlines.For(Finding.Severity) is { } time ? FirstSeen + time : null,
        };
    }

    private bool IsLookedAtBy(LedgerScan scan) => Finding.Evidence.All(evidence => scan.OutcomeOf(evidence.Tool) switch
    {
        ScanOutcome.Checked or ScanOutcome.NotApplicable => true,
        ScanOutcome.PartlyChecked => SeenInPart.Contains(evidence.Tool, StringComparer.OrdinalIgnoreCase),
        _ => false,
    });
}

[JsonConverter(typeof(JsonStringEnumConverter<FindingState>))]
public enum FindingState
{
    Open,
    Fixed,

    /// <summary>It stands, and somebody answers for it.</summary>
    Suppressed,
}

/// <param name="Until">The last day that it counts.</param>
public sealed record FindingSuppression(string? Reason, string? Owner, DateOnly? Until);
