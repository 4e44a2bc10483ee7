using System.Globalization;
using System.Text;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;

namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>The git command line over bare caches.</summary>
/// <remarks>
/// The remote's URL and credentials are handed over by <c>GIT_CONFIG_COUNT</c> and its variables, so neither stands on a command line or on the disk.
/// References below <c>refs/complete/{commit}/{bytes}</c> say that a commit's files up to that size are all there.
/// </remarks>
[Agent(AgentLayer.ExecutionWrapper, GitTool.Name, "Runs git on bare caches of remote repositories.")]
public sealed class GitCli : IGitClient
{
    private const long DefaultFileBytes = 100L * 1024 * 1024;
    private const long PackOverheadBytes = 16L * 1024 * 1024;
    private const int MaxLinkBytes = 4_096;
    private const int MaxBodyLength = 16 * 1024;
    private const int LogOutputBytes = 64 * 1024 * 1024;
    private static readonly int?[] DeepenSteps = [50, 500, 5_000, null];
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly IProcessRunner _processes;
    private readonly IReadOnlyList<IGitCredentialSource> _credentials;
    private readonly SecretRedactor _redactor;
    private readonly GitOptions _options;
    private readonly GitCache _cache;
    private readonly ResiliencePipeline _transient;
    private readonly TimeProvider _timeProvider;
    private readonly string _home;

    public GitCli(
        IProcessRunner processes,
        IEnumerable<IGitCredentialSource> credentials,
        SecretRedactor redactor,
        IOptions<GitOptions> options,
        TimeProvider timeProvider)
    {
        _processes = processes;
        _credentials = [.. credentials];
        _redactor = redactor;
        _timeProvider = timeProvider;
        _options = options.Value;
        _cache = new GitCache(_options.Directory, timeProvider);
        _home = Path.GetFullPath(_options.Directory);
        _transient = new ResiliencePipelineBuilder { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<ToolUnavailableException>(),
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(500),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .Build();
    }

    public async Task<string> GetVersionAsync(CancellationToken cancellationToken)
    {
        var result = await RunAsync(null, null, ["version"], "git version", cancellationToken);
        return result.StandardOutput.Text.Replace("git version", "", StringComparison.Ordinal).Trim();
    }

    public async Task<string?> ResolveRemoteReferenceAsync(string cloneUrl, string reference, CancellationToken cancellationToken)
    {
        var remote = GitArguments.CloneUrl(cloneUrl, _options);
        return await ReadRemoteReferenceAsync(remote, GitArguments.Reference(reference), cancellationToken);
    }

    public Task<GitFetchResult> FetchAsync(string cloneUrl, GitRevision revision, GitFetchLimits limits, CancellationToken cancellationToken) =>
        WithRepositoryAsync(cloneUrl, revision, (repository, token) => FetchCompleteAsync(repository, revision, limits, token), cancellationToken);

    public Task<GitTree> ListTreeAsync(string cloneUrl, string commitSha, int maxEntries, CancellationToken cancellationToken)
    {
        ToolGuard.InRange(GitTool.Name, nameof(maxEntries), maxEntries, 1, 1_000_000);
        return WithRepositoryAsync(cloneUrl, new GitRevision(commitSha), ListAsync, cancellationToken, fetches: false);

        async Task<GitTree> ListAsync(Repository repository, CancellationToken token)
        {
            var outputBytes = (int)Math.Min(256L * 1024 * 1024, 512L * maxEntries + 64 * 1024);
            var listing = await RunAsync(repository, null, ["ls-tree", "-r", "-z", "--full-tree", commitSha], "Listing the tree", token, outputBytes: outputBytes);
            if (listing.StandardOutput.Truncated)
            {
                return new GitTree([], Truncated: true);
            }

            var entries = listing.StandardOutput.Text.Split('\0', StringSplitOptions.RemoveEmptyEntries);
            if (entries.Length > maxEntries)
            {
                return new GitTree([], Truncated: true);
            }

            var parsed = entries.Select(GitOutput.ParseTreeEntry).ToList();
            var sizes = await ReadSizesAsync(repository, parsed, token);
            return new GitTree([.. parsed.Select(entry => entry with { Bytes = sizes.TryGetValue(entry.ObjectId, out var bytes) ? bytes : null })], Truncated: false);
        }
    }

    public Task<IReadOnlyDictionary<string, string>> ReadLinksAsync(string cloneUrl, IReadOnlyList<GitTreeEntry> links, CancellationToken cancellationToken)
    {
        if (links.FirstOrDefault(link => link.Bytes is null or > MaxLinkBytes) is { } tooLong)
        {
            throw new ToolException(GitTool.Name, $"The symbolic link '{tooLong.Path}' has a target of more than {MaxLinkBytes} bytes, which no file system can hold.");
        }

        if (links.Count == 0)
        {
            return Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>(StringComparer.Ordinal));
        }

        return WithRepositoryAsync(cloneUrl, new GitRevision(links[0].ObjectId), ReadAsync, cancellationToken, fetches: false);

        async Task<IReadOnlyDictionary<string, string>> ReadAsync(Repository repository, CancellationToken token)
        {
            using var output = new MemoryStream();
            var ids = links.Select(link => GitArguments.CommitSha(link.ObjectId)).Distinct(StringComparer.Ordinal);
            await RunAsync(repository, null, ["cat-file", "--batch"], "Reading symbolic links", token, input: string.Join('\n', ids) + "\n", destination: output);
            var contents = GitOutput.ParseBatch(output.GetBuffer().AsSpan(0, (int)output.Length));
            return links.ToDictionary(link => link.Path, link => contents[link.ObjectId], StringComparer.Ordinal);
        }
    }

