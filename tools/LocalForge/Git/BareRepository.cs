using System.Globalization;
using System.Text;

namespace AtomicDevOps.LocalForge.Git;

/// <summary>One bare repository: reading and writing objects and refs. There is never a work tree.</summary>
internal sealed partial class BareRepository(string path)
{
    /// <summary>Larger patches are left out of answers, as GitHub does.</summary>
    private const int LargestPatch = 1 << 20;

    private const string CommitFormat = "--format=%H%n%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B";

    public string Path { get; } = path;

    public static async Task<BareRepository> InitializeAsync(string path, string defaultBranch, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(path);
        var repository = new BareRepository(path);
        await repository.RunAsync(cancellationToken, "init", "--quiet", "--bare", "--initial-branch=" + defaultBranch, ".");
        (string Key, string Value)[] settings =
        [
            ("uploadpack.allowFilter", "true"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("receive.hideRefs", "refs/pull"),
            ("receive.advertisePushOptions", "false"),
            ("gc.auto", "0"),
            ("core.logAllRefUpdates", "false"),
            ("core.quotePath", "false"),
        ];
        foreach (var (key, value) in settings)
        {
            await repository.RunAsync(cancellationToken, "config", "--add", key, value);
        }

        return repository;
    }

    /// <summary>The sha of the commit that <paramref name="revision"/> (a sha, branch, tag or full ref) names, or null.</summary>
    public async Task<string?> ResolveCommitAsync(string revision, CancellationToken cancellationToken)
    {
        if (!IsPlainRevision(revision))
        {
            return null;
        }

        string[] candidates = [$"refs/heads/{revision}", $"refs/tags/{revision}", revision, $"refs/{revision}"];
        foreach (var candidate in candidates)
        {
            var result = await TryRunAsync(cancellationToken, "rev-parse", "--verify", "--quiet", "--end-of-options", candidate + "^{commit}");
            if (result.ExitCode == 0)
            {
                return result.Line;
            }
        }

        return null;
    }

    /// <summary>What a full ref points to, or null.</summary>
    public async Task<string?> ReadRefAsync(string name, CancellationToken cancellationToken)
    {
        var result = await TryRunAsync(cancellationToken, "rev-parse", "--verify", "--quiet", "--end-of-options", name);
        return result.ExitCode == 0 ? result.Line : null;
    }

    public Task<string?> ReadBranchAsync(string branch, CancellationToken cancellationToken) =>
        ReadRefAsync("refs/heads/" + branch, cancellationToken);

    /// <summary>Refs under a prefix such as <c>refs/heads/</c>, by name.</summary>
    public async Task<IReadOnlyList<GitReference>> ListRefsAsync(string prefix, CancellationToken cancellationToken)
    {
        var result = await RunAsync(cancellationToken, "for-each-ref", "--format=%(objectname) %(objecttype) %(refname)", "--", prefix);
        return [.. result.Lines.Select(line => line.Split(' ', 3)).Select(part => new GitReference(part[2], part[0], part[1]))];
    }

    /// <summary>Moves a ref if it still is where the caller saw it.</summary>
    /// <returns>False where the ref is elsewhere by now, or git refuses its name.</returns>
    public async Task<bool> UpdateRefAsync(string name, string after, string before, CancellationToken cancellationToken)
    {
        var result = await TryRunAsync(cancellationToken, "update-ref", "--no-deref", "--end-of-options", name, after, before);
        return result.ExitCode == 0;
    }

    /// <summary>Sets a ref of the forge's own, wherever it was.</summary>
    public Task SetRefAsync(string name, string sha, CancellationToken cancellationToken) =>
        RunAsync(cancellationToken, "update-ref", "--no-deref", name, sha);

    public Task DeleteRefAsync(string name, CancellationToken cancellationToken) =>
        RunAsync(cancellationToken, "update-ref", "--no-deref", "-d", name);

    /// <summary>Makes a branch the one that a clone checks out.</summary>
    public Task SetHeadAsync(string branch, CancellationToken cancellationToken) =>
        RunAsync(cancellationToken, "symbolic-ref", "HEAD", "refs/heads/" + branch);

    public async Task<bool> IsValidRefNameAsync(string name, CancellationToken cancellationToken) =>
        IsPlainRevision(name) && (await TryRunAsync(cancellationToken, "check-ref-format", name)).ExitCode == 0;

    public async Task<string?> ObjectTypeAsync(string sha, CancellationToken cancellationToken)
    {
        var result = IsSha(sha) ? await TryRunAsync(cancellationToken, "cat-file", "-t", sha) : null;
        return result?.ExitCode == 0 ? result.Line : null;
    }

    public async Task<GitCommit> ReadCommitAsync(string sha, CancellationToken cancellationToken) =>
        (await ReadCommitsAsync(["--max-count=1", sha], cancellationToken))[0];

    /// <summary>Commits that <c>git log</c> with these arguments gives, newest first unless they say otherwise.</summary>
    public async Task<IReadOnlyList<GitCommit>> ReadCommitsAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var result = await RunAsync(cancellationToken, ["log", "-z", "--encoding=UTF-8", CommitFormat, .. arguments]);
        return [.. result.Text.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(ParseCommit)];
    }

