using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Experts.Sast;

/// <summary>
/// The files of one commit in a directory. What would tell a scanner to look away is left out or blunted: only the platform's own suppressions count, which
/// name a reason, an owner and an end. Symbolic links are left out.
/// </summary>
internal sealed class SourceTree
{
    private const int MaxLineFileBytes = 4 * 1024 * 1024;

    private static readonly string[] ScannerSettings =
    [
        ".bandit", ".trivyignore", ".trivyignore.yaml", "trivy.yaml", "trivy-secret.yaml", "sgconfig.yml", ".ignore", ".gitignore", ".tfsec", ".semgrepignore",
        ".snyk", ".dcignore",
    ];

    private static readonly (byte[] Mark, byte[] Blunted)[] Marks =
        [.. new[] { "ast-grep-ignore", "trivy:ignore", "tfsec:ignore" }.Select(mark => (Encoding.UTF8.GetBytes(mark), Encoding.UTF8.GetBytes(mark.Replace("ignore", "IGNORE", StringComparison.Ordinal))))];

    private readonly Dictionary<string, string> _digests = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string[]> _lines = new(StringComparer.Ordinal);

    private SourceTree(string directory) => Directory = directory;

    public string Directory { get; }

    /// <param name="directory">Made where it is not there.</param>
    public static async Task<SourceTree> UnpackAsync(
        IArtifactStore artifacts, WorkspaceReference workspace, string directory, Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        var root = System.IO.Directory.CreateDirectory(directory);
        await using (var archive = await artifacts.OpenReadAsync(workspace.Archive.Key, cancellationToken))
        {
            await WorkspaceUnpacker.UnpackAsync(archive, root.FullName, path => !IsSettings(path) && isWanted(path), cancellationToken);
        }

        var tree = new SourceTree(root.FullName);
        foreach (var file in root.EnumerateFileSystemInfos("*", SearchOption.AllDirectories).ToArray())
        {
            if (file.LinkTarget is not null)
            {
                file.Delete();
            }
            else if (file is FileInfo)
            {
                var content = await File.ReadAllBytesAsync(file.FullName, cancellationToken);
                tree._digests[Path.GetRelativePath(root.FullName, file.FullName).Replace('\\', '/')] = Convert.ToHexStringLower(SHA256.HashData(content));
                if (Blunt(content))
                {
                    await File.WriteAllBytesAsync(file.FullName, content, cancellationToken);
                }
            }
        }

        return tree;
    }

    public bool Any(Func<string, bool> looksAt) => _digests.Keys.Any(looksAt);

    /// <summary>What files hold, as a cache key's part.</summary>
    /// <param name="prefix">In front of every path.</param>
    public void AppendTo(IncrementalHash digest, string prefix, Func<string, bool> looksAt)
    {
        foreach (var (path, content) in _digests.Where(file => looksAt(file.Key)).OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            digest.AppendData(Encoding.UTF8.GetBytes($"{prefix}{path}\0{content}\n"));
        }
    }

    /// <param name="finding">At a path from the tree's root.</param>
    /// <returns>The same with the digest of its line.</returns>
    public Finding WithLineDigest(Finding finding) => LineDigest.Set(finding, LinesOf(finding.Location.Path));

    private static bool IsSettings(string path) => ScannerSettings.Contains(Path.GetFileName(path), StringComparer.OrdinalIgnoreCase);

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

    private string[] LinesOf(string path)
    {
        if (!_lines.TryGetValue(path, out var lines))
        {
            var file = _digests.ContainsKey(path) ? new FileInfo(Path.Combine(Directory, path)) : null;
            lines = file is { Exists: true, Length: <= MaxLineFileBytes } ? File.ReadAllLines(file.FullName) : [];
            _lines.Add(path, lines);
        }

        return lines;
    }
}
