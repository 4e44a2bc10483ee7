using Octokit;
using static AtomicDevOps.Activities.Tools.GitHub.GitHubAddress;

namespace AtomicDevOps.Activities.Tools.GitHub;

internal sealed partial class OctokitGitHubClient
{
    public Task<RepositoryDetails> GetRepositoryAsync(RepositoryName repository, CancellationToken cancellationToken)
        => CallAsync(github => github.Repository.Get(repository.Owner, repository.Name), found => found.ToWire().ToRepository(), cancellationToken);

    public IAsyncEnumerable<Branch> ListBranchesAsync(RepositoryName repository, CancellationToken cancellationToken)
        => ListAsync<Octokit.Branch, Branch>(
            ApiUrls.RepoBranches(repository.Owner, repository.Name), branch => branch.ToWire().ToBranch(), cancellationToken);

    public Task<Branch> GetBranchAsync(RepositoryName repository, string branch, CancellationToken cancellationToken)
    {
        var segment = Segment(branch);
        return CallAsync(
            github => github.Repository.Branch.Get(repository.Owner, repository.Name, segment), found => found.ToWire().ToBranch(), cancellationToken);
    }

    public Task CreateBranchAsync(RepositoryName repository, string branch, string sha, CancellationToken cancellationToken)
        => CallAsync(
            github => github.Git.Reference.Create(repository.Owner, repository.Name, new NewReference($"refs/heads/{branch}", sha)), cancellationToken);

    public Task DeleteBranchAsync(RepositoryName repository, string branch, CancellationToken cancellationToken)
    {
        var reference = $"heads/{Segments(branch)}";
        return CallAsync(github => github.Git.Reference.Delete(repository.Owner, repository.Name, reference), cancellationToken);
    }

    public Task<Commit> GetCommitAsync(RepositoryName repository, string reference, CancellationToken cancellationToken)
    {
        var segment = Segment(reference);
        return CallAsync(
            github => github.Repository.Commit.Get(repository.Owner, repository.Name, segment), commit => commit.ToWire().ToCommit(), cancellationToken);
    }

    public IAsyncEnumerable<Commit> ListCommitsAsync(RepositoryName repository, string reference, CancellationToken cancellationToken)
        => ListAsync<GitHubCommit, Commit>(
            ApiUrls.RepositoryCommits(repository.Owner, repository.Name),
            commit => commit.ToWire().ToCommit(),
            cancellationToken,
            new CommitRequest { Sha = reference }.ToParametersDictionary());

    public Task<Comparison> CompareAsync(
        RepositoryName repository, string baseReference, string headReference, CancellationToken cancellationToken)
        => CallAsync(
            github => github.Repository.Commit.Compare(repository.Owner, repository.Name, baseReference, headReference),
            comparison => comparison.ToWire().ToComparison(),
            cancellationToken);

    public async Task<RepositoryFile> GetFileAsync(
        RepositoryName repository, string path, string reference, long maxBytes, CancellationToken cancellationToken)
    {
        // Octokit's own call makes a list of everything, and so does not tell a file from a directory that holds one.
        var address = ApiUrls.RepositoryContent(repository.Owner, repository.Name, Segments(path), Uri.EscapeDataString(reference));
        using var exchange = Exchange(cancellationToken);
        var connection = Connect(exchange).Connection;
        var response = await connection.Get<List<RepositoryContent>>(address, parameters: null);
        var isDirectory = response.HttpResponse.Body is string and ['[', ..];
        var content = isDirectory ? null : exchange.Read(() => OctokitMapping.Required(response.Body?.SingleOrDefault(), "content").ToWire());
        return await RepositoryFileReader.ReadAsync(exchange.Last, path, content, maxBytes, async () =>
        {
            using var raw = Exchange(cancellationToken, request => request with { IsCacheable = false });
            return (await Connect(raw).Connection.GetRaw(address, parameters: null)).Body;
        });
    }

    public async Task<FileUpdateResult> UpdateFileAsync(RepositoryName repository, FileUpdate update, CancellationToken cancellationToken)
    {
        var path = Segments(update.Path);
        var content = Convert.ToBase64String(update.Content);
        var result = await CallAsync(
            github => update.PreviousSha is { } previous
                ? github.Repository.Content.UpdateFile(
                    repository.Owner,
                    repository.Name,
                    path,
                    new UpdateFileRequest(update.Message, content, previous, convertContentToBase64: false) { Branch = update.Branch })
                : github.Repository.Content.CreateFile(
                    repository.Owner,
                    repository.Name,
                    path,
                    new CreateFileRequest(update.Message, content, convertContentToBase64: false) { Branch = update.Branch }),
            change => change.ToWire(),
            cancellationToken);
        return new FileUpdateResult(result.Commit.Sha, result.Content.Sha);
    }

    public async Task<Stream> OpenTarballAsync(RepositoryName repository, string reference, CancellationToken cancellationToken)
    {
        // Octokit's own call holds the whole archive in memory.
        var address = ApiUrls.RepositoryArchiveLink(repository.Owner, repository.Name, ArchiveFormat.Tarball, Segments(reference));
        using var exchange = new OctokitExchange(transport, tokens, cancellationToken) { IsStreamed = true };
        return (await Connect(exchange).Connection.GetRawStream(address, parameters: null)).Body;
    }

    public IAsyncEnumerable<CommitStatus> ListCommitStatusesAsync(RepositoryName repository, string sha, CancellationToken cancellationToken)
        => ListAsync<CombinedCommitStatus, Octokit.CommitStatus, CommitStatus>(
            ApiUrls.CombinedCommitStatus(repository.Owner, repository.Name, Segment(sha)),
            page => page.Statuses,
            status => status.ToWire().ToStatus(),
            cancellationToken);