    /// <summary>The commits of <paramref name="head"/> that <paramref name="baseCommit"/> lacks, oldest first.</summary>
    public Task<IReadOnlyList<GitCommit>> ReadCommitsBetweenAsync(string baseCommit, string head, CancellationToken cancellationToken) =>
        ReadCommitsAsync(["--reverse", "--topo-order", $"{baseCommit}..{head}", "--"], cancellationToken);

    public async Task<int> CountCommitsAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        int.Parse((await RunAsync(cancellationToken, ["rev-list", "--count", .. arguments])).Line, CultureInfo.InvariantCulture);

    public async Task<string?> MergeBaseAsync(string first, string second, CancellationToken cancellationToken)
    {
        var result = await TryRunAsync(cancellationToken, "merge-base", first, second);
        return result.ExitCode == 0 ? result.Line : null;
    }

    public async Task<bool> IsAncestorAsync(string ancestor, string descendant, CancellationToken cancellationToken) =>
        (await TryRunAsync(cancellationToken, "merge-base", "--is-ancestor", ancestor, descendant)).ExitCode == 0;

    /// <summary>How many commits <paramref name="head"/> has over <paramref name="baseCommit"/>, and lacks.</summary>
    public async Task<(int Ahead, int Behind)> AheadBehindAsync(string baseCommit, string head, CancellationToken cancellationToken)
    {
        var counts = (await RunAsync(cancellationToken, "rev-list", "--left-right", "--count", $"{baseCommit}...{head}")).Line.Split('\t');
        return (int.Parse(counts[1], CultureInfo.InvariantCulture), int.Parse(counts[0], CultureInfo.InvariantCulture));
    }

    /// <summary>The files that differ between two trees or commits.</summary>
    public async Task<IReadOnlyList<GitFileChange>> DiffAsync(string before, string after, bool withPatches, CancellationToken cancellationToken)
    {
        var listing = (await RunAsync(cancellationToken, "diff-tree", "-r", "-M", "-z", "--raw", "--numstat", "--no-abbrev", before, after)).Text;
        var changes = ParseRawAndNumstat(listing.Split('\0'));
        if (!withPatches || changes.Count == 0)
        {
            return changes;
        }

        var patches = await ReadPatchesAsync(before, after, cancellationToken);
        return [.. changes.Select(change => change with { Patch = patches.GetValueOrDefault(change.Path) })];
    }

    /// <summary>What one commit changed against its first parent.</summary>
    public Task<IReadOnlyList<GitFileChange>> DiffOfCommitAsync(GitCommit commit, CancellationToken cancellationToken) =>
        DiffAsync(commit.Parents is [var parent, ..] ? parent : EmptyTree, commit.Sha, withPatches: true, cancellationToken);

    /// <summary>The entries of one directory (<paramref name="recursive"/>: of all below it), or of one file; empty if there is none.</summary>
    public async Task<IReadOnlyList<GitTreeEntry>> ListTreeAsync(
        string commit, string path, bool recursive, CancellationToken cancellationToken)
    {
        string[] depth = recursive ? ["-r"] : [];
        var tree = path.Length == 0 ? commit : $"{commit}:{path}";
        var result = await TryRunAsync(cancellationToken, ["ls-tree", "-z", "--long", .. depth, "--end-of-options", tree]);
        if (result.ExitCode != 0)
        {
            return [];
        }

        var prefix = path.Length == 0 ? "" : path + "/";
        return [.. ParseTree(result.Text).Select(entry => entry with { Path = prefix + entry.Path })];
    }

