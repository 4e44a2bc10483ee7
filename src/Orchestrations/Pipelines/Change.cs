using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>What a run checks: one commit, and the pull request that it belongs to, if any.</summary>
/// <param name="CloneUrl">Where the commit is fetched from, without credentials: the repository that is merged into, also for forks.</param>
/// <param name="FetchRef">A reference there whose history holds the commit.</param>
public sealed record Change(RepositoryName Repository, string HeadSha, Uri CloneUrl, string FetchRef)
{
    private const string BranchPrefix = "refs/heads/";

    public PullRequestSummary? PullRequest { get; init; }

    /// <summary>The branch that <see cref="FetchRef"/> is; null where it is none.</summary>
    [JsonIgnore]
    public string? Branch => FetchRef.StartsWith(BranchPrefix, StringComparison.Ordinal) ? FetchRef[BranchPrefix.Length..] : null;

    internal static Change Of(PullRequest pullRequest) =>
        new(pullRequest.Repository, pullRequest.Head.Sha, pullRequest.Base.CloneUrl!, HeadReference(pullRequest))
        {
            PullRequest = new PullRequestSummary(
                pullRequest.Number, pullRequest.Title, pullRequest.Author.Login, pullRequest.Base.Ref, pullRequest.Base.Sha, pullRequest.Head.Ref)
            {
                IsDraft = pullRequest.IsDraft,
                IsFromFork = pullRequest.IsFromFork,
                HtmlUrl = pullRequest.HtmlUrl,
            },
        };

    // The base repository keeps the head of every pull request under this name, also of one whose fork is gone.
    internal static string HeadReference(PullRequest pullRequest) => FormattableString.Invariant($"refs/pull/{pullRequest.Number}/head");
}

internal static class CommitId
{
    /// <summary>A commit id as people read it: its first seven digits.</summary>
    public static string Short(string sha) => sha.Length > 7 ? sha[..7] : sha;
}

/// <summary>The part of a pull request that decisions hang on.</summary>
public sealed record PullRequestSummary(int Number, string Title, string Author, string BaseRef, string BaseSha, string HeadRef)
{
    public bool IsDraft { get; init; }

    public bool IsFromFork { get; init; }

    public Uri? HtmlUrl { get; init; }
}
