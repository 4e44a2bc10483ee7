using AtomicDevOps.Activities.Security.Ledger;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Platform;

/// <param name="Reference"><c>refs/heads/main</c> for a branch, <c>refs/pull/12</c> for what a pull request adds.</param>
/// <param name="CommitSha">What was scanned.</param>
/// <param name="At">When: by the same time and commit a scan is known again.</param>
/// <param name="Record">The assessment's.</param>
/// <param name="Sarif">The assessment's.</param>
public sealed record RecordFindingsRequest(
    RepositoryName Repository, string Reference, string CommitSha, DateTimeOffset At, StoredArtifact Record, StoredArtifact Sarif)
{
    /// <summary>The assessment's.</summary>
    public StoredArtifact? Inventory { get; init; }
}

/// <param name="Recorded">Whether this call did; else the scan is known, or older than all that is kept.</param>
/// <param name="Open">How many stand that nobody answers for.</param>
/// <param name="Overdue">Those of them that are past their due time.</param>
/// <param name="OverdueCritical">Those of them that are critical.</param>
public sealed record RecordedFindings(bool Recorded, int Open, int Overdue, int OverdueCritical);

/// <summary>Keeps what is known of findings beyond runs: a ledger, a SARIF log and an inventory for each branch and pull request.</summary>
public sealed class LedgerActivities(IArtifactStore artifacts, IDocumentStore documents, IOptions<FindingsOptions> options)
{
    private const string RecordName = "Findings_Record";
    private const int MostAttempts = 10;

    public static ActivityCall<RecordFindingsRequest, RecordedFindings> Record { get; } = new(RecordName);

    /// <exception cref="ToolException">The reference is none, or an artifact cannot be read.</exception>
    /// <exception cref="ToolUnavailableException">Others changed the ledger all the time: the same may succeed later.</exception>
    [Function(RecordName)]
    public async Task<RecordedFindings> RecordAsync([ActivityTrigger] RecordFindingsRequest input, CancellationToken cancellationToken)
    {
        if (!FindingLedger.IsReference(input.Reference))
        {
            throw new ToolException(DocumentJson.Tool, $"'{input.Reference}' has no ledger; right would be refs/heads/ with a branch's name, or refs/pull/ with a number.");
        }

        var found = await artifacts.ReadJsonAsync<ScanRecord>(input.Record.Key, cancellationToken);
        var scan = new LedgerScan(input.CommitSha, input.At.ToUniversalTime(), found.Scanners);
        var key = LedgerKey.Of(input.Repository, input.Reference);
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var (known, version) = await documents.ReadJsonAsync<FindingLedger>(key, cancellationToken);
            var ledger = known ?? new FindingLedger(input.Repository, input.Reference);
            if (ledger.Holds(scan))
            {
                return Count(ledger, scan.At, recorded: false);
            }

            var next = ledger.Record(scan, found, options.Value.Deadlines);
            if (next.Latest == scan)
            {
                next = next with
                {
                    Sarif = await KeepAsync(input.Sarif, LedgerKey.Sarif(ledger, scan, input.Sarif.Sha256), cancellationToken),
                    Inventory = input.Inventory is { } inventory ? await KeepAsync(inventory, LedgerKey.Inventory(ledger, scan, inventory.Sha256), cancellationToken) : null,
                };
            }

            if (await documents.TryWriteJsonAsync(key, next, version, cancellationToken))
            {
                await DropAsync(ledger.Sarif, next.Sarif, cancellationToken);
                await DropAsync(ledger.Inventory, next.Inventory, cancellationToken);
                return Count(next, scan.At, recorded: true);
            }
        }

        throw new ToolUnavailableException(DocumentJson.Tool, $"The ledger of {input.Reference} in {input.Repository} was changed by others {MostAttempts} times in a row.");
    }

    private static RecordedFindings Count(FindingLedger ledger, DateTimeOffset at, bool recorded)
    {
        var overdue = ledger.Entries.Where(entry => entry.IsOverdue(at)).ToArray();
        return new RecordedFindings(
            recorded,
            ledger.Entries.Count(static entry => entry.State == FindingState.Open),
            overdue.Length,
            overdue.Count(static entry => entry.Finding.Severity == Security.FindingSeverity.Critical));
    }

    private async Task<string> KeepAsync(StoredArtifact artifact, string key, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        await using (var stream = await artifacts.OpenReadAsync(artifact.Key, cancellationToken))
        {
            await stream.CopyToAsync(content, cancellationToken);
        }

        await documents.TryWriteAsync(key, content.ToArray(), version: null, cancellationToken);
        return key;
    }

    private async Task DropAsync(string? before, string? now, CancellationToken cancellationToken)
    {
        if (before is not null && !string.Equals(before, now, StringComparison.Ordinal))
        {
            await documents.DeleteAsync(before, cancellationToken);
        }
    }
}
