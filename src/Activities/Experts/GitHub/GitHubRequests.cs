using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Activities.Experts.GitHub;

public sealed record PullRequestReference(RepositoryName Repository, int Number);

/// <param name="Files">What the pull request changes.</param>
/// <param name="Truncated">It changes more than the 3000 files that GitHub tells.</param>
public sealed record PullRequestFiles(IReadOnlyList<ChangedFile> Files, bool Truncated);

/// <param name="Commits">Oldest first.</param>
/// <param name="Truncated">It has more than the 250 commits that GitHub tells.</param>
public sealed record PullRequestCommits(IReadOnlyList<Commit> Commits, bool Truncated);

/// <summary>Looks for pull requests by their head: exactly one of <see cref="HeadSha"/> and <see cref="HeadBranch"/> is given.</summary>
public sealed record FindPullRequestsRequest(RepositoryName Repository)
{
    /// <summary>The commit that the head stands at now.</summary>
    public string? HeadSha { get; init; }

    /// <summary>The head's branch; <c>owner:branch</c> for one of a fork.</summary>
    public string? HeadBranch { get; init; }

    public string? Base { get; init; }

    public StateFilter State { get; init; } = StateFilter.Open;
}

/// <param name="Base">A commit id, branch or tag.</param>
/// <param name="Head">A commit id, branch or tag; <c>owner:branch</c> for one of a fork.</param>
public sealed record CompareRequest(RepositoryName Repository, string Base, string Head);

/// <param name="Path">The path from the repository's root, with <c>/</c>.</param>
/// <param name="Reference">A commit id, branch or tag.</param>
public sealed record GetFileRequest(RepositoryName Repository, string Path, string Reference)
{
    /// <summary>A larger file comes without its content.</summary>
    public int MaxBytes { get; init; } = 256 * 1024;
}

/// <summary>
/// The one check run of <paramref name="Name"/> and <paramref name="ExternalId"/> at <paramref name="HeadSha"/> shall be as told here.
/// </summary>
/// <param name="ExternalId">What makes it ours; the same for every call about the same check run, 1–255 characters.</param>
public sealed record PutCheckRunRequest(RepositoryName Repository, string HeadSha, string Name, string ExternalId, CheckRunStatus Status)
{
    /// <summary>Needed with <see cref="CheckRunStatus.Completed"/>, and only there.</summary>
    public CheckRunConclusion? Conclusion { get; init; }

    /// <summary>Where people read more.</summary>
    public Uri? DetailsUrl { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Texts beyond GitHub's limits are cut, and say so.</summary>
    public CheckRunOutput? Output { get; init; }

    /// <summary>
    /// All annotations of the check run, in the same order in every call: as many as it has already are not appended again.
    /// Needs <see cref="Output"/>.
    /// </summary>
    public IReadOnlyList<CheckAnnotation> Annotations { get; init; } = [];
}

/// <param name="CheckRunId">The check run's number, if it became one.</param>
/// <param name="HtmlUrl">Where people read it.</param>
public sealed record CheckRunReference(CheckRunForm Form, long? CheckRunId, Uri? HtmlUrl);

[JsonConverter(typeof(JsonStringEnumConverter<CheckRunForm>))]
public enum CheckRunForm
{
    CheckRun,

    /// <summary>GitHub lets only apps write check runs; with a user's token a commit status of the same name stands in.</summary>
    CommitStatus,
}

/// <summary>
/// The one comment of ours with <paramref name="Marker"/> on an issue or pull request shall read <paramref name="Body"/>.
/// </summary>
/// <param name="Marker">1–200 letters, digits and <c>. : / _ - ~</c>, without <c>--</c>; it stands hidden in the comment.</param>
/// <param name="Body">Markdown; beyond GitHub's limit of 65536 characters it is cut, and says so.</param>
public sealed record PutCommentRequest(RepositoryName Repository, int Number, string Marker, string Body);

/// <summary>
/// The one issue of ours with <paramref name="Key"/> shall read so, and be open or closed. An issue that does not exist is not made to be closed.
/// </summary>
/// <param name="Key">1–200 letters, digits and <c>. : / _ - ~</c>, without <c>--</c>; it stands hidden in the issue.</param>
/// <param name="Title">One line; beyond GitHub's limit of 256 characters it is cut.</param>
/// <param name="Body">Markdown; beyond GitHub's limit of 65536 characters it is cut, and says so.</param>
public sealed record PutIssueRequest(RepositoryName Repository, string Key, string Title, string Body)
{
    public bool Open { get; init; } = true;