    /// <summary>The entry at exactly this path, or null.</summary>
    public async Task<GitTreeEntry?> FindEntryAsync(string commit, string path, CancellationToken cancellationToken)
    {
        var result = await RunAsync(cancellationToken, "--literal-pathspecs", "ls-tree", "-z", "--long", "--full-tree", commit, "--", path);
        return ParseTree(result.Text).FirstOrDefault(entry => entry.Path == path);
    }

    public async Task<byte[]> ReadBlobAsync(string sha, CancellationToken cancellationToken) =>
        (await RunAsync(cancellationToken, "cat-file", "blob", sha)).Output;

    public async Task<string> WriteBlobAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        (await GitCommand.RunAsync(Path, ["hash-object", "-w", "--stdin"], cancellationToken, content)).Line;

    /// <summary>The tree that <paramref name="baseTree"/> becomes when files are set (mode and blob) or, where the blob is null, removed.</summary>
    /// <exception cref="ArgumentException">A path is not one that git can hold, such as one with <c>..</c> in it.</exception>
    /// <exception cref="GitException">git refused the change, as where a file stands in a directory's place.</exception>
    public async Task<string> WriteTreeAsync(
        string? baseTree, IReadOnlyDictionary<string, (string Mode, string? Blob)> files, CancellationToken cancellationToken)
    {
        var index = System.IO.Path.Combine(Path, $"index-{Guid.NewGuid():N}");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["GIT_INDEX_FILE"] = index };
        try
        {
            if (baseTree is not null)
            {
                await GitCommand.RunAsync(Path, ["read-tree", baseTree], cancellationToken, environment: environment);
            }

            var lines = new StringBuilder();
            foreach (var (file, (mode, blob)) in files)
            {
                if (!IsTreePath(file))
                {
                    throw new ArgumentException($"'{file}' is not a path that git can hold.", nameof(files));
                }

                lines.Append(blob is null ? "0" : mode).Append(' ').Append(blob ?? RefChange.Zero).Append('\t').Append(file).Append('\0');
            }

            var input = Encoding.UTF8.GetBytes(lines.ToString());
            await GitCommand.RunAsync(Path, ["update-index", "-z", "--add", "--replace", "--index-info"], cancellationToken, input, environment);
            return (await GitCommand.RunAsync(Path, ["write-tree"], cancellationToken, environment: environment)).Line;
        }
        finally
        {
            File.Delete(index);
        }
    }

    public async Task<string> CommitTreeAsync(
        string tree, IReadOnlyList<string> parents, string message, GitSignature author, GitSignature committer, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["GIT_AUTHOR_NAME"] = author.Name,
            ["GIT_AUTHOR_EMAIL"] = author.Email,
            ["GIT_AUTHOR_DATE"] = GitDate(author.Date),
            ["GIT_COMMITTER_NAME"] = committer.Name,
            ["GIT_COMMITTER_EMAIL"] = committer.Email,
            ["GIT_COMMITTER_DATE"] = GitDate(committer.Date),
        };
        var result = await GitCommand.RunAsync(
            Path,
            ["commit-tree", tree, .. parents.SelectMany(parent => new[] { "-p", parent }), "-F", "-"],
            cancellationToken,
            Encoding.UTF8.GetBytes(message),
            environment);
        return result.Line;
    }

    /// <summary>Brings the objects behind a ref of another repository here, and points <paramref name="localRef"/> (if any) at them.</summary>
    public Task FetchAsync(BareRepository other, string remoteRef, string? localRef, CancellationToken cancellationToken) =>
        RunAsync(
            cancellationToken,
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            other.Path,
            localRef is null ? remoteRef : $"+{remoteRef}:{localRef}");

    public Task ArchiveAsync(string commit, string prefix, string format, Stream output, CancellationToken cancellationToken) =>
        GitCommand.StreamAsync(
            Path, ["archive", "--format=" + format, $"--prefix={prefix}/", commit], Stream.Null, output, environment: null, cancellationToken);

    /// <summary>A revision that is a plain name or sha: no option, no range, no <c>@{…}</c>, <c>^</c> or <c>:</c>.</summary>
    private static bool IsPlainRevision(string revision) =>
        revision.Length > 0 && revision[0] != '-' && revision.IndexOfAny(['^', ':', '~', '?', '*', '[', '\\', ' ', '\n', '\0']) < 0
        && !revision.Contains("..", StringComparison.Ordinal) && !revision.Contains("@{", StringComparison.Ordinal);

    public static bool IsSha(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigit);

    /// <summary>git update-index leaves out paths it cannot hold without failing, so they are found first.</summary>
    private static bool IsTreePath(string path) =>
        !path.Contains('\0', StringComparison.Ordinal)
        && path.Split('/').All(part => part is not ("" or "." or "..") && !part.Equals(".git", StringComparison.OrdinalIgnoreCase));

    private static string GitDate(DateTimeOffset date) =>
        string.Create(CultureInfo.InvariantCulture, $"@{date.ToUnixTimeSeconds()} {(date.Offset < TimeSpan.Zero ? '-' : '+')}{date.Offset:hhmm}");

    private static GitCommit ParseCommit(string text)
    {
        var part = text.Split('\n', 10);
        return new GitCommit(
            part[0],
            part[1],
            part[2].Split(' ', StringSplitOptions.RemoveEmptyEntries),
            new GitSignature(part[3], part[4], DateTimeOffset.Parse(part[5], CultureInfo.InvariantCulture)),
            new GitSignature(part[6], part[7], DateTimeOffset.Parse(part[8], CultureInfo.InvariantCulture)),
            part[9].TrimEnd('\n'));
    }

    private static IEnumerable<GitTreeEntry> ParseTree(string text) =>
        from line in text.Split('\0', StringSplitOptions.RemoveEmptyEntries)
        let tab = line.IndexOf('\t', StringComparison.Ordinal)
        let part = line[..tab].Split(' ', StringSplitOptions.RemoveEmptyEntries)
        select new GitTreeEntry(
            part[0], part[1], part[2], part[3] == "-" ? 0 : long.Parse(part[3], CultureInfo.InvariantCulture), line[(tab + 1)..]);

    private static List<GitFileChange> ParseRawAndNumstat(string[] fields)
    {
        var changes = new List<GitFileChange>();
        var i = 0;
        while (i < fields.Length && fields[i].StartsWith(':'))
        {
            var part = fields[i].Split(' ');
            var renamed = part[4][0] is 'R' or 'C';
            var path = fields[i + (renamed ? 2 : 1)];
            var status = part[4][0] switch { 'A' => "added", 'D' => "removed", 'R' => "renamed", 'C' => "copied", _ => "modified" };
            changes.Add(new GitFileChange(path, status, part[4][0] == 'D' ? part[2] : part[3], 0, 0)
            {
                PreviousPath = renamed ? fields[i + 1] : null,
            });
            i += renamed ? 3 : 2;
        }

        for (var n = 0; n < changes.Count; n++)
        {
            var count = fields[i].Split('\t');
            changes[n] = changes[n] with { Additions = ParseCount(count[0]), Deletions = ParseCount(count[1]) };
            i += count[2].Length == 0 ? 3 : 1;
        }

        return changes;
    }

    private static int ParseCount(string text) => text == "-" ? 0 : int.Parse(text, CultureInfo.InvariantCulture);

    private async Task<Dictionary<string, string>> ReadPatchesAsync(string before, string after, CancellationToken cancellationToken)
    {
        var text = (await RunAsync(cancellationToken, "-c", "core.quotePath=false", "diff-tree", "-r", "-M", "-p", before, after)).Text;
        var patches = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var section in text.Split("\ndiff --git ", StringSplitOptions.None))
        {
            var hunks = section.IndexOf("\n@@", StringComparison.Ordinal);
            if (hunks < 0 || section.Length - hunks > LargestPatch)
            {
                continue;
            }

            var header = section[..hunks].Split('\n');
            var file = PatchPath(header, "+++ b/") ?? PatchPath(header, "--- a/");
            if (file is not null)
            {
                patches[file] = section[(hunks + 1)..].TrimEnd('\n');
            }
        }

        return patches;
    }

    private static string? PatchPath(IEnumerable<string> header, string marker) =>
        header.FirstOrDefault(line => line.StartsWith(marker, StringComparison.Ordinal))?[marker.Length..].TrimEnd('\t');

    private Task<GitResult> RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        GitCommand.RunAsync(Path, arguments, cancellationToken);

    private Task<GitResult> TryRunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        GitCommand.TryRunAsync(Path, arguments, cancellationToken);

    public const string EmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
}
