using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
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
/// <param name="Escalated">The most urgent of those that are overdue and critical, or known to be exploited: at most 50.</param>
public sealed record RecordedFindings(bool Recorded, int Open, int Overdue, IReadOnlyList<OverdueFinding> Escalated);

/// <param name="Due">When it should have been fixed at the latest.</param>
public sealed record OverdueFinding(FindingSummary Finding, DateTimeOffset FirstSeen, DateTimeOffset Due);

/// <param name="At">The time by which it is judged what is due.</param>
public sealed record WatchedBranchesRequest(DateTimeOffset At);

/// <param name="Branch">Null where nothing but the repository is known.</param>
/// <param name="Due">Why it has to be looked at by now, a sentence for people; null where it has not.</param>
public sealed record WatchedBranch(RepositoryName Repository, string? Branch, string? Due)
{
    /// <summary>The document with what the branch depends on; null where none is kept, or where it does not matter as the branch is due.</summary>
    public string? Inventory { get; init; }

    /// <summary>The advisories about it that are known already.</summary>
    public IReadOnlyList<string> Advisories { get; init; } = [];
}

/// <param name="Reference">As in <see cref="RecordFindingsRequest"/>.</param>
public sealed record ForgetFindingsRequest(RepositoryName Repository, string Reference);

/// <summary>Keeps what is known of findings beyond runs: a ledger, a SARIF log and an inventory for each branch and pull request.</summary>
public sealed class LedgerActivities(IArtifactStore artifacts, IDocumentStore documents, FindingLedgers ledgers, IOptions<FindingsOptions> options, IOptionsSnapshot<PlatformOptions> platform)
{
    private const string RecordName = "Findings_Record";
    private const string ListWatchedName = "Findings_ListWatched";
    private const string ForgetName = "Findings_Forget";
    private const int MostAttempts = 10;
    private const int MostEscalated = 50;

    public static ActivityCall<RecordFindingsRequest, RecordedFindings> Record { get; } = new(RecordName);

    public static ActivityCall<WatchedBranchesRequest, IReadOnlyList<WatchedBranch>> ListWatched { get; } = new(ListWatchedName);

    public static ActivityCall<ForgetFindingsRequest, bool> Forget { get; } = new(ForgetName);

    /// <summary>The branches that were ever scanned, and the repositories that the operator names and of which none was.</summary>
    /// <exception cref="ToolException">A ledger cannot be read.</exception>
    [Function(ListWatchedName)]
    public async Task<IReadOnlyList<WatchedBranch>> ListWatchedAsync([ActivityTrigger] WatchedBranchesRequest input, CancellationToken cancellationToken)
    {
        var known = new List<FindingLedger>();
        await foreach (var ledger in ledgers.ListBranchesAsync(cancellationToken))
        {
            if (platform.Value.Allows(ledger.Repository))
            {
                known.Add(ledger);
            }
        }

        var branches = known.Where(static ledger => ledger.Branch is not null).ToArray();
        var swept = branches.Select(static ledger => ledger.Repository).ToHashSet();
        var never = known.Select(static ledger => ledger.Repository)
            .Concat(platform.Value.Repositories.Select(static pattern => RepositoryName.TryParse(pattern, out var name) ? name : null).OfType<RepositoryName>())
            .Distinct()
            .Where(repository => !swept.Contains(repository));
        return
        [
            .. branches.Select(ledger => Watch(ledger, input.At)),
            .. never.Select(static repository => new WatchedBranch(repository, Branch: null, "Its default branch was never looked at.")),
        ];
    }

    /// <summary>Removes a ledger with its log and inventory.</summary>
    /// <returns>Whether there was one.</returns>
    [Function(ForgetName)]
    public async Task<bool> ForgetAsync([ActivityTrigger] ForgetFindingsRequest input, CancellationToken cancellationToken)
    {
        var ledger = await ledgers.FindAsync(input.Repository, input.Reference, cancellationToken);
        await documents.DeleteAsync(LedgerKey.Of(input.Repository, input.Reference), cancellationToken);
        await DropAsync(ledger?.Sarif, now: null, cancellationToken);
        await DropAsync(ledger?.Inventory, now: null, cancellationToken);
        return ledger is not null;
    }

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

    private WatchedBranch Watch(FindingLedger ledger, DateTimeOffset at)
    {
        var watched = new WatchedBranch(ledger.Repository, ledger.Branch, ledger.FindDue(at, options.Value.SweepInterval));
        return watched.Due is not null || ledger.Inventory is null
            ? watched
            : watched with
            {
                Inventory = ledger.Inventory,
                Advisories =
                [
                    .. ledger.Entries.Where(static entry => entry.FixedAt is null)
                        .Select(static entry => entry.Finding.Package)
                        .OfType<VulnerablePackage>()
                        .SelectMany(static package => package.Aliases.Prepend(package.Advisory))
                        .Distinct(StringComparer.OrdinalIgnoreCase),
                ],
            };
    }

    private static RecordedFindings Count(FindingLedger ledger, DateTimeOffset at, bool recorded)
    {
        var overdue = ledger.Entries.Where(entry => entry.IsOverdue(at)).ToArray();
        return new RecordedFindings(
            recorded,
            ledger.Entries.Count(static entry => entry.State == FindingState.Open),
            overdue.Length,
            [
                .. overdue.Where(static entry => entry.IsEscalated)
                    .OrderBy(static entry => entry.Finding, FindingPriority.Comparer)
                    .Take(MostEscalated)
                    .Select(static entry => new OverdueFinding(FindingSummary.Of(entry.Finding), entry.FirstSeen, entry.Due!.Value)),
            ]);
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
