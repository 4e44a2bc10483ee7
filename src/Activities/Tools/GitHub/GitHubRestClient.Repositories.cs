using static AtomicDevOps.Activities.Tools.GitHub.GitHubAddress;

namespace AtomicDevOps.Activities.Tools.GitHub;

internal sealed partial class GitHubRestClient
{
    public async Task<RepositoryDetails> GetRepositoryAsync(RepositoryName repository, CancellationToken cancellationToken)
        => (await GetAsync<WireRepositoryDetails>(Get(Repo(repository)), cancellationToken)).ToRepository();

    public IAsyncEnumerable<Branch> ListBranchesAsync(RepositoryName repository, CancellationToken cancellationToken)
        => ListAsync<WireBranch>($"{Repo(repository)}/branches", cancellationToken).Select(GitHubMapping.ToBranch);

    public async Task<Branch> GetBranchAsync(RepositoryName repository, string branch, CancellationToken cancellationToken)
        => (await GetAsync<WireBranch>(Get($"{Repo(repository)}/branches/{Segment(branch)}"), cancellationToken)).ToBranch();

    public Task CreateBranchAsync(RepositoryName repository, string branch, string sha, CancellationToken cancellationToken)
        => SendAsync(Post($"{Repo(repository)}/git/refs", new { Ref = $"refs/heads/{branch}", Sha = sha }), cancellationToken);

    public Task DeleteBranchAsync(RepositoryName repository, string branch, CancellationToken cancellationToken)
        => SendAsync(new GitHubRequest(HttpMethod.Delete, $"{Repo(repository)}/git/refs/heads/{Segments(branch)}"), cancellationToken);

    public async Task<Commit> GetCommitAsync(RepositoryName repository, string reference, CancellationToken cancellationToken)
        => (await GetAsync<WireCommit>(Get($"{Repo(repository)}/commits/{Segment(reference)}"), cancellationToken)).ToCommit();

    public IAsyncEnumerable<Commit> ListCommitsAsync(RepositoryName repository, string reference, CancellationToken cancellationToken)
        => ListAsync<WireCommit>($"{Repo(repository)}/commits{Query(("sha", reference))}", cancellationToken).Select(GitHubMapping.ToCommit);

    public async Task<Comparison> CompareAsync(
        RepositoryName repository, string baseReference, string headReference, CancellationToken cancellationToken)
    {
        var request = Get($"{Repo(repository)}/compare/{Segment(baseReference)}...{Segment(headReference)}");
        return (await GetAsync<WireComparison>(request, cancellationToken)).ToComparison();
    }

    public async Task<RepositoryFile> GetFileAsync(
        RepositoryName repository, string path, string reference, long maxBytes, CancellationToken cancellationToken)
    {
        var request = Get($"{Repo(repository)}/contents/{Segments(path)}{Query(("ref", reference))}");
        var response = await SendAsync(request, cancellationToken);
        var content = response.Body is [(byte)'[', ..] ? null : GitHubTransport.Read<WireContent>(request, response);
        return await RepositoryFileReader.ReadAsync(request, path, content, maxBytes, async () =>
            (await SendAsync(request with { Accept = GitHubRequest.Raw, IsCacheable = false }, cancellationToken)).Body);
    }

    public async Task<FileUpdateResult> UpdateFileAsync(RepositoryName repository, FileUpdate update, CancellationToken cancellationToken)
    {
        var request = new GitHubRequest(HttpMethod.Put, $"{Repo(repository)}/contents/{Segments(update.Path)}")
        {
            Body = new { update.Message, update.Content, update.Branch, Sha = update.PreviousSha },
        };
        var result = await GetAsync<WireFileCommit>(request, cancellationToken);
        return new FileUpdateResult(result.Commit.Sha, result.Content.Sha);
    }

    public Task<Stream> OpenTarballAsync(RepositoryName repository, string reference, CancellationToken cancellationToken)
        => transport.OpenAsync(Get($"{Repo(repository)}/tarball/{Segments(reference)}"), tokens, cancellationToken);

    public IAsyncEnumerable<CommitStatus> ListCommitStatusesAsync(RepositoryName repository, string sha, CancellationToken cancellationToken)
        => ListAsync<WireStatuses, WireStatus>($"{Repo(repository)}/commits/{Segment(sha)}/status", page => page.Statuses, cancellationToken)
            .Select(GitHubMapping.ToStatus);

