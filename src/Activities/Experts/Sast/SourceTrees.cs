using System.Security.Cryptography;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;

namespace AtomicDevOps.Activities.Experts.Sast;

/// <summary>The head and the base of a change side by side in one directory, so that a scanner starts once for both.</summary>
internal sealed class SourceTrees : IDisposable
{
    private const string HeadName = "head";
    private const string BaseName = "base";

    private readonly ScratchDirectory _directory = new("scan");
    private SourceTree _head = null!;
    private SourceTree? _base;

    private SourceTrees()
    {
    }

    public string Directory => _directory.Path;

    public static async Task<SourceTrees> UnpackAsync(
        IArtifactStore artifacts, WorkspaceReference head, WorkspaceReference? @base, Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        var trees = new SourceTrees();
        try
        {
            trees._head = await SourceTree.UnpackAsync(artifacts, head, Path.Combine(trees.Directory, HeadName), isWanted, cancellationToken);
            trees._base = @base is null ? null : await SourceTree.UnpackAsync(artifacts, @base, Path.Combine(trees.Directory, BaseName), isWanted, cancellationToken);
            return trees;
        }
        catch
        {
            trees.Dispose();
            throw;
        }
    }

    /// <summary>What the files that a scanner looks at hold, as a cache key's part.</summary>
    public string DigestOf(Func<string, bool> looksAt)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _base?.AppendTo(digest, $"{BaseName}/", looksAt);
        _head.AppendTo(digest, $"{HeadName}/", looksAt);
        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    public bool Any(Func<string, bool> looksAt) => _head.Any(looksAt) || _base?.Any(looksAt) == true;

    /// <summary>Divides a report over both trees into one for each, with paths from the tree's root and digests of the lines.</summary>
    public (ScanReport Head, ScanReport Base) Divide(ScanReport report)
    {
        return (Part(HeadName, _head), Part(BaseName, _base));

        ScanReport Part(string name, SourceTree? tree) => report with
        {
            Findings = tree is null
                ? []
                :
                [
                    .. report.Findings.Where(finding => finding.Location.Path.StartsWith($"{name}/", StringComparison.Ordinal))
                        .Select(finding => finding with { Location = finding.Location with { Path = finding.Location.Path[(name.Length + 1)..] } })
                        .Select(tree.WithLineDigest),
                ],
        };
    }

    public void Dispose() => _directory.Dispose();
}