    /// <summary>Of 1–50 characters each; added to those that people gave it, and made where the repository lacks them.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}

/// <param name="Number">The issue, where there is one.</param>
/// <param name="HtmlUrl">Where people read it.</param>
/// <param name="Message">Why it was refused, in GitHub's words.</param>
public sealed record PutIssueResult(PutIssueOutcome Outcome, int? Number = null, Uri? HtmlUrl = null, string? Message = null);

[JsonConverter(typeof(JsonStringEnumConverter<PutIssueOutcome>))]
public enum PutIssueOutcome
{
    Created,

    /// <summary>It was open or closed as asked, and its text or labels were others.</summary>
    Updated,

    /// <summary>It was closed before.</summary>
    Reopened,

    /// <summary>It was open before.</summary>
    Closed,

    /// <summary>It was all that was asked for.</summary>
    Unchanged,

    /// <summary>It was to be closed, and never was there.</summary>
    NotThere,

    /// <summary>The repository has no issues, or a missing permission forbids it.</summary>
    Refused,
}

/// <summary>The log shall be what code scanning shows for the commit.</summary>
/// <param name="CommitSha">What was scanned.</param>
/// <param name="Reference"><c>refs/heads/…</c>, <c>refs/tags/…</c>, <c>refs/pull/N/head</c> or <c>refs/pull/N/merge</c>.</param>
/// <param name="Log">A SARIF 2.1.0 log.</param>
public sealed record UploadSarifRequest(RepositoryName Repository, string CommitSha, string Reference, StoredArtifact Log)
{
    /// <summary>When the scan began.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}

/// <param name="Id">To ask by what became of it, where it is uploaded.</param>
public sealed record UploadSarifResult(UploadSarifOutcome Outcome, string? Id = null)
{
    /// <summary>Why it is not, in GitHub's words.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];
}

[JsonConverter(typeof(JsonStringEnumConverter<UploadSarifOutcome>))]
public enum UploadSarifOutcome
{
    /// <summary>GitHub took it, and will read it.</summary>
    Uploaded,

    /// <summary>Code scanning is switched off for the repository, or its plan has none.</summary>
    NotEnabled,

    /// <summary>GitHub does not know the commit or the reference, finds the log invalid, or a missing permission forbids it.</summary>
    Refused,

    /// <summary>It has more than 10 MB after compression.</summary>
    TooLarge,
}

/// <param name="Id">Of an <see cref="UploadSarifResult"/>.</param>
public sealed record SarifUploadReference(RepositoryName Repository, string Id);

public sealed record SarifUploadResult(SarifUploadState State)
{
    /// <summary>What GitHub found wrong with the log, 20 at most.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];
}

[JsonConverter(typeof(JsonStringEnumConverter<SarifUploadState>))]
public enum SarifUploadState
{
    Pending,
    Complete,

    /// <summary>GitHub has not read the log, or only in part.</summary>
    Failed,

    /// <summary>GitHub knows no such upload; one that was made just before may be known some seconds later.</summary>
    Unknown,
}

/// <param name="Sha">The commit.</param>
public sealed record SetCommitStatusRequest(RepositoryName Repository, string Sha, CommitStatus Status);

/// <param name="HeadSha">The head that was checked: nothing else is merged.</param>
public sealed record MergePullRequestRequest(RepositoryName Repository, int Number, string HeadSha, MergeMethod Method)
{
    public string? CommitTitle { get; init; }

