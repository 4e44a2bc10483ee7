using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>A pull request as GitHub last told it.</summary>
public sealed record PullRequest
{
    /// <summary>The repository it asks to be merged into.</summary>
    public required RepositoryName Repository { get; init; }

    public required int Number { get; init; }

    public required string Title { get; init; }

    /// <summary>The description; empty where there is none.</summary>
    public string Body { get; init; } = "";

    public required PullRequestState State { get; init; }

    public bool IsDraft { get; init; }

    public bool IsMerged { get; init; }

    /// <summary>
    /// Whether it merges without conflict; <see langword="null"/> while GitHub works it out, and always in lists and for closed ones.
    /// </summary>
    public bool? Mergeable { get; init; }

    public MergeableState MergeableState { get; init; }

    /// <summary>The commit that merged it, once merged; before that nothing (GitHub's test merge commit is left out).</summary>
    public string? MergeCommitSha { get; init; }

    public required PullRequestBranch Head { get; init; }

    public required PullRequestBranch Base { get; init; }

    /// <summary>Its head lies in another repository than its base, or in one that was deleted: its code is not the team's.</summary>
    public bool IsFromFork => Head.Repository is null || Head.Repository != Base.Repository;

    public required GitHubAccount Author { get; init; }

    /// <summary>The names of its labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Its page for people.</summary>
    public required Uri HtmlUrl { get; init; }

    /// <summary>How many files it changes; 0 in lists, where GitHub does not tell.</summary>
    public int ChangedFiles { get; init; }

    /// <summary>How many commits it brings; 0 in lists, where GitHub does not tell.</summary>
    public int Commits { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? MergedAt { get; init; }
}

/// <summary>One end of a pull request.</summary>
/// <param name="Ref">The branch's name, without <c>refs/heads/</c>.</param>
/// <param name="Sha">The commit that the branch stood at.</param>
/// <param name="Repository">The repository; <see langword="null"/> if it was deleted.</param>
/// <param name="CloneUrl">Where git clones the repository from; <see langword="null"/> if it was deleted.</param>
public sealed record PullRequestBranch(string Ref, string Sha, RepositoryName? Repository, Uri? CloneUrl);

/// <param name="Id">The account's number; 0 for a deleted one.</param>
/// <param name="Login">Its name, <c>name[bot]</c> for an app's; <c>ghost</c> for a deleted one.</param>
/// <param name="IsBot">It belongs to an app.</param>
public sealed record GitHubAccount(long Id, string Login, bool IsBot);

[JsonConverter(typeof(JsonStringEnumConverter<PullRequestState>))]
public enum PullRequestState
{
    Open,
    Closed,
}

/// <summary>Which pull requests or issues a list holds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StateFilter>))]
public enum StateFilter
{
    Open,
    Closed,
    All,
}

/// <summary>Why a pull request can or cannot be merged right now (GitHub's <c>mergeable_state</c>).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MergeableState>))]
public enum MergeableState
{
    /// <summary>Not worked out yet, or a state that this client does not know.</summary>
    Unknown,

    /// <summary>Nothing stands against the merge.</summary>
    Clean,

    /// <summary>The merge commit cannot be made cleanly: a conflict.</summary>
    Dirty,

    /// <summary>Branch protection forbids the merge.</summary>
    Blocked,

    /// <summary>The head must first be brought up to date with the base.</summary>
    Behind,

    /// <summary>Mergeable, but a status that is not required fails or is pending.</summary>
    Unstable,

    /// <summary>Mergeable, with pre-receive hooks on the server.</summary>
    HasHooks,

    /// <summary>A draft cannot be merged.</summary>
    Draft,
}

/// <param name="Head">The branch to be merged: <c>branch</c>, or <c>owner:branch</c> from a fork.</param>
/// <param name="Base">The branch to merge into.</param>
public sealed record NewPullRequest(string Title, string Head, string Base)
{
    public string? Body { get; init; }

    public bool IsDraft { get; init; }
}

/// <summary>Which pull requests a list holds; what is left out does not filter.</summary>
public sealed record PullRequestFilter
{
    public StateFilter State { get; init; } = StateFilter.Open;

    /// <summary>The head as <c>owner:branch</c>.</summary>
    public string? Head { get; init; }

    public string? Base { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<MergeMethod>))]
public enum MergeMethod
{
    Merge,
    Squash,
    Rebase,
}

/// <param name="HeadSha">The merge happens only while the head is still this commit.</param>
public sealed record MergeCommand(string HeadSha, MergeMethod Method)
{
    public string? CommitTitle { get; init; }

    public string? CommitMessage { get; init; }
}

/// <param name="Path">The path from the repository's root, with <c>/</c>.</param>
/// <param name="PreviousPath">Where a renamed file was before.</param>
public sealed record ChangedFile(string Path, FileChange Change, int Additions, int Deletions, string? PreviousPath = null);

[JsonConverter(typeof(JsonStringEnumConverter<FileChange>))]
public enum FileChange
{
    Modified,
    Added,
    Removed,
    Renamed,
    Copied,

    /// <summary>Only its mode or type changed.</summary>
    Changed,
    Unchanged,
}

[JsonConverter(typeof(JsonStringEnumConverter<ReviewEvent>))]
public enum ReviewEvent
{
    Comment,
    Approve,
    RequestChanges,
}

/// <param name="CommitSha">The commit that was reviewed.</param>
public sealed record NewReview(string CommitSha, ReviewEvent Event, string Body)
{
    public IReadOnlyList<ReviewComment> Comments { get; init; } = [];
}

/// <param name="Line">The line in the new version of the file, from 1 on; it must be part of the diff.</param>
public sealed record ReviewComment(string Path, int Line, string Body);

/// <param name="State">GitHub's state: <c>APPROVED</c>, <c>CHANGES_REQUESTED</c>, <c>COMMENTED</c>, <c>DISMISSED</c> or <c>PENDING</c>.</param>
/// <param name="CommitSha">The commit that was reviewed, if it is still known.</param>
public sealed record Review(long Id, GitHubAccount Author, string Body, string State, string? CommitSha, Uri? HtmlUrl);