    public Task<CommitStatus> CreateCommitStatusAsync(
        RepositoryName repository, string sha, CommitStatus status, CancellationToken cancellationToken)
    {
        var segment = Segment(sha);
        var wanted = new NewCommitStatus
        {
            Context = status.Context,
            State = status.State switch
            {
                CommitStatusState.Success => CommitState.Success,
                CommitStatusState.Failure => CommitState.Failure,
                CommitStatusState.Error => CommitState.Error,
                _ => CommitState.Pending,
            },
            Description = status.Description,
            TargetUrl = status.TargetUrl?.OriginalString,
        };
        return CallAsync(
            github => github.Repository.Status.Create(repository.Owner, repository.Name, segment, wanted),
            made => made.ToWire().ToStatus(),
            cancellationToken);
    }

    public IAsyncEnumerable<CheckRun> ListCheckRunsAsync(RepositoryName repository, string sha, string? name, CancellationToken cancellationToken)
        => ListAsync<CheckRunsResponse, Octokit.CheckRun, CheckRun>(
            ApiUrls.CheckRunsForReference(repository.Owner, repository.Name, Segment(sha)),
            page => page.CheckRuns,
            checkRun => checkRun.ToWire().ToCheckRun(),
            cancellationToken,
            new CheckRunRequest { CheckName = name, Filter = CheckRunCompletedAtFilter.All }.ToParametersDictionary());

    public Task<CheckRun> CreateCheckRunAsync(
        RepositoryName repository, string headSha, string name, CheckRunUpdate checkRun, CancellationToken cancellationToken)
    {
        var wanted = new NewCheckRun(name, headSha)
        {
            Status = Word<CheckStatus>(checkRun.Status),
            Conclusion = Word<CheckConclusion>(checkRun.Conclusion),
            ExternalId = checkRun.ExternalId,
            DetailsUrl = checkRun.DetailsUrl?.OriginalString,
            StartedAt = checkRun.StartedAt,
            CompletedAt = checkRun.CompletedAt,
            Output = Output(checkRun),
        };
        return CallAsync(
            github => github.Check.Run.Create(repository.Owner, repository.Name, wanted), made => made.ToWire().ToCheckRun(), cancellationToken);
    }

    public Task<CheckRun> UpdateCheckRunAsync(
        RepositoryName repository, long checkRunId, CheckRunUpdate update, CancellationToken cancellationToken)
    {
        var wanted = new Octokit.CheckRunUpdate
        {
            Status = Word<CheckStatus>(update.Status),
            Conclusion = Word<CheckConclusion>(update.Conclusion),
            ExternalId = update.ExternalId,
            DetailsUrl = update.DetailsUrl?.OriginalString,
            StartedAt = update.StartedAt,
            CompletedAt = update.CompletedAt,
            Output = Output(update),
        };

        // Annotations are appended, so a request with some must not be sent twice.
        return CallAsync(
            github => github.Check.Run.Update(repository.Owner, repository.Name, checkRunId, wanted),
            changed => changed.ToWire().ToCheckRun(),
            cancellationToken,
            request => request with { IsRepeatable = update.Annotations.Count == 0 });
    }

    public IAsyncEnumerable<Release> ListReleasesAsync(RepositoryName repository, CancellationToken cancellationToken)
        => ListAsync<Octokit.Release, Release>(
            ApiUrls.Releases(repository.Owner, repository.Name), release => release.ToWire().ToRelease(), cancellationToken);

    public Task<Release> GetReleaseByTagAsync(RepositoryName repository, string tag, CancellationToken cancellationToken)
    {
        var segment = Segment(tag);
        return CallAsync(
            github => github.Repository.Release.Get(repository.Owner, repository.Name, segment),
            release => release.ToWire().ToRelease(),
            cancellationToken);
    }

    public Task<Release> CreateReleaseAsync(RepositoryName repository, NewRelease release, CancellationToken cancellationToken)
    {
        var wanted = new Octokit.NewRelease(release.TagName)
        {
            TargetCommitish = release.Target,
            Name = release.Name,
            Body = release.Body,
            Draft = release.IsDraft,
            Prerelease = release.IsPrerelease,
        };
        return CallAsync(
            github => github.Repository.Release.Create(repository.Owner, repository.Name, wanted), made => made.ToWire().ToRelease(), cancellationToken);
    }

    public Task<CollaboratorAccess> GetPermissionAsync(RepositoryName repository, string user, CancellationToken cancellationToken)
    {
        var segment = Segment(user);
        return CallAsync(
            github => github.Repository.Collaborator.ReviewPermission(repository.Owner, repository.Name, segment),
            permission => permission.ToWire().ToAccess(user),
            cancellationToken);
    }

    private static NewCheckRunOutput? Output(CheckRunUpdate update) => update.Output is { } output
        ? new NewCheckRunOutput(output.Title, output.Summary)
        {
            Text = output.Text,
            Annotations = update.Annotations.Count == 0 ? null : [.. update.Annotations.Select(ToNew)],
        }
        : null;

    private static NewCheckRunAnnotation ToNew(CheckAnnotation annotation)
        => new(
            annotation.Path,
            annotation.StartLine,
            annotation.EndLine,
            annotation.Level switch
            {
                CheckAnnotationLevel.Notice => Octokit.CheckAnnotationLevel.Notice,
                CheckAnnotationLevel.Warning => Octokit.CheckAnnotationLevel.Warning,
                _ => Octokit.CheckAnnotationLevel.Failure,
            },
            annotation.Message)
        {
            StartColumn = annotation.StartColumn,
            EndColumn = annotation.EndColumn,
            Title = annotation.Title,
        };
}
