using static AtomicDevOps.Activities.Tools.GitHub.GitHubAddress;

namespace AtomicDevOps.Activities.Tools.GitHub;

internal sealed partial class GitHubRestClient
{
    public async Task<PullRequest> CreatePullRequestAsync(RepositoryName repository, NewPullRequest pullRequest, CancellationToken cancellationToken)
    {
        var body = new { pullRequest.Title, pullRequest.Head, pullRequest.Base, pullRequest.Body, Draft = pullRequest.IsDraft };
        return (await GetAsync<WirePullRequest>(Post($"{Repo(repository)}/pulls", body), cancellationToken)).ToPullRequest(repository);
    }

    public IAsyncEnumerable<PullRequest> ListPullRequestsAsync(
        RepositoryName repository, PullRequestFilter filter, CancellationToken cancellationToken)
    {
        var query = Query(("state", Word(filter.State)), ("head", filter.Head), ("base", filter.Base));
        return ListAsync<WirePullRequest>($"{Repo(repository)}/pulls{query}", cancellationToken).Select(p => p.ToPullRequest(repository));
    }

    public IAsyncEnumerable<PullRequest> ListPullRequestsWithCommitAsync(RepositoryName repository, string sha, CancellationToken cancellationToken)
        => ListAsync<WirePullRequest>($"{Repo(repository)}/commits/{Segment(sha)}/pulls", cancellationToken).Select(p => p.ToPullRequest(repository));

    public async Task<PullRequest> GetPullRequestAsync(
        RepositoryName repository, int number, bool waitForMergeability, CancellationToken cancellationToken)
    {
        // Mergeability comes without a new entity tag, so an answer that waits for it has to be a fresh one.
        var request = Get($"{Repo(repository)}/pulls/{number}") with { IsCacheable = !waitForMergeability };
        return waitForMergeability ? await MergeabilityWait.LookAsync(LookAsync, timeProvider, cancellationToken) : await LookAsync();

        async Task<PullRequest> LookAsync() => (await GetAsync<WirePullRequest>(request, cancellationToken)).ToPullRequest(repository);
    }

    public IAsyncEnumerable<ChangedFile> ListPullRequestFilesAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<WireFile>($"{Repo(repository)}/pulls/{number}/files", cancellationToken).Select(GitHubMapping.ToFile);

    public IAsyncEnumerable<Commit> ListPullRequestCommitsAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<WireCommit>($"{Repo(repository)}/pulls/{number}/commits", cancellationToken).Select(GitHubMapping.ToCommit);

    public async Task<string> MergePullRequestAsync(
        RepositoryName repository, int number, MergeCommand command, CancellationToken cancellationToken)
    {
        var request = new GitHubRequest(HttpMethod.Put, $"{Repo(repository)}/pulls/{number}/merge")
        {
            Body = new { Sha = command.HeadSha, MergeMethod = command.Method, command.CommitTitle, command.CommitMessage },
        };
        return (await GetAsync<WireMergeResult>(request, cancellationToken)).Sha;
    }

    public Task UpdatePullRequestBranchAsync(RepositoryName repository, int number, string headSha, CancellationToken cancellationToken)
        => SendAsync(
            new GitHubRequest(HttpMethod.Put, $"{Repo(repository)}/pulls/{number}/update-branch") { Body = new { ExpectedHeadSha = headSha } },
            cancellationToken);

    public IAsyncEnumerable<Review> ListReviewsAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<WireReview>($"{Repo(repository)}/pulls/{number}/reviews", cancellationToken).Select(GitHubMapping.ToReview);

    public async Task<Review> CreateReviewAsync(RepositoryName repository, int number, NewReview review, CancellationToken cancellationToken)
    {
        var body = new
        {
            CommitId = review.CommitSha,
            review.Body,
            Event = review.Event switch
            {
                ReviewEvent.Approve => "APPROVE",
                ReviewEvent.RequestChanges => "REQUEST_CHANGES",
                _ => "COMMENT",
            },
            Comments = review.Comments.Select(c => new { c.Path, c.Line, Side = "RIGHT", c.Body }).ToArray(),
        };
        return (await GetAsync<WireReview>(Post($"{Repo(repository)}/pulls/{number}/reviews", body), cancellationToken)).ToReview();
    }

    private static string Word(StateFilter state) => state switch
    {
        StateFilter.Closed => "closed",
        StateFilter.All => "all",
        _ => "open",
    };
}
