using System.Globalization;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Activities.Security.Ledger;

/// <summary>Under which keys ledgers and what belongs to them are kept.</summary>
public static class LedgerKey
{
    /// <summary>Above all ledgers.</summary>
    public const string Root = "ledgers";

    private static readonly string BranchSegment = ArtifactKey.Segment(FindingLedger.BranchPrefix);

    public static string Of(RepositoryName repository, string reference) => $"{Of(repository)}/{ArtifactKey.Segment(reference)}";

    /// <summary>Above all ledgers of a repository.</summary>
    public static string Of(RepositoryName repository) => $"{Root}/{Folder(repository)}";

    /// <summary>Whether a ledger's key is that of a branch's ledger, and above which key all of its repository are.</summary>
    internal static (string Repository, bool IsBranch) Read(string key)
    {
        var end = key.LastIndexOf('/');
        return (key[..end], key.AsSpan(end + 1).StartsWith(BranchSegment, StringComparison.Ordinal));
    }

    /// <summary>Another one for every scan and content, so that a ledger and the log that it names always belong together.</summary>
    internal static string Sarif(FindingLedger ledger, LedgerScan scan, string sha256) => Beside("sarif", ledger, scan, sha256);

    /// <summary>The same for the inventory.</summary>
    internal static string Inventory(FindingLedger ledger, LedgerScan scan, string sha256) => Beside("sbom", ledger, scan, sha256);

    private static string Beside(string kind, FindingLedger ledger, LedgerScan scan, string sha256) => string.Create(
        CultureInfo.InvariantCulture, $"{kind}/{Folder(ledger.Repository)}/{ArtifactKey.Segment(ledger.Reference)}/{scan.At.UtcTicks}-{sha256}");

    /// <summary>Names have no upper and lower case.</summary>
    private static string Folder(RepositoryName repository) =>
        $"{ArtifactKey.Segment(repository.Owner.ToLowerInvariant())}/{ArtifactKey.Segment(repository.Name.ToLowerInvariant())}";
}
