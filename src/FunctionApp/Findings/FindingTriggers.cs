using AtomicDevOps.Activities.Security.CycloneDx;
using AtomicDevOps.Activities.Security.Ledger;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.FunctionApp.Http;
using AtomicDevOps.Primitives.Json;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.FunctionApp.Findings;

/// <summary>The API through which people and programs read what scanners found.</summary>
public sealed class FindingTriggers(FindingLedgers ledgers, TimeProvider timeProvider)
{
    /// <summary><c>GET /api/findings?repository=owner/name&amp;severity=critical,high</c> lists findings, the most urgent first.</summary>
    [Function(nameof(ListFindings))]
    public async Task<IResult> ListFindings(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "findings")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (filter, problem) = FindingFilter.Read(request.Query);
        if (problem is not null)
        {
            return Problems.BadRequest(problem);
        }

        try
        {
            var read = new List<FindingLedger>();
            if (filter is { Repository: { } repository, Reference: { } reference })
            {
                read.AddRange(await ledgers.FindAsync(repository, reference, cancellationToken) is { } one ? [one] : Array.Empty<FindingLedger>());
            }
            else
            {
                await foreach (var ledger in ledgers.ListAsync(filter.Repository, cancellationToken))
                {
                    if (filter.Reference is null || string.Equals(ledger.Reference, filter.Reference, StringComparison.Ordinal))
                    {
                        read.Add(ledger);
                    }
                }
            }

            return Results.Json(FindingPage.Of(read, filter, timeProvider.GetUtcNow()), JsonDefaults.Options);
        }
        catch (ToolUnavailableException exception)
        {
            return Problems.Unavailable(exception.Message);
        }
    }

    /// <summary><c>GET /api/findings/{owner}/{name}/sarif?reference=refs/heads/main</c> downloads the newest scan's findings as a SARIF 2.1.0 log.</summary>
    [Function(nameof(GetFindingsSarif))]
    public Task<IResult> GetFindingsSarif(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "findings/{owner}/{name}/sarif")] HttpRequest request,
        string owner,
        string name,
        CancellationToken cancellationToken) =>
        DownloadAsync(request, owner, name, ledgers.ReadSarifAsync, "application/sarif+json", "sarif", "was never scanned", cancellationToken);

    /// <summary><c>GET /api/findings/{owner}/{name}/sbom?reference=refs/heads/main</c> downloads what the newest scan's commit depends on as CycloneDX 1.6.</summary>
    [Function(nameof(GetFindingsSbom))]
    public Task<IResult> GetFindingsSbom(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "findings/{owner}/{name}/sbom")] HttpRequest request,
        string owner,
        string name,
        CancellationToken cancellationToken) =>
        DownloadAsync(
            request, owner, name, ledgers.ReadInventoryAsync, CycloneDxWriter.MediaType, "cdx.json", "was never scanned, or its newest scan did not look at dependencies", cancellationToken);

    private static async Task<IResult> DownloadAsync(
        HttpRequest request,
        string owner,
        string name,
        Func<RepositoryName, string, CancellationToken, Task<(LedgerScan Scan, ReadOnlyMemory<byte> Content)?>> readAsync,
        string mediaType,
        string extension,
        string missing,
        CancellationToken cancellationToken)
    {
        if (!RepositoryName.TryParse($"{owner}/{name}", out var repository))
        {
            return Problems.BadRequest($"«{owner}/{name}» is no repository; it has to be of the form owner/name.");
        }

        var reference = request.Query["reference"].ToString();
        if (!FindingLedger.IsReference(reference))
        {
            return Problems.BadRequest(FindingFilter.WrongReference(reference));
        }

        try
        {
            return await readAsync(repository, reference, cancellationToken) is { } found
                ? Results.File(found.Content.ToArray(), mediaType, $"{owner}-{name}-{found.Scan.CommitSha[..Math.Min(7, found.Scan.CommitSha.Length)]}.{extension}")
                : Problems.NotFound($"{reference} of {repository} {missing}. GET /api/findings?repository={repository} lists what was.");
        }
        catch (ToolUnavailableException exception)
        {
            return Problems.Unavailable(exception.Message);
        }
    }
}
