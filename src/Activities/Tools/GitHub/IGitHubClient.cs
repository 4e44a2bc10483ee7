namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>
/// GitHub's REST API, version 2022-11-28 (https://docs.github.com/rest). Lists are read page by page while they are enumerated.
/// Every method throws <see cref="ToolUnavailableException"/> when GitHub cannot be reached, fails, or asks for a pause longer than the
/// client waits by itself; <see cref="ToolNotFoundException"/> for what does not exist or the credentials may not see; and
/// <see cref="GitHubRequestException"/> when GitHub refuses.
/// </summary>
public interface IGitHubClient
{
    Task<PullRequest> CreatePullRequestAsync(RepositoryName repository, NewPullRequest pullRequest, CancellationToken cancellationToken);

    IAsyncEnumerable<PullRequest> ListPullRequestsAsync(RepositoryName repository, PullRequestFilter filter, CancellationToken cancellationToken);

    /// <summary>The pull requests, open or not, that hold a commit.</summary>
    IAsyncEnumerable<PullRequest> ListPullRequestsWithCommitAsync(RepositoryName repository, string sha, CancellationToken cancellationToken);

    /// <param name="waitForMergeability">
    /// GitHub works out in the background whether an open pull request is mergeable: ask again for some seconds until it knows.
    /// <see cref="PullRequest.Mergeable"/> can still be unknown afterwards.
    /// </param>
    Task<PullRequest> GetPullRequestAsync(RepositoryName repository, int number, bool waitForMergeability, CancellationToken cancellationToken);

    /// <summary>GitHub lists 3000 files at most.</summary>
    IAsyncEnumerable<ChangedFile> ListPullRequestFilesAsync(RepositoryName repository, int number, CancellationToken cancellationToken);

    /// <summary>Oldest first; GitHub lists 250 at most.</summary>
    IAsyncEnumerable<Commit> ListPullRequestCommitsAsync(RepositoryName repository, int number, CancellationToken cancellationToken);

    /// <summary>Merges and gives the merge commit's id. It is sent once: after a lost answer the caller has to look what happened.</summary>
    Task<string> MergePullRequestAsync(RepositoryName repository, int number, MergeCommand command, CancellationToken cancellationToken);

    /// <summary>Asks GitHub to merge the base into the head, which it does in the background, if the head is still <paramref name="headSha"/>.</summary>
    Task UpdatePullRequestBranchAsync(RepositoryName repository, int number, string headSha, CancellationToken cancellationToken);

    IAsyncEnumerable<Review> ListReviewsAsync(RepositoryName repository, int number, CancellationToken cancellationToken);

    Task<Review> CreateReviewAsync(RepositoryName repository, int number, NewReview review, CancellationToken cancellationToken);

    Task<RepositoryDetails> GetRepositoryAsync(RepositoryName repository, CancellationToken cancellationToken);

    IAsyncEnumerable<Branch> ListBranchesAsync(RepositoryName repository, CancellationToken cancellationToken);

    Task<Branch> GetBranchAsync(RepositoryName repository, string branch, CancellationToken cancellationToken);

    Task CreateBranchAsync(RepositoryName repository, string branch, string sha, CancellationToken cancellationToken);

    Task DeleteBranchAsync(RepositoryName repository, string branch, CancellationToken cancellationToken);

    /// <param name="reference">A commit id, branch or tag.</param>
    Task<Commit> GetCommitAsync(RepositoryName repository, string reference, CancellationToken cancellationToken);

    /// <param name="reference">A commit id, branch or tag to start from; newest first.</param>
    IAsyncEnumerable<Commit> ListCommitsAsync(RepositoryName repository, string reference, CancellationToken cancellationToken);

    /// <param name="baseReference">A commit id, branch or tag.</param>
    /// <param name="headReference">A commit id, branch or tag; <c>owner:branch</c> for one of a fork.</param>
    Task<Comparison> CompareAsync(RepositoryName repository, string baseReference, string headReference, CancellationToken cancellationToken);

    /// <summary>A file; its content only where it is no larger than <paramref name="maxBytes"/>.</summary>
    /// <exception cref="ToolNotFoundException">There is none at that path and commit.</exception>
    /// <exception cref="GitHubRequestException">There is a directory or a submodule at that path.</exception>
    Task<RepositoryFile> GetFileAsync(RepositoryName repository, string path, string reference, long maxBytes, CancellationToken cancellationToken);

