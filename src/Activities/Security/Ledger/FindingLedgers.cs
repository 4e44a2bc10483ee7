using System.Runtime.CompilerServices;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Activities.Security.Ledger;

/// <summary>The ledgers that are kept, for whoever reads them.</summary>
public sealed class FindingLedgers(IDocumentStore documents)
{
    /// <returns>Null where the reference was never scanned.</returns>
    /// <exception cref="ToolException">It cannot be read.</exception>
    public async Task<FindingLedger?> FindAsync(RepositoryName repository, string reference, CancellationToken cancellationToken) =>
        (await documents.ReadJsonAsync<FindingLedger>(LedgerKey.Of(repository, reference), cancellationToken)).Value;

    /// <summary>All, or all of a repository.</summary>
    public async IAsyncEnumerable<FindingLedger> ListAsync(RepositoryName? repository, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var key in documents.ListAsync(repository is null ? LedgerKey.Root : LedgerKey.Of(repository), cancellationToken))
        {
            if ((await documents.ReadJsonAsync<FindingLedger>(key, cancellationToken)).Value is { } ledger)
            {
                yield return ledger;
            }
        }
    }

    /// <summary>Those of branches, and one of each repository that has none. Pull requests have many more, which are not read for it.</summary>
    public async IAsyncEnumerable<FindingLedger> ListBranchesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var keys = await documents.ListAsync(LedgerKey.Root, cancellationToken).ToListAsync(cancellationToken);
        foreach (var repository in keys.GroupBy(static key => LedgerKey.Read(key).Repository, StringComparer.Ordinal))
        {
            var branches = repository.Where(static key => LedgerKey.Read(key).IsBranch).ToArray();
            foreach (var key in branches.Length > 0 ? branches : repository.Take(1))
            {
                if ((await documents.ReadJsonAsync<FindingLedger>(key, cancellationToken)).Value is { } ledger)
                {
                    yield return ledger;
                }
            }
        }
    }

    /// <summary>The SARIF log of a reference's newest scan.</summary>
    /// <returns>Null where the reference was never scanned.</returns>
    /// <exception cref="ToolException">It cannot be read.</exception>
    public Task<(LedgerScan Scan, ReadOnlyMemory<byte> Content)?> ReadSarifAsync(RepositoryName repository, string reference, CancellationToken cancellationToken) =>
        ReadAsync(repository, reference, static ledger => ledger.Sarif, cancellationToken);

    /// <summary>The inventory of a reference's newest scan, in CycloneDX.</summary>
    /// <returns>Null where the reference was never scanned, or the newest scan did not look at dependencies.</returns>
    /// <exception cref="ToolException">It cannot be read.</exception>
    public Task<(LedgerScan Scan, ReadOnlyMemory<byte> Content)?> ReadInventoryAsync(RepositoryName repository, string reference, CancellationToken cancellationToken) =>
        ReadAsync(repository, reference, static ledger => ledger.Inventory, cancellationToken);

    private async Task<(LedgerScan Scan, ReadOnlyMemory<byte> Content)?> ReadAsync(
        RepositoryName repository, string reference, Func<FindingLedger, string?> keyOf, CancellationToken cancellationToken)
    {
        const int MostAttempts = 5;
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            if (await FindAsync(repository, reference, cancellationToken) is not { Latest: { } latest } ledger || keyOf(ledger) is not { } key)
            {
                return null;
            }

            if (await documents.ReadAsync(key, cancellationToken) is { } document)
            {
                return (latest, document.Content);
            }

            // A newer scan was recorded between the two reads, and took the old one's away.
        }

        throw new ToolUnavailableException(DocumentJson.Tool, $"What is kept of {reference} in {repository} could not be read: newer ones came all the time, or it is gone.");
    }
}