    public string? CommitMessage { get; init; }
}

/// <param name="MergeSha">The merge commit, where it is merged.</param>
/// <param name="Message">Why it was not merged, in GitHub's words.</param>
public sealed record MergePullRequestResult(MergeOutcome Outcome, string? MergeSha = null, string? Message = null)
{
    public bool IsMerged => Outcome is MergeOutcome.Merged or MergeOutcome.AlreadyMerged;
}

[JsonConverter(typeof(JsonStringEnumConverter<MergeOutcome>))]
public enum MergeOutcome
{
    Merged,

    /// <summary>It was merged before, perhaps by an earlier call whose answer was lost.</summary>
    AlreadyMerged,

    /// <summary>The head is another commit by now.</summary>
    HeadMoved,

    /// <summary>There is a conflict, or the pull request is closed or a draft.</summary>
    NotMergeable,

    /// <summary>A rule of the repository, or a missing permission, forbids it.</summary>
    Refused,
}

/// <param name="HeadSha">The head that is to be brought up to date.</param>
public sealed record UpdateBranchRequest(RepositoryName Repository, int Number, string HeadSha);

/// <param name="HeadSha">The pull request's head after the call, as far as it is known.</param>
public sealed record UpdateBranchResult(UpdateBranchOutcome Outcome, string HeadSha, string? Message = null);

[JsonConverter(typeof(JsonStringEnumConverter<UpdateBranchOutcome>))]
public enum UpdateBranchOutcome
{
    /// <summary>The base is merged into the head, which is a new commit now.</summary>
    Updated,

    /// <summary>The head had all of the base already.</summary>
    UpToDate,

    /// <summary>GitHub took the order and had not carried it out when the call ended.</summary>
    Pending,

    /// <summary>The head is another commit by now.</summary>
    HeadMoved,

    /// <summary>The base cannot be merged into the head without a conflict.</summary>
    Conflict,

    /// <summary>A rule of the repository, or a missing permission, forbids it.</summary>
    Refused,
}

/// <summary>An open pull request from that head into that base shall exist; one that does is taken as it is.</summary>
public sealed record CreatePullRequestRequest(RepositoryName Repository, NewPullRequest PullRequest);

public sealed record AddLabelsRequest(RepositoryName Repository, int Number, IReadOnlyList<string> Labels);

public sealed record RemoveLabelRequest(RepositoryName Repository, int Number, string Label);

/// <summary>One review of ours with <paramref name="Marker"/> on that commit shall exist.</summary>
/// <param name="Marker">As in <see cref="PutCommentRequest"/>.</param>
public sealed record CreateReviewRequest(RepositoryName Repository, int Number, string Marker, NewReview Review);

public sealed record GetPermissionRequest(RepositoryName Repository, string User);

public sealed record RepositoryReference(RepositoryName Repository);

public sealed record BranchReference(RepositoryName Repository, string Branch);

public sealed record DeleteBranchRequest(RepositoryName Repository, string Branch)
{
    /// <summary>Delete it only if it stands at this commit.</summary>
    public string? ExpectedSha { get; init; }
}

/// <param name="Message">Why it was refused, in GitHub's words.</param>
public sealed record DeleteBranchResult(DeleteBranchOutcome Outcome, string? Message = null);

[JsonConverter(typeof(JsonStringEnumConverter<DeleteBranchOutcome>))]
public enum DeleteBranchOutcome
{
    Deleted,
    AlreadyGone,

    /// <summary>The branch stands at another commit than expected.</summary>
    Moved,

    /// <summary>A rule of the repository, or a missing permission, forbids it.</summary>
    Refused,
}

/// <summary>A release with that tag shall exist; one that does is taken as it is.</summary>
public sealed record CreateReleaseRequest(RepositoryName Repository, NewRelease Release);