    public async Task<CommitStatus> CreateCommitStatusAsync(
        RepositoryName repository, string sha, CommitStatus status, CancellationToken cancellationToken)
    {
        var body = new { status.State, status.Context, status.Description, status.TargetUrl };
        return (await GetAsync<WireStatus>(Post($"{Repo(repository)}/statuses/{Segment(sha)}", body), cancellationToken)).ToStatus();
    }

    public IAsyncEnumerable<CheckRun> ListCheckRunsAsync(RepositoryName repository, string sha, string? name, CancellationToken cancellationToken)
        => ListAsync<WireCheckRuns, WireCheckRun>(
            $"{Repo(repository)}/commits/{Segment(sha)}/check-runs{Query(("check_name", name), ("filter", "all"))}",
            page => page.CheckRuns,
            cancellationToken).Select(GitHubMapping.ToCheckRun);

    public async Task<CheckRun> CreateCheckRunAsync(
        RepositoryName repository, string headSha, string name, CheckRunUpdate checkRun, CancellationToken cancellationToken)
    {
        var body = CheckRunBody(checkRun);
        body["name"] = name;
        body["head_sha"] = headSha;
        return (await GetAsync<WireCheckRun>(Post($"{Repo(repository)}/check-runs", body), cancellationToken)).ToCheckRun();
    }

    public async Task<CheckRun> UpdateCheckRunAsync(
        RepositoryName repository, long checkRunId, CheckRunUpdate update, CancellationToken cancellationToken)
    {
        // Annotations are appended, so a request with some must not be sent twice.
        var request = Patch($"{Repo(repository)}/check-runs/{checkRunId}", CheckRunBody(update)) with { IsRepeatable = update.Annotations.Count == 0 };
        return (await GetAsync<WireCheckRun>(request, cancellationToken)).ToCheckRun();
    }

    public IAsyncEnumerable<Release> ListReleasesAsync(RepositoryName repository, CancellationToken cancellationToken)
        => ListAsync<WireRelease>($"{Repo(repository)}/releases", cancellationToken).Select(GitHubMapping.ToRelease);

    public async Task<Release> GetReleaseByTagAsync(RepositoryName repository, string tag, CancellationToken cancellationToken)
        => (await GetAsync<WireRelease>(Get($"{Repo(repository)}/releases/tags/{Segment(tag)}"), cancellationToken)).ToRelease();

    public async Task<Release> CreateReleaseAsync(RepositoryName repository, NewRelease release, CancellationToken cancellationToken)
    {
        var body = new
        {
            release.TagName,
            TargetCommitish = release.Target,
            release.Name,
            release.Body,
            Draft = release.IsDraft,
            Prerelease = release.IsPrerelease,
        };
        return (await GetAsync<WireRelease>(Post($"{Repo(repository)}/releases", body), cancellationToken)).ToRelease();
    }

    public async Task<CollaboratorAccess> GetPermissionAsync(RepositoryName repository, string user, CancellationToken cancellationToken)
        => (await GetAsync<WirePermission>(Get($"{Repo(repository)}/collaborators/{Segment(user)}/permission"), cancellationToken)).ToAccess(user);

    private static Dictionary<string, object?> CheckRunBody(CheckRunUpdate update)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        Add("status", update.Status);
        Add("conclusion", update.Conclusion);
        Add("external_id", update.ExternalId);
        Add("details_url", update.DetailsUrl);
        Add("started_at", update.StartedAt?.UtcDateTime);
        Add("completed_at", update.CompletedAt?.UtcDateTime);
        Add("output", update.Output is { } output
            ? new
            {
                output.Title,
                output.Summary,
                output.Text,
                Annotations = update.Annotations.Count == 0 ? null : update.Annotations.Select(ToWire).ToArray(),
            }
            : null);
        return fields;

        void Add(string name, object? value)
        {
            if (value is not null)
            {
                fields[name] = value;
            }
        }
    }

    private static object ToWire(CheckAnnotation annotation) => new
    {
        annotation.Path,
        annotation.StartLine,
        annotation.EndLine,
        annotation.StartColumn,
        annotation.EndColumn,
        AnnotationLevel = annotation.Level,
        annotation.Message,
        annotation.Title,
    };
}