    public Task ArchiveAsync(string cloneUrl, string commitSha, Stream destination, CancellationToken cancellationToken) =>
        WithRepositoryAsync(
            cloneUrl,
            new GitRevision(commitSha),
            (repository, token) => RunAsync(repository, null, ["archive", "--format=tar", commitSha], "Packing the tree", token, destination: destination),
            cancellationToken,
            fetches: false);

    public Task<string?> GetMergeBaseAsync(string cloneUrl, GitRevision first, GitRevision second, CancellationToken cancellationToken) =>
        WithRepositoryAsync(cloneUrl, first, (repository, token) => FindMergeBaseAsync(repository, first, second, token), cancellationToken);

    public Task<GitMergeCheck> CheckMergeAsync(string cloneUrl, GitRevision target, GitRevision head, CancellationToken cancellationToken)
    {
        return WithRepositoryAsync(cloneUrl, target, CheckAsync, cancellationToken);

        async Task<GitMergeCheck> CheckAsync(Repository repository, CancellationToken token)
        {
            var mergeBase = await FindMergeBaseAsync(repository, target, head, token);
            if (mergeBase is null)
            {
                return new GitMergeCheck(Mergeable: false, [], UpToDate: false, MergeBase: null);
            }

            var upToDate = string.Equals(mergeBase, target.CommitSha, StringComparison.Ordinal);
            if (upToDate)
            {
                return new GitMergeCheck(Mergeable: true, [], upToDate, mergeBase);
            }

            // Exit code 1 means conflicts: https://git-scm.com/docs/git-merge-tree#_exit_status
            var result = await RunAsync(
                repository,
                repository.Remote,
                ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", target.CommitSha, head.CommitSha],
                "Checking for conflicts",
                token,
                acceptedExitCodes: [0, 1],
                outputBytes: 4 * 1024 * 1024);
            var conflicts = result.StandardOutput.Text.Split('\0', StringSplitOptions.RemoveEmptyEntries).Skip(1).Distinct(StringComparer.Ordinal).ToList();
            return new GitMergeCheck(result.ExitCode == 0, result.ExitCode == 0 ? [] : conflicts, upToDate, mergeBase);
        }
    }

    public Task<GitDiff> DiffAsync(string cloneUrl, GitRevision from, GitRevision to, int maxFiles, CancellationToken cancellationToken)
    {
        return WithRepositoryAsync(cloneUrl, from, CompareAsync, cancellationToken);

        async Task<GitDiff> CompareAsync(Repository repository, CancellationToken token)
        {
            await EnsureCommitAsync(repository, from, token);
            await EnsureCommitAsync(repository, to, token);
            var result = await RunAsync(
                repository,
                repository.Remote,
                ["diff-tree", "-r", "-z", "-M", "-l1000", "--raw", "--numstat", "--no-ext-diff", "--no-textconv", "--full-index", from.CommitSha, to.CommitSha, "--"],
                "Comparing the commits",
                token,
                outputBytes: LogOutputBytes);
            if (result.StandardOutput.Truncated)
            {
                throw new ToolException(GitTool.Name, "The two commits differ in so many files that they cannot be compared.");
            }

            var files = GitOutput.ParseDiff(result.StandardOutput.Text);
            return files.Count > maxFiles ? new GitDiff([.. files.Take(maxFiles)], Truncated: true) : new GitDiff(files, Truncated: false);
        }
    }

