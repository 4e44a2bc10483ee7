using System.Security.Cryptography;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;

namespace AtomicDevOps.Activities.Experts.Sast;

/// <summary>
/// Asks scanners that have to see all of a commit, of the head and of the base by themselves, and keeps of their answers what the change answers for.
/// <para>
/// A finding in a changed file counts. One in another file counts where the head has it and the base does not, which is what a change does that opens a way for
/// data to a place that it does not touch; one that both have counts for nothing. To say that the base does not have it takes a base that was checked whole.
/// </para>
/// </summary>
internal sealed class WholeTreeScan(IArtifactStore artifacts, SastRequest request) : IDisposable
{
    /// <summary>Part of every cache key: a change in how reports are read makes earlier ones worthless.</summary>
    private const int CacheVersion = 1;

    private readonly ScratchDirectory _directory = new("trees");
    private readonly HashSet<string>? _changed = request.Paths?.ToHashSet(StringComparer.Ordinal);
    private SourceTree? _head;
    private SourceTree? _base;

    /// <returns>Whether both answers were known is told too.</returns>
    public async Task<(ScanReport Head, ScanReport Base, bool Cached)> AskAsync(ITreeScanner scanner, CancellationToken cancellationToken)
    {
        _head ??= await UnpackAsync(request.Head, "head", cancellationToken);
        var (head, isHeadCached) = await AskAsync(scanner, _head, cancellationToken);
        if (request.Base is not { } reference || head.Outcome == ScanOutcome.NotChecked)
        {
            return (OfChange(head, other: null), new ScanReport(scanner.Name, ScanOutcome.NotChecked), isHeadCached);
        }

        _base ??= await UnpackAsync(reference, "base", cancellationToken);
        var (before, isBaseCached) = await AskAsync(scanner, _base, cancellationToken);
        return (WithDoubt(OfChange(head, before), before), OfChange(before, head), isHeadCached && isBaseCached);
    }

    public void Dispose() => _directory.Dispose();

    private async Task<(ScanReport Report, bool Cached)> AskAsync(ITreeScanner scanner, SourceTree tree, CancellationToken cancellationToken)
    {
        if (!tree.Any(scanner.LooksAt))
        {
            return (new ScanReport(scanner.Name, ScanOutcome.NotApplicable), false);
        }

        var version = await scanner.FindVersionAsync(cancellationToken);
        var key = version is null ? null : CacheKey(scanner, version, tree);
        if (key is not null && await artifacts.TryReadJsonAsync<ScanReport>(key, cancellationToken) is { } known)
        {
            return (known, true);
        }

        var (scanned, isFinal) = await scanner.ScanAsync(tree.Directory, cancellationToken);
        var report = scanned with { Findings = [.. scanned.Findings.Select(tree.WithLineDigest)] };
        if (key is not null && isFinal && report.Outcome != ScanOutcome.NotChecked)
        {
            await artifacts.WriteJsonAsync(key, report, cancellationToken);
        }

        return (report, false);
    }

    /// <summary>Any file may say how others are to be understood, so all of them are part of the key.</summary>
    private static string CacheKey(ITreeScanner scanner, ScannerVersion version, SourceTree tree)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        digest.AppendData(System.Text.Encoding.UTF8.GetBytes($"{CacheVersion}\n{scanner.Name}\n{version.Key}\n"));
        tree.AppendTo(digest, string.Empty, static _ => true);
        return $"cache/sast-trees/{Convert.ToHexStringLower(digest.GetHashAndReset())}.json";
    }

    /// <param name="other">The tree that it is compared with; null where there is none.</param>
    private ScanReport OfChange(ScanReport report, ScanReport? other)
    {
        if (_changed is null)
        {
            return report;
        }

        // A file that did not change has everything at the same place in both trees.
        var known = other is null || !IsWhole(other) ? null : other.Findings.Select(PlaceOf).ToHashSet();
        return report with
        {
            Findings = [.. report.Findings.Where(finding => _changed.Contains(finding.Location.Path) || known?.Contains(PlaceOf(finding)) == false)],
        };
    }

    private ScanReport WithDoubt(ScanReport head, ScanReport before)
    {
        if (IsWhole(before) || head.Outcome == ScanOutcome.NotApplicable)
        {
            return head;
        }

        var counted = _changed is null ? "all findings count" : "findings in files that it touches count as its own, and no others";
        var doubt = $"What the change builds on was not checked whole, so {counted}{(before.Reason is null ? "." : $": {before.Reason}")}";
        return head.WithGap(head.Reason, doubt);
    }

    private static bool IsWhole(ScanReport report) => report.Outcome is ScanOutcome.Checked or ScanOutcome.NotApplicable;

    private static (FindingLocation Location, string Rule) PlaceOf(Finding finding) => (finding.Location, finding.Evidence[0].Rule);

    private Task<SourceTree> UnpackAsync(WorkspaceReference workspace, string name, CancellationToken cancellationToken) =>
        SourceTree.UnpackAsync(artifacts, workspace, Path.Combine(_directory.Path, name), static _ => true, cancellationToken);
}
