using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;

namespace AtomicDevOps.Activities.Experts.Sast;

/// <summary>
/// The head and the base of a change side by side in one directory, so that a scanner starts once for both. What would tell a scanner to look away is
/// left out or blunted: only the platform's own suppressions count, which name a reason, an owner and an end.
/// </summary>
internal sealed class SourceTrees : IDisposable
{
    private const string HeadName = "head";
    private const string BaseName = "base";
    private const int MaxLineFileBytes = 4 * 1024 * 1024;

    private static readonly string[] ScannerSettings =
        [".bandit", ".trivyignore", ".trivyignore.yaml", "trivy.yaml", "trivy-secret.yaml", "sgconfig.yml", ".ignore", ".gitignore", ".tfsec", ".semgrepignore"];

    private static readonly (byte[] Mark, byte[] Blunted)[] Marks =
        [.. new[] { "ast-grep-ignore", "trivy:ignore", "tfsec:ignore" }.Select(mark => (Encoding.UTF8.GetBytes(mark), Encoding.UTF8.GetBytes(mark.Replace("ignore", "IGNORE", StringComparison.Ordinal))))];

    private readonly ScratchDirectory _directory = new("scan");
    private readonly Dictionary<string, string> _digests = new(StringComparer.Ordinal);

    private SourceTrees()
    {
    }

    public string Directory => _directory.Path;

    /// <summary>All files in both trees, each with the name of its tree in front.</summary>
    public IReadOnlyCollection<string> Files => _digests.Keys;

    public static async Task<SourceTrees> UnpackAsync(
        IArtifactStore artifacts, WorkspaceReference head, WorkspaceReference? @base, Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        var trees = new SourceTrees();
        try
        {
            await trees.UnpackAsync(artifacts, head, HeadName, isWanted, cancellationToken);
            if (@base is not null)
            {
                await trees.UnpackAsync(artifacts, @base, BaseName, isWanted, cancellationToken);
            }

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
        foreach (var (path, content) in _digests.Where(file => looksAt(PathIn(file.Key))).OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            digest.AppendData(Encoding.UTF8.GetBytes($"{path}\0{content}\n"));
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    public bool Any(Func<string, bool> looksAt) => _digests.Keys.Any(path => looksAt(PathIn(path)));

    /// <summary>Divides a report over both trees into one for each, with paths from the tree's root and digests of the lines.</summary>
    public (ScanReport Head, ScanReport Base) Divide(ScanReport report)
    {
        var lines = new Dictionary<string, string[]>(StringComparer.Ordinal);
        return (Part(HeadName), Part(BaseName));

        ScanReport Part(string tree) => report with
        {
            Findings =
            [
                .. report.Findings.Where(finding => finding.Location.Path.StartsWith($"{tree}/", StringComparison.Ordinal))
                    .Select(finding => LineDigest.Set(finding, LinesOf(finding.Location.Path, lines)))
                    .Select(finding => finding with { Location = finding.Location with { Path = PathIn(finding.Location.Path) } }),
            ],
        };
    }

    public void Dispose() => _directory.Dispose();

    private static string PathIn(string path) => path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..];

    private static bool IsSettings(string path) => ScannerSettings.Contains(Path.GetFileName(path), StringComparer.OrdinalIgnoreCase);

    private async Task UnpackAsync(IArtifactStore artifacts, WorkspaceReference workspace, string name, Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        var tree = System.IO.Directory.CreateDirectory(Path.Combine(Directory, name));
        await using (var archive = await artifacts.OpenReadAsync(workspace.Archive.Key, cancellationToken))
        {
            await WorkspaceUnpacker.UnpackAsync(archive, tree.FullName, path => !IsSettings(path) && isWanted(path), cancellationToken);
        }

        foreach (var file in tree.EnumerateFileSystemInfos("*", SearchOption.AllDirectories).ToArray())
        {
            if (file.LinkTarget is not null)
            {
                file.Delete();
            }
            else if (file is FileInfo)
            {
                var content = await File.ReadAllBytesAsync(file.FullName, cancellationToken);
                _digests[Path.GetRelativePath(Directory, file.FullName).Replace('\\', '/')] = Convert.ToHexStringLower(SHA256.HashData(content));
                if (Blunt(content))
                {
                    await File.WriteAllBytesAsync(file.FullName, content, cancellationToken);
                }
            }
        }
    }

    private static bool Blunt(byte[] content)
    {
        var changed = false;
        foreach (var (mark, blunted) in Marks)
        {
            for (int at = 0, found; (found = content.AsSpan(at).IndexOf(mark)) >= 0; at += found + mark.Length)
            {
                blunted.CopyTo(content.AsSpan(at + found));
                changed = true;
            }
        }

        return changed;
    }

    private string[] LinesOf(string path, Dictionary<string, string[]> known)
    {
        if (!known.TryGetValue(path, out var lines))
        {
            var file = new FileInfo(Path.Combine(Directory, path));
            lines = file.Exists && file.Length <= MaxLineFileBytes ? File.ReadAllLines(file.FullName) : [];
            known.Add(path, lines);
        }

        return lines;
    }
}