    public Task<GitLog> LogAsync(string cloneUrl, GitRevision? exclude, GitRevision head, int maxCommits, CancellationToken cancellationToken)
    {
        return WithRepositoryAsync(cloneUrl, head, ReadAsync, cancellationToken);

        async Task<GitLog> ReadAsync(Repository repository, CancellationToken token)
        {
            await EnsureCommitAsync(repository, head, token);
            List<string> range = [head.CommitSha];
            if (exclude is not null)
            {
                await EnsureCommitAsync(repository, exclude, token);
                range.Add("^" + exclude.CommitSha);
            }

            await EnsureHistoryAsync(repository, range, exclude is null ? [head] : [head, exclude], maxCommits + 1, token);
            var result = await RunAsync(
                repository,
                null,
                [
                    "log", "--no-show-signature", "--no-decorate", "--no-patch", string.Create(CultureInfo.InvariantCulture, $"--max-count={maxCommits + 1}"),
                    "--format=%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%s%x00%b%x00", .. range, "--",
                ],
                "Reading the history",
                token,
                outputBytes: LogOutputBytes);
            if (result.StandardOutput.Truncated)
            {
                throw new ToolException(GitTool.Name, "The commit messages are too long to be read at once. Ask for fewer commits.");
            }

            var commits = GitOutput.ParseLog(result.StandardOutput.Text, MaxBodyLength);
            return commits.Count > maxCommits ? new GitLog([.. commits.Take(maxCommits)], Truncated: true) : new GitLog(commits, Truncated: false);
        }
    }

    public Task<IReadOnlyList<GitBlameLine>> BlameAsync(
        string cloneUrl,
        GitRevision revision,
        string path,
        int firstLine,
        int lastLine,
        CancellationToken cancellationToken)
    {
        GitArguments.TreePath(path);
        ToolGuard.InRange(GitTool.Name, nameof(firstLine), firstLine, 1, int.MaxValue);
        ToolGuard.InRange(GitTool.Name, nameof(lastLine), lastLine, firstLine, int.MaxValue);
        return WithRepositoryAsync(cloneUrl, revision, BlameAsync, cancellationToken);

        async Task<IReadOnlyList<GitBlameLine>> BlameAsync(Repository repository, CancellationToken token)
        {
            await EnsureCommitAsync(repository, revision, token);
            await EnsureHistoryAsync(repository, [revision.CommitSha], [revision], int.MaxValue, token);
            var last = lastLine;
            while (true)
            {
                var result = await RunAsync(
                    repository,
                    repository.Remote,
                    ["blame", "--line-porcelain", "-L", string.Create(CultureInfo.InvariantCulture, $"{firstLine},{last}"), revision.CommitSha, "--", path],
                    "Reading who changed the lines",
                    token,
                    acceptedExitCodes: [0, 128],
                    outputBytes: LogOutputBytes);
                if (result.ExitCode == 0)
                {
                    return GitOutput.ParseBlame(result.StandardOutput.Text);
                }

                if (GitOutput.LinesInFile(result.StandardError.Text) is { } lines)
                {
                    if (lines < firstLine || lines >= last)
                    {
                        return [];
                    }

                    last = lines;
                    continue;
                }

                throw result.StandardError.Text.Contains("no such path", StringComparison.Ordinal)
                    ? new ToolNotFoundException(GitTool.Name, $"There is no file '{path}' in commit {revision.CommitSha}.")
                    : GitFailure.ToException(result, "Reading who changed the lines", _redactor);
            }
        }
    }

    public Task<GitSignature> VerifySignatureAsync(string cloneUrl, GitRevision revision, CancellationToken cancellationToken)
    {
        return WithRepositoryAsync(cloneUrl, revision, VerifyAsync, cancellationToken);

        async Task<GitSignature> VerifyAsync(Repository repository, CancellationToken token)
        {
            await EnsureCommitAsync(repository, revision, token);
            var commit = await RunAsync(repository, null, ["cat-file", "commit", revision.CommitSha], "Reading the commit", token, outputBytes: 1024 * 1024);
            if (!GitSignatureReader.IsSigned(commit.StandardOutput.Text))
            {
                return new GitSignature(revision.CommitSha, GitSignatureStatus.NotSigned, null, null, null);
            }

            var result = await RunAsync(
                repository,
                null,
                ["verify-commit", "--raw", revision.CommitSha],
                "Checking the signature",
                token,
                acceptedExitCodes: [0, 1, 128]);
            return GitSignatureReader.Parse(revision.CommitSha, _redactor.Redact(result.StandardError.Text), result.ExitCode == 0);
        }
    }