    /// <summary>Commits one file's new content to a branch.</summary>
    Task<FileUpdateResult> UpdateFileAsync(RepositoryName repository, FileUpdate update, CancellationToken cancellationToken);

    /// <summary>Opens the source tree as a gzipped tar archive, streamed; all its paths lie below one top folder.</summary>
    Task<Stream> OpenTarballAsync(RepositoryName repository, string reference, CancellationToken cancellationToken);

    /// <summary>Newest first; pull requests are among them.</summary>
    IAsyncEnumerable<Issue> ListIssuesAsync(RepositoryName repository, IssueFilter filter, CancellationToken cancellationToken);

    Task<Issue> GetIssueAsync(RepositoryName repository, int number, CancellationToken cancellationToken);

    Task<Issue> CreateIssueAsync(RepositoryName repository, NewIssue issue, CancellationToken cancellationToken);

    Task<Issue> UpdateIssueAsync(RepositoryName repository, int number, IssueUpdate update, CancellationToken cancellationToken);

    /// <summary>The comments of an issue or a pull request's conversation, oldest first.</summary>
    IAsyncEnumerable<IssueComment> ListCommentsAsync(RepositoryName repository, int number, CancellationToken cancellationToken);

    Task<IssueComment> CreateCommentAsync(RepositoryName repository, int number, string body, CancellationToken cancellationToken);

    Task<IssueComment> UpdateCommentAsync(RepositoryName repository, long commentId, string body, CancellationToken cancellationToken);

    Task DeleteCommentAsync(RepositoryName repository, long commentId, CancellationToken cancellationToken);

    IAsyncEnumerable<Label> ListLabelsAsync(RepositoryName repository, int number, CancellationToken cancellationToken);

    /// <summary>Adds labels to an issue or pull request; those that the repository lacks are made.</summary>
    Task<IReadOnlyList<Label>> AddLabelsAsync(RepositoryName repository, int number, IReadOnlyList<string> labels, CancellationToken cancellationToken);

    Task RemoveLabelAsync(RepositoryName repository, int number, string label, CancellationToken cancellationToken);

    /// <summary>The latest status of every context.</summary>
    IAsyncEnumerable<CommitStatus> ListCommitStatusesAsync(RepositoryName repository, string sha, CancellationToken cancellationToken);

    Task<CommitStatus> CreateCommitStatusAsync(RepositoryName repository, string sha, CommitStatus status, CancellationToken cancellationToken);

    /// <summary>All check runs of that name at a commit, also those that a later one has replaced.</summary>
    IAsyncEnumerable<CheckRun> ListCheckRunsAsync(RepositoryName repository, string sha, string? name, CancellationToken cancellationToken);

    Task<CheckRun> CreateCheckRunAsync(RepositoryName repository, string headSha, string name, CheckRunUpdate checkRun, CancellationToken cancellationToken);

    Task<CheckRun> UpdateCheckRunAsync(RepositoryName repository, long checkRunId, CheckRunUpdate update, CancellationToken cancellationToken);

    /// <summary>Drafts are listed only for those who may push.</summary>
    IAsyncEnumerable<Release> ListReleasesAsync(RepositoryName repository, CancellationToken cancellationToken);

    /// <exception cref="ToolNotFoundException">No published release has that tag.</exception>
    Task<Release> GetReleaseByTagAsync(RepositoryName repository, string tag, CancellationToken cancellationToken);

    Task<Release> CreateReleaseAsync(RepositoryName repository, NewRelease release, CancellationToken cancellationToken);

    /// <summary>
    /// Hands a log to code scanning, which reads it in the background, and gives the id to ask by. A second log of the same commit, tool and category
    /// takes the first one's place.
    /// </summary>
    Task<string> UploadSarifAsync(RepositoryName repository, SarifUpload upload, CancellationToken cancellationToken);

    /// <exception cref="ToolNotFoundException">No upload has that id, or none yet.</exception>
    Task<SarifUploadStatus> GetSarifUploadAsync(RepositoryName repository, string id, CancellationToken cancellationToken);

    /// <exception cref="ToolNotFoundException">There is no such user or repository.</exception>
    Task<CollaboratorAccess> GetPermissionAsync(RepositoryName repository, string user, CancellationToken cancellationToken);

    /// <summary>Who the credentials stand for; asked once.</summary>
    Task<GitHubIdentity> GetIdentityAsync(CancellationToken cancellationToken);

    /// <summary>The primary rate limit; asking does not count against it.</summary>
    Task<RateLimit> GetRateLimitAsync(CancellationToken cancellationToken);
}
