using Octokit;
using static AtomicDevOps.Activities.Tools.GitHub.GitHubAddress;
using static AtomicDevOps.Activities.Tools.GitHub.OctokitMapping;

namespace AtomicDevOps.Activities.Tools.GitHub;

internal sealed partial class OctokitGitHubClient
{
    public Task<PullRequest> CreatePullRequestAsync(RepositoryName repository, NewPullRequest pullRequest, CancellationToken cancellationToken)
    {
        var wanted = new Octokit.NewPullRequest(pullRequest.Title, pullRequest.Head, pullRequest.Base)
        {
            Body = pullRequest.Body,
            Draft = pullRequest.IsDraft,
        };
        return CallAsync(
            github => github.PullRequest.Create(repository.Owner, repository.Name, wanted),
            made => made.ToWire().ToPullRequest(repository),
            cancellationToken);
    }

    public IAsyncEnumerable<PullRequest> ListPullRequestsAsync(
        RepositoryName repository, PullRequestFilter filter, CancellationToken cancellationToken)
    {
        var request = new PullRequestRequest
        {
            State = filter.State switch
            {
                StateFilter.Closed => ItemStateFilter.Closed,
                StateFilter.All => ItemStateFilter.All,
                _ => ItemStateFilter.Open,
            },
            Head = filter.Head,
            Base = filter.Base,
        };
        return ListAsync<Octokit.PullRequest, PullRequest>(
            ApiUrls.PullRequests(repository.Owner, repository.Name),
            pullRequest => pullRequest.ToWire().ToPullRequest(repository),
            cancellationToken,
            request.ToParametersDictionary());
    }

    public IAsyncEnumerable<PullRequest> ListPullRequestsWithCommitAsync(RepositoryName repository, string sha, CancellationToken cancellationToken)
        => ListAsync<Octokit.PullRequest, PullRequest>(
            ApiUrls.RepositoryCommitsPull(repository.Owner, repository.Name, Segment(sha)),
            pullRequest => pullRequest.ToWire().ToPullRequest(repository),
            cancellationToken);

    public Task<PullRequest> GetPullRequestAsync(
        RepositoryName repository, int number, bool waitForMergeability, CancellationToken cancellationToken)
    {
        return waitForMergeability ? MergeabilityWait.LookAsync(LookAsync, timeProvider, cancellationToken) : LookAsync();

        // Mergeability comes without a new entity tag, so an answer that waits for it has to be a fresh one.
        Task<PullRequest> LookAsync() => CallAsync(
            github => github.PullRequest.Get(repository.Owner, repository.Name, number),
            pullRequest => pullRequest.ToWire().ToPullRequest(repository),
            cancellationToken,
            request => request with { IsCacheable = !waitForMergeability });
    }

    public IAsyncEnumerable<ChangedFile> ListPullRequestFilesAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<PullRequestFile, ChangedFile>(
            ApiUrls.PullRequestFiles(repository.Owner, repository.Name, number), file => file.ToWire().ToFile(), cancellationToken);

    public IAsyncEnumerable<Commit> ListPullRequestCommitsAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<PullRequestCommit, Commit>(
            ApiUrls.PullRequestCommits(repository.Owner, repository.Name, number), commit => commit.ToWire().ToCommit(), cancellationToken);

    public Task<string> MergePullRequestAsync(RepositoryName repository, int number, MergeCommand command, CancellationToken cancellationToken)
    {
        var wanted = new MergePullRequest
        {
            Sha = command.HeadSha,
            MergeMethod = command.Method switch
            {
                MergeMethod.Squash => PullRequestMergeMethod.Squash,
                MergeMethod.Rebase => PullRequestMergeMethod.Rebase,
                _ => PullRequestMergeMethod.Merge,
            },
            CommitTitle = command.CommitTitle,
            CommitMessage = command.CommitMessage,
        };
        return CallAsync(
            github => github.PullRequest.Merge(repository.Owner, repository.Name, number, wanted),
            merge => Required(merge?.Sha, "sha"),
            cancellationToken);
    }

    public Task UpdatePullRequestBranchAsync(RepositoryName repository, int number, string headSha, CancellationToken cancellationToken)
    {
        // Octokit has no call for it.
        var address = new Uri($"{ApiUrls.PullRequest(repository.Owner, repository.Name, number)}/update-branch", UriKind.Relative);
        return CallAsync(github => github.Connection.Put(address, new { ExpectedHeadSha = headSha }), cancellationToken);
    }

    public IAsyncEnumerable<Review> ListReviewsAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<PullRequestReview, Review>(
            ApiUrls.PullRequestReviews(repository.Owner, repository.Name, number), review => review.ToWire().ToReview(), cancellationToken);

    public Task<Review> CreateReviewAsync(RepositoryName repository, int number, NewReview review, CancellationToken cancellationToken)
    {
        // Octokit's own comments stand at positions in the diff, not at lines of the file.
        var body = new
        {
            CommitId = review.CommitSha,
            review.Body,
            Event = review.Event switch
            {
                ReviewEvent.Approve => PullRequestReviewEvent.Approve,
                ReviewEvent.RequestChanges => PullRequestReviewEvent.RequestChanges,
                _ => PullRequestReviewEvent.Comment,
            },
            Comments = review.Comments.Select(comment => new { comment.Path, comment.Line, Side = "RIGHT", comment.Body }).ToArray(),
        };
        return CallAsync(
            github => new ApiConnection(github.Connection).Post<PullRequestReview>(
                ApiUrls.PullRequestReviews(repository.Owner, repository.Name, number), body),
            made => made.ToWire().ToReview(),
            cancellationToken);
    }
}