    public Task<GitTagResult> TagAsync(string cloneUrl, GitRevision revision, string name, string message, CancellationToken cancellationToken)
    {
        var reference = GitArguments.Reference("refs/tags/" + name);
        if (string.IsNullOrWhiteSpace(message) || message.Contains('\0', StringComparison.Ordinal))
        {
            throw new ToolException(GitTool.Name, "An annotated tag needs a message without NUL characters.");
        }

        return WithRepositoryAsync(cloneUrl, revision, TagAsync, cancellationToken);

        async Task<GitTagResult> TagAsync(Repository repository, CancellationToken token)
        {
            if (await ReadTagAsync() is { } existing)
            {
                return existing;
            }

            await EnsureCommitAsync(repository, revision, token);
            var content = string.Create(
                CultureInfo.InvariantCulture,
                $"object {revision.CommitSha}\ntype commit\ntag {name}\ntagger {_options.UserName} <{_options.UserEmail}> {_timeProvider.GetUtcNow().ToUnixTimeSeconds()} +0000\n\n{message.TrimEnd()}\n");
            var tag = await RunAsync(repository, null, ["mktag"], "Making the tag", token, input: content);
            var push = await RunAsync(
                repository,
                repository.Remote,
                ["push", "--porcelain", "--no-verify", "origin", $"{GitArguments.CommitSha(tag.StandardOutput.Text.Trim())}:{reference}"],
                "Pushing the tag",
                token,
                acceptedExitCodes: [0, 1]);
            return push.ExitCode == 0
                ? new GitTagResult(GitTagOutcome.Created, revision.CommitSha)
                : await ReadTagAsync() ?? throw GitFailure.ToException(push, "Pushing the tag", _redactor);

            async Task<GitTagResult?> ReadTagAsync()
            {
                var current = await ReadRemoteReferenceAsync(repository.Remote, reference + "^{}", token)
                    ?? await ReadRemoteReferenceAsync(repository.Remote, reference, token);
                return current is null
                    ? null
                    : new GitTagResult(string.Equals(current, revision.CommitSha, StringComparison.Ordinal) ? GitTagOutcome.AlreadyThere : GitTagOutcome.NameTaken, current);
            }
        }
    }

    public Task<GitCommitResult> CommitAsync(string cloneUrl, NewGitCommit commit, CancellationToken cancellationToken)
    {
        const string DirectoryMode = "040000";
        var reference = GitArguments.Reference($"refs/heads/{commit.Branch}");
        var problem = commit switch
        {
            { Files.Count: 0 } => "A commit needs at least one changed file.",
            _ when string.IsNullOrWhiteSpace(commit.Message) || commit.Message.Contains('\0', StringComparison.Ordinal) => "A commit needs a message without NUL characters.",
            _ when commit.Files.Keys.FirstOrDefault(static path => path.Length == 0 || path.Any(char.IsControl) || path.Split('/').Any(static part => part is "" or "." or ".." || string.Equals(part, ".git", StringComparison.OrdinalIgnoreCase))) is { } bad =>
                $"'{bad}' is no path inside of the tree.",
            _ when commit.Files.Keys.FirstOrDefault(path => DirectoriesOf(path).Any(commit.Files.ContainsKey)) is { } bad => $"'{bad}' lies in what is to be a file itself.",
            _ => null,
        };
        return problem is not null
            ? throw new ToolException(GitTool.Name, problem)
            : WithRepositoryAsync(cloneUrl, commit.Parent, CommitAsync, cancellationToken);

        async Task<GitCommitResult> CommitAsync(Repository repository, CancellationToken token)
        {
            if (await FetchCompleteAsync(repository, commit.Parent, new GitFetchLimits(long.MaxValue, long.MaxValue), token) == GitFetchResult.CommitNotFound)
            {
                throw new ToolNotFoundException(GitTool.Name, $"The commit {commit.Parent.CommitSha} does not exist in the repository.");
            }

            var made = $"refs/made/{Guid.NewGuid():N}";
            await RunAsync(repository, null, ["fast-import", "--quiet", "--done"], "Making the commit", token, input: await StreamAsync(made));
            var sha = GitArguments.CommitSha((await RunAsync(repository, null, ["rev-parse", "--verify", made], "Making the commit", token)).StandardOutput.Text.Trim());
            var push = await RunAsync(
                repository,
                repository.Remote,
                ["push", "--porcelain", "--no-verify", $"--force-with-lease={reference}:", "origin", $"{sha}:{reference}"],
                "Pushing the commit",
                token,
                acceptedExitCodes: [0, 1]);
            await RunAsync(repository, null, ["update-ref", "-d", made], "Forgetting the name of the commit", token);
            if (push.ExitCode == 0)
            {
                // A branch that is there already with this commit is up to date, which porcelain marks with =.
                var isThere = push.StandardOutput.Text.Split('\n').Any(static line => line.StartsWith('='));
                return new GitCommitResult(isThere ? GitCommitOutcome.AlreadyThere : GitCommitOutcome.Created, sha);
            }

            return await ReadRemoteReferenceAsync(repository.Remote, reference, token) switch
            {
                null => throw GitFailure.ToException(push, "Pushing the commit", _redactor),
                { } present => new GitCommitResult(string.Equals(present, sha, StringComparison.Ordinal) ? GitCommitOutcome.AlreadyThere : GitCommitOutcome.NameTaken, present),
            };

            async Task<string> StreamAsync(string name)
            {
                var listing = await RunAsync(repository, null, ["ls-tree", "-z", "--full-tree", commit.Parent.CommitSha, "--", .. commit.Files.Keys.SelectMany(static path => DirectoriesOf(path).Append(path)).Distinct(StringComparer.Ordinal)], "Looking at the files", token);
                var modes = listing.StandardOutput.Text.Split('\0', StringSplitOptions.RemoveEmptyEntries).ToDictionary(static line => line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..], static line => line[..6], StringComparer.Ordinal);
                var who = string.Create(CultureInfo.InvariantCulture, $"{_options.UserName} <{_options.UserEmail}> {commit.At.ToUnixTimeSeconds()} +0000");
                var stream = new StringBuilder();
                stream.Append(CultureInfo.InvariantCulture, $"commit {name}\nauthor {who}\ncommitter {who}\n");
                AppendData(stream, $"{commit.Message.TrimEnd()}\n");
                stream.Append(CultureInfo.InvariantCulture, $"from {commit.Parent.CommitSha}\n");
                foreach (var (path, content) in commit.Files.OrderBy(static file => file.Key, StringComparer.Ordinal))
                {
                    var mode = modes.GetValueOrDefault(path, "100644");
                    if (mode is not ("100644" or "100755"))
                    {
                        throw new ToolException(GitTool.Name, $"'{path}' is no plain file in {commit.Parent.CommitSha}, so it cannot be changed.");
                    }

                    if (DirectoriesOf(path).FirstOrDefault(directory => modes.GetValueOrDefault(directory, DirectoryMode) is not DirectoryMode) is { } other)
                    {
                        throw new ToolException(GitTool.Name, $"'{path}' cannot be changed, because '{other}' is no directory in {commit.Parent.CommitSha}.");
                    }

                    stream.Append(CultureInfo.InvariantCulture, $"M {mode} inline \"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"\n");
                    AppendData(stream, content);
                }

                return stream.Append("done\n").ToString();
            }
        }

        static IEnumerable<string> DirectoriesOf(string path) =>
            Enumerable.Range(0, path.Length).Where(index => path[index] is '/').Select(index => path[..index]);

        static void AppendData(StringBuilder stream, string text) =>
            stream.Append(CultureInfo.InvariantCulture, $"data {Encoding.UTF8.GetByteCount(text)}\n").Append(text).Append('\n');
    }

