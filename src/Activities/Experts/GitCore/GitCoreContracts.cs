using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Git;

namespace AtomicDevOps.Activities.Experts.GitCore;

/// <param name="RunId">The pipeline run; the workspace belongs to it and goes with it.</param>
/// <param name="CloneUrl">Without credentials.</param>
/// <param name="CommitSha">The full commit id.</param>
/// <param name="FetchRef">A full reference whose history holds the commit, for example <c>refs/pull/1/head</c>.</param>
public sealed record CheckoutRequest(string RunId, string CloneUrl, string CommitSha, string? FetchRef = null)
{
    public CheckoutLimits Limits { get; init; } = new();
}

public sealed record CheckoutLimits
{
    /// <summary>The largest single file.</summary>
    public long FileBytes { get; init; } = 100L * 1024 * 1024;

    /// <summary>All files together.</summary>
    public long TotalBytes { get; init; } = 500L * 1024 * 1024;

    /// <summary>The number of files and links.</summary>
    public int Files { get; init; } = 50_000;
}

/// <param name="Workspace">The tree, where the outcome is <see cref="CheckoutOutcome.Ready"/>.</param>
/// <param name="Problem">Otherwise what is wrong, for the author to read: the file, its size, the limit and what to change.</param>
public sealed record CheckoutResult(CheckoutOutcome Outcome, WorkspaceReference? Workspace = null, string? Problem = null);

[JsonConverter(typeof(JsonStringEnumConverter<CheckoutOutcome>))]
public enum CheckoutOutcome
{
    Ready,

    /// <summary>The remote does not have the commit, or no longer.</summary>
    CommitNotFound,

    /// <summary>The remote repository does not exist, or the credentials may not see it.</summary>
    RepositoryNotFound,
    FileTooLarge,
    TreeTooLarge,
    TooManyFiles,

    /// <summary>A symbolic link points out of the tree.</summary>
    UnsafeLink,
}

/// <param name="CloneUrl">Without credentials.</param>
/// <param name="Target">The commit to merge into, usually the tip of the base branch.</param>
/// <param name="Head">The commit to merge.</param>
public sealed record CheckMergeRequest(string CloneUrl, GitRevision Target, GitRevision Head);

/// <param name="CloneUrl">Without credentials.</param>
/// <param name="From">The older side.</param>
/// <param name="To">The newer side.</param>
/// <param name="SinceMergeBase">Compare with the merge base of both instead of <paramref name="From"/> itself, as a pull request does.</param>
/// <param name="MaxFiles">More are counted as truncated.</param>
public sealed record DiffRequest(string CloneUrl, GitRevision From, GitRevision To, bool SinceMergeBase = true, int MaxFiles = 3_000);

/// <param name="CloneUrl">Without credentials.</param>
/// <param name="Base">Commits that it has are left out; null lists all.</param>
/// <param name="Head">Where to begin.</param>
/// <param name="MaxCommits">1 to 1,000.</param>
public sealed record LogRequest(string CloneUrl, GitRevision? Base, GitRevision Head, int MaxCommits = 250);

/// <param name="CloneUrl">Without credentials.</param>
/// <param name="Path">From the tree's root, parted by <c>/</c>.</param>
/// <param name="FirstLine">From 1 on.</param>
/// <param name="LastLine">Included; at most 1,000 lines at once. Lines past the end of the file are no error.</param>
public sealed record BlameRequest(string CloneUrl, GitRevision Revision, string Path, int FirstLine, int LastLine);

/// <param name="Lines">The lines that exist, in order.</param>
public sealed record BlameResult(IReadOnlyList<GitBlameLine> Lines);

/// <param name="CloneUrl">Without credentials.</param>
/// <param name="Base">Commits that it has are left out; null checks the head alone.</param>
/// <param name="MaxCommits">1 to 250.</param>
public sealed record VerifySignaturesRequest(string CloneUrl, GitRevision? Base, GitRevision Head, int MaxCommits = 100);

/// <param name="AllGood">Whether every commit was checked and carries a good signature.</param>
/// <param name="Commits">Newest first.</param>
/// <param name="Truncated">Whether there are more commits than were checked.</param>
public sealed record SignatureReport(bool AllGood, IReadOnlyList<GitSignature> Commits, bool Truncated);

/// <param name="CloneUrl">Without credentials.</param>
/// <param name="Name">The tag's name without <c>refs/tags/</c>.</param>
/// <param name="Message">The annotation.</param>
public sealed record TagRequest(string CloneUrl, GitRevision Revision, string Name, string Message);

/// <param name="CloneUrl">Without credentials.</param>
/// <param name="Parent">The commit that it builds on.</param>
/// <param name="Branch">The new branch, without <c>refs/heads/</c>.</param>
/// <param name="Message">The subject, and after an empty line the rest.</param>
/// <param name="At">The commit's date: the same in every try, so that all of them make the same commit.</param>
public sealed record CommitRequest(string CloneUrl, GitRevision Parent, string Branch, string Message, DateTimeOffset At)
{
    /// <summary>What changes; null where <see cref="Kept"/> has it.</summary>
    public RemediationProposal? Proposal { get; init; }

    /// <summary>A <see cref="RemediationProposal"/> as JSON.</summary>
    public StoredArtifact? Kept { get; init; }
}

/// <param name="RunId">The pipeline run whose workspaces go.</param>
public sealed record DropWorkspacesRequest(string RunId);