    private async Task<GitFetchResult> FetchCompleteAsync(Repository repository, GitRevision revision, GitFetchLimits limits, CancellationToken cancellationToken)
    {
        if (await IsCompleteAsync(repository, revision.CommitSha, limits.FileBytes, cancellationToken))
        {
            return GitFetchResult.AlreadyThere;
        }

        // What came with history came without files; having the commit, the server would send none of them unless told to begin anew.
        List<string> refetch = await HasCommitAsync(repository, revision.CommitSha, cancellationToken) ? ["--refetch"] : [];
        var marker = string.Create(CultureInfo.InvariantCulture, $"refs/complete/{revision.CommitSha}/{limits.FileBytes}");
        var result = await FetchAsync(repository, [.. refetch, "--depth=1", Filter(limits.FileBytes)], $"+{revision.CommitSha}:{marker}", limits, cancellationToken);
        if (result.Succeeded)
        {
            return GitFetchResult.Fetched;
        }

        if (GitFailure.IsTooLarge(result.StandardError.Text))
        {
            return GitFetchResult.TooLarge;
        }

        if (!GitFailure.IsCommitMissing(result.StandardError.Text))
        {
            throw GitFailure.ToException(result, "Fetching the commit", _redactor);
        }

        return revision.FetchReference is null
            ? GitFetchResult.CommitNotFound
            : await FetchByReferenceAsync(repository, revision, limits, marker, cancellationToken);
    }

    private async Task<GitFetchResult> FetchByReferenceAsync(
        Repository repository,
        GitRevision revision,
        GitFetchLimits limits,
        string marker,
        CancellationToken cancellationToken)
    {
        var reference = GitArguments.Reference(revision.FetchReference!);
        foreach (var depth in DeepenSteps.Prepend(1))
        {
            string[] history = depth is { } commits
                ? [string.Create(CultureInfo.InvariantCulture, $"--depth={commits}")]
                : IsShallow(repository) ? ["--unshallow"] : [];
            var result = await FetchAsync(repository, [.. history, Filter(limits.FileBytes)], $"+{reference}:refs/fetched/{revision.CommitSha}", limits, cancellationToken);
            if (GitFailure.IsTooLarge(result.StandardError.Text))
            {
                return GitFetchResult.TooLarge;
            }

            if (!result.Succeeded)
            {
                return GitFailure.IsCommitMissing(result.StandardError.Text)
                    ? GitFetchResult.CommitNotFound
                    : throw GitFailure.ToException(result, $"Fetching '{reference}'", _redactor);
            }

            if (await HasCommitAsync(repository, revision.CommitSha, cancellationToken))
            {
                await RunAsync(repository, null, ["update-ref", marker, revision.CommitSha], "Keeping the commit", cancellationToken);
                return GitFetchResult.Fetched;
            }

            if (!IsShallow(repository))
            {
                break;
            }
        }

        return GitFetchResult.CommitNotFound;
    }

    /// <summary>Makes a commit available together with its files, so that a later checkout finds them.</summary>
    private async Task EnsureCommitAsync(Repository repository, GitRevision revision, CancellationToken cancellationToken)
    {
        if (await HasCommitAsync(repository, GitArguments.CommitSha(revision.CommitSha), cancellationToken))
        {
            return;
        }

        var fetched = await FetchCompleteAsync(repository, revision, new GitFetchLimits(DefaultFileBytes, long.MaxValue), cancellationToken);
        if (fetched == GitFetchResult.TooLarge)
        {
            throw new ToolException(GitTool.Name, $"Commit {revision.CommitSha} is too large to be stored.");
        }

        if (fetched is not (GitFetchResult.Fetched or GitFetchResult.AlreadyThere))
        {
            throw new ToolNotFoundException(GitTool.Name, $"Commit {revision.CommitSha} is not in the repository. It may have been replaced by a force-push.");
        }
    }

    private async Task<string?> FindMergeBaseAsync(Repository repository, GitRevision first, GitRevision second, CancellationToken cancellationToken)
    {
        await EnsureCommitAsync(repository, first, cancellationToken);
        await EnsureCommitAsync(repository, second, cancellationToken);
        await EnsureHistoryAsync(repository, [$"{first.CommitSha}...{second.CommitSha}"], [first, second], int.MaxValue, cancellationToken);
        var result = await RunAsync(
            repository,
            null,
            ["merge-base", first.CommitSha, second.CommitSha],
            "Finding the merge base",
            cancellationToken,
            acceptedExitCodes: [0, 1]);
        return result.ExitCode == 0 ? result.StandardOutput.Text.Trim() : null;
    }

    /// <summary>Deepens until the range has no commit whose parents were cut off: only then does it hold what it would hold in the full repository.</summary>
    private async Task EnsureHistoryAsync(
        Repository repository,
        IReadOnlyList<string> range,
        IReadOnlyList<GitRevision> tips,
        int enoughCommits,
        CancellationToken cancellationToken)
    {
        foreach (var depth in DeepenSteps)
        {
            if (!IsShallow(repository))
            {
                return;
            }

            var boundary = (await File.ReadAllLinesAsync(repository.ShallowFile, cancellationToken)).ToHashSet(StringComparer.Ordinal);
            var commits = await RunAsync(repository, null, ["rev-list", .. range, "--"], "Reading the history", cancellationToken, outputBytes: 256 * 1024 * 1024);
            var ids = commits.StandardOutput.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (ids.Length >= enoughCommits || !ids.Any(boundary.Contains))
            {
                return;
            }

            var history = depth is { } more ? string.Create(CultureInfo.InvariantCulture, $"--deepen={more}") : "--unshallow";
            foreach (var tip in tips)
            {
                if (!IsShallow(repository))
                {
                    return;
                }

                var result = await FetchAsync(
                    repository,
                    [history, "--filter=blob:none"],
                    $"+{tip.CommitSha}:refs/history/{tip.CommitSha}",
                    limits: null,
                    cancellationToken);
                if (!result.Succeeded && tip.FetchReference is { } reference && GitFailure.IsCommitMissing(result.StandardError.Text))
                {
                    result = await FetchAsync(
                        repository,
                        [history, "--filter=blob:none"],
                        $"+{GitArguments.Reference(reference)}:refs/fetched/{tip.CommitSha}",
                        limits: null,
                        cancellationToken);
                }

                if (!result.Succeeded)
                {
                    throw GitFailure.ToException(result, "Fetching more history", _redactor);
                }
            }
        }
    }

    private Task<ProcessResult> FetchAsync(
        Repository repository,
        IReadOnlyList<string> options,
        string refspec,
        GitFetchLimits? limits,
        CancellationToken cancellationToken)
    {
        string[] arguments = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance", .. options, "--end-of-options", "origin", refspec];
        return _transient.ExecuteAsync(
            async token =>
            {
                var result = await StartAsync(repository, repository.Remote, arguments, token, fileBytes: limits is null or { TotalBytes: > long.MaxValue - PackOverheadBytes } ? null : limits.TotalBytes + PackOverheadBytes);
                if (!result.Succeeded
                    && !GitFailure.IsCommitMissing(result.StandardError.Text)
                    && !GitFailure.IsTooLarge(result.StandardError.Text)
                    && GitFailure.ToException(result, "Fetching", _redactor) is ToolUnavailableException unavailable)
                {
                    throw unavailable;
                }

                return result;
            },
            cancellationToken).AsTask();
    }

    private async Task<bool> IsCompleteAsync(Repository repository, string commitSha, long fileBytes, CancellationToken cancellationToken)
    {
        var result = await RunAsync(repository, null, ["for-each-ref", "--format=%(refname:lstrip=3)", $"refs/complete/{commitSha}"], "Reading the cache", cancellationToken);
        return result.StandardOutput.Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Any(name => long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes >= fileBytes);
    }

    private async Task<bool> HasCommitAsync(Repository repository, string commitSha, CancellationToken cancellationToken)
    {
        var result = await StartAsync(repository, null, ["cat-file", "-e", commitSha + "^{commit}"], cancellationToken);
        return result.Succeeded;
    }

    private async Task<Dictionary<string, long>> ReadSizesAsync(Repository repository, IEnumerable<GitTreeEntry> entries, CancellationToken cancellationToken)
    {
        var ids = entries
            .Where(entry => entry.Kind != GitEntryKind.Submodule)
            .Select(entry => entry.ObjectId)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (ids.Count == 0)
        {
            return [];
        }

        var result = await RunAsync(
            repository,
            null,
            ["cat-file", "--batch-check=%(objectname) %(objectsize)"],
            "Reading file sizes",
            cancellationToken,
            input: string.Join('\n', ids) + "\n",
            outputBytes: 100 * ids.Count + 1024);
        return GitOutput.ParseSizes(result.StandardOutput.Text);
    }

    private async Task<string?> ReadRemoteReferenceAsync(Uri remote, string reference, CancellationToken cancellationToken) =>
        await _transient.ExecuteAsync(
            async token =>
            {
                var result = await RunAsync(null, remote, ["ls-remote", "--quiet", "--end-of-options", "origin", reference], "Reading the remote's references", token);
                var suffix = "\t" + reference;
                return result.StandardOutput.Text
                    .Split('\n')
                    .FirstOrDefault(line => line.EndsWith(suffix, StringComparison.Ordinal))?
                    .Split('\t')[0];
            },
            cancellationToken);

    private static string Filter(long fileBytes) => string.Create(CultureInfo.InvariantCulture, $"--filter=blob:limit={Math.Min(fileBytes, long.MaxValue - 1) + 1}");

    private static bool IsShallow(Repository repository) => File.Exists(repository.ShallowFile) && new FileInfo(repository.ShallowFile).Length > 0;

    /// <param name="fetches">Whether the operation brings back by itself what was lost with a damaged cache.</param>
    private async Task<T> WithRepositoryAsync<T>(
        string cloneUrl,
        GitRevision revision,
        Func<Repository, CancellationToken, Task<T>> operation,
        CancellationToken cancellationToken,
        bool fetches = true)
    {
        var remote = GitArguments.CloneUrl(cloneUrl, _options);
        var hashLength = GitArguments.CommitSha(revision.CommitSha).Length;
        if (revision.FetchReference is { } reference)
        {
            GitArguments.Reference(reference);
        }

        using var lease = await _cache.AcquireAsync(remote, hashLength, cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (!lease.Exists)
                {
                    await CreateAsync(lease, hashLength, cancellationToken);
                }

                return await operation(new Repository(lease.Path, remote), cancellationToken);
            }
            catch (GitCacheDamagedException exception)
            {
                lease.Drop();
                if (attempt > 1)
                {
                    throw new ToolException(GitTool.Name, exception.Message, exception);
                }

                if (!fetches)
                {
                    throw new ToolUnavailableException(GitTool.Name, $"The cache was damaged and has been dropped; fetch again. {exception.Message}", exception);
                }
            }
        }
    }

    private async Task CreateAsync(GitCache.Lease lease, int hashLength, CancellationToken cancellationToken)
    {
        lease.Drop();
        var temporary = $"{lease.Path}.{Guid.NewGuid():N}.new";
        try
        {
            var format = hashLength == 64 ? "sha256" : "sha1";
            await RunAsync(null, null, ["init", "--quiet", "--bare", "--template=", $"--object-format={format}", temporary], "Making the cache", cancellationToken);
            Directory.CreateDirectory(Path.Combine(temporary, "info"));
            await File.WriteAllTextAsync(Path.Combine(temporary, "info", "attributes"), "* -export-ignore -export-subst\n", cancellationToken);
            Directory.Move(temporary, lease.Path);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private async Task<ProcessResult> RunAsync(
        Repository? repository,
        Uri? remote,
        IReadOnlyList<string> arguments,
        string action,
        CancellationToken cancellationToken,
        IReadOnlyList<int>? acceptedExitCodes = null,
        string? input = null,
        Stream? destination = null,
        int outputBytes = 256 * 1024)
    {
        var result = await StartAsync(repository, remote, arguments, cancellationToken, input, destination, outputBytes);
        return result.Ending == ProcessEnding.Exited && (acceptedExitCodes ?? [0]).Contains(result.ExitCode ?? -1)
            ? result
            : throw GitFailure.ToException(result, action, _redactor);
    }

    private async Task<ProcessResult> StartAsync(
        Repository? repository,
        Uri? remote,
        IReadOnlyList<string> arguments,
        CancellationToken cancellationToken,
        string? input = null,
        Stream? destination = null,
        int outputBytes = 256 * 1024,
        long? fileBytes = null)
    {
        Directory.CreateDirectory(_home);
        return await _processes.RunAsync(
            new ProcessRequest(GitTool.Name, _options.Executable, arguments)
            {
                WorkingDirectory = repository?.Path ?? _home,
                Environment = await BuildEnvironmentAsync(repository, remote, cancellationToken),
                InheritedVariables =
                [
                    "PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
                    "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
                ],
                StandardInput = input is null ? default : Utf8.GetBytes(input),
                StandardOutputDestination = destination,
                OutputBytes = outputBytes,
                Timeout = _options.Timeout,
                InstallHint = "Install git 2.38 or newer, for example with: apt-get install git",
                Limits = fileBytes is { } limit ? new ProcessLimits { FileBytes = limit, MemoryBytes = long.MaxValue, Processes = int.MaxValue } : null,
            },
            cancellationToken);
    }

    private async Task<Dictionary<string, string>> BuildEnvironmentAsync(Repository? repository, Uri? remote, CancellationToken cancellationToken)
    {
        var configuration = new List<(string Key, string Value)>
        {
            ("core.hooksPath", "/dev/null"),
            ("core.fsmonitor", "false"),
            ("core.quotePath", "false"),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
            ("advice.detachedHead", "false"),
            ("i18n.logOutputEncoding", "UTF-8"),
            ("tar.umask", "0022"),
            ("submodule.recurse", "false"),
            ("fetch.recurseSubmodules", "false"),
            ("fetch.unpackLimit", "1"),
            ("transfer.fsckObjects", "true"),

            // Old repositories are full of these, and they do no harm.
            ("fetch.fsck.zeroPaddedFilemode", "ignore"),
            ("fetch.fsck.missingSpaceBeforeDate", "ignore"),
            ("fetch.fsck.badTimezone", "ignore"),
            ("protocol.allow", "never"),
            ("protocol.https.allow", "always"),
            ("protocol.http.allow", remote?.Scheme is "http" ? "always" : "never"),
            ("protocol.file.allow", _options.AllowFileProtocol ? "always" : "never"),
            ("protocol.version", "2"),

            // A header with credentials would follow a redirection to another host.
            ("http.followRedirects", "false"),
            ("http.lowSpeedLimit", "1000"),
            ("http.lowSpeedTime", "60"),
            ("credential.helper", ""),
            ("gpg.ssh.allowedSignersFile", _options.AllowedSignersFile ?? "/dev/null"),
        };
        if (remote is not null)
        {
            configuration.Add(("remote.origin.url", remote.AbsoluteUri));
            configuration.Add(("remote.origin.promisor", "true"));
            configuration.Add(("remote.origin.partialclonefilter", "blob:none"));
            if (remote.Scheme is "https" or "http" && await FindAuthorizationAsync(remote, cancellationToken) is { } authorization)
            {
                configuration.Add(($"http.{remote.GetLeftPart(UriPartial.Authority)}/.extraHeader", $"Authorization: {authorization}"));
            }
        }

        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = _home,
            ["LC_ALL"] = "C",
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_ASKPASS"] = "/bin/false",
            ["GIT_LITERAL_PATHSPECS"] = "1",
            ["GIT_OPTIONAL_LOCKS"] = "0",
            ["GIT_PAGER"] = "cat",
            ["GIT_CEILING_DIRECTORIES"] = _home,
            ["GIT_CONFIG_COUNT"] = configuration.Count.ToString(CultureInfo.InvariantCulture),
        };
        if (repository is not null)
        {
            environment["GIT_DIR"] = repository.Path;
        }

        if (_options.GnuPgHome is { } gnuPgHome)
        {
            environment["GNUPGHOME"] = Path.GetFullPath(gnuPgHome);
        }

        foreach (var (index, (key, value)) in configuration.Index())
        {
            environment[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_KEY_{index}")] = key;
            environment[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_VALUE_{index}")] = value;
        }

        return environment;
    }

    private async ValueTask<string?> FindAuthorizationAsync(Uri remote, CancellationToken cancellationToken)
    {
        foreach (var source in _credentials)
        {
            if (await source.GetAuthorizationHeaderAsync(remote, cancellationToken) is { Length: > 0 } header)
            {
                return header.Any(char.IsControl)
                    ? throw new ToolException(GitTool.Name, $"The credentials for {remote.Host} hold a control character. Check the configured token for a line break.")
                    : header;
            }
        }

        return null;
    }

    private sealed record Repository(string Path, Uri Remote)
    {
        public string ShallowFile => System.IO.Path.Combine(Path, "shallow");
    }
}
