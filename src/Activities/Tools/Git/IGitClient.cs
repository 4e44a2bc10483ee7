using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>
/// Works on remote repositories through a bare, shallow cache on this machine, which grows by what is asked for and is rebuilt where it is damaged.
/// Every method fetches what it needs; none has a work tree, runs a hook or follows a submodule.
/// </summary>
/// <exception cref="ToolNotFoundException">A revision is unknown to the remote, or the remote does not exist.</exception>
/// <exception cref="ToolUnavailableException">The remote cannot be reached.</exception>
/// <exception cref="ToolException">The request cannot be right: a URL, revision or path that is not allowed.</exception>
public interface IGitClient
{
    /// <summary>The version of git, for example <c>2.39.5</c>.</summary>
    Task<string> GetVersionAsync(CancellationToken cancellationToken);

    /// <summary>What a reference of the remote points to now, without fetching it; null where it does not exist.</summary>
    Task<string?> ResolveRemoteReferenceAsync(string cloneUrl, string reference, CancellationToken cancellationToken);

    /// <summary>Makes the commit and its files available. Files over <see cref="GitFetchLimits.FileBytes"/> stay away where the server can leave them out.</summary>
    Task<GitFetchResult> FetchAsync(string cloneUrl, GitRevision revision, GitFetchLimits limits, CancellationToken cancellationToken);

    /// <summary>All files, links and submodules of a fetched commit with their sizes, up to <paramref name="maxEntries"/> of them.</summary>
    Task<GitTree> ListTreeAsync(string cloneUrl, string commitSha, int maxEntries, CancellationToken cancellationToken);

    /// <summary>The targets of symbolic links of a fetched commit, by path.</summary>
    Task<IReadOnlyDictionary<string, string>> ReadLinksAsync(string cloneUrl, IReadOnlyList<GitTreeEntry> links, CancellationToken cancellationToken);

    /// <summary>Writes the whole tree of a fetched commit as a tar archive; <c>export-ignore</c> and <c>export-subst</c> attributes do not count.</summary>
    Task ArchiveAsync(string cloneUrl, string commitSha, Stream destination, CancellationToken cancellationToken);

    /// <summary>The best common ancestor; null where the histories have none.</summary>
    Task<string?> GetMergeBaseAsync(string cloneUrl, GitRevision first, GitRevision second, CancellationToken cancellationToken);

    /// <summary>Whether <paramref name="head"/> merges into <paramref name="target"/>.</summary>
    Task<GitMergeCheck> CheckMergeAsync(string cloneUrl, GitRevision target, GitRevision head, CancellationToken cancellationToken);

    /// <summary>What changed from <paramref name="from"/> to <paramref name="to"/>, at most <paramref name="maxFiles"/> files.</summary>
    Task<GitDiff> DiffAsync(string cloneUrl, GitRevision from, GitRevision to, int maxFiles, CancellationToken cancellationToken);

    /// <summary>The commits of <paramref name="head"/> that <paramref name="exclude"/> has not, newest first, at most <paramref name="maxCommits"/>.</summary>
    Task<GitLog> LogAsync(string cloneUrl, GitRevision? exclude, GitRevision head, int maxCommits, CancellationToken cancellationToken);

    /// <summary>Who last changed each line, from 1 on; <paramref name="lastLine"/> is included.</summary>
    Task<IReadOnlyList<GitBlameLine>> BlameAsync(string cloneUrl, GitRevision revision, string path, int firstLine, int lastLine, CancellationToken cancellationToken);

    Task<GitSignature> VerifySignatureAsync(string cloneUrl, GitRevision revision, CancellationToken cancellationToken);

    /// <summary>Makes an annotated tag and pushes it. A tag of that name on the same commit is left as it is.</summary>
    Task<GitTagResult> TagAsync(string cloneUrl, GitRevision revision, string name, string message, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a commit on another one and pushes it as a new branch. The same request makes the same commit, so that doing it again finds it there.
    /// A branch of that name with another commit is left alone.
    /// </summary>
    Task<GitCommitResult> CommitAsync(string cloneUrl, NewGitCommit commit, CancellationToken cancellationToken);
}

/// <param name="Branch">The new branch, without <c>refs/heads/</c>.</param>
/// <param name="Parent">The commit that it builds on.</param>
/// <param name="At">Its date; part of what makes the same request the same commit.</param>
/// <param name="Files">The whole text of every file that changes or comes, by its path from the tree's root. Executable files stay so.</param>
public sealed record NewGitCommit(string Branch, GitRevision Parent, string Message, DateTimeOffset At, IReadOnlyDictionary<string, string> Files);

/// <param name="CommitSha">The commit that the branch points to now.</param>
public sealed record GitCommitResult(GitCommitOutcome Outcome, string CommitSha);

[JsonConverter(typeof(JsonStringEnumConverter<GitCommitOutcome>))]
public enum GitCommitOutcome
{
    Created,

    /// <summary>The branch was there already, with this very commit.</summary>
    AlreadyThere,

    /// <summary>A branch of that name has another commit, and was left alone.</summary>
    NameTaken,
}

/// <param name="CommitSha">The full commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.</param>
/// <param name="FetchReference">
/// A full reference whose history holds the commit, for example <c>refs/pull/1/head</c>; asked for where the server does not serve a commit by its id.
/// </param>
public sealed record GitRevision(string CommitSha, string? FetchReference = null);

/// <param name="FileBytes">Files above it are left out of the fetch where the server can do that.</param>
/// <param name="TotalBytes">A fetch that brings more is broken off.</param>
public sealed record GitFetchLimits(long FileBytes, long TotalBytes);

public enum GitFetchResult
{
    Fetched,

    /// <summary>The cache had it already.</summary>
    AlreadyThere,

    /// <summary>The remote does not have the commit.</summary>
    CommitNotFound,

    /// <summary>The fetch was broken off at <see cref="GitFetchLimits.TotalBytes"/>.</summary>
    TooLarge,
}

/// <param name="Truncated">Whether there were more entries than asked for.</param>
public sealed record GitTree(IReadOnlyList<GitTreeEntry> Entries, bool Truncated);

/// <param name="Path">From the tree's root, parted by <c>/</c>.</param>
/// <param name="Bytes">The size; null for a submodule, and for a file that was left out because it is over the limit.</param>
public sealed record GitTreeEntry(string Path, GitEntryKind Kind, string ObjectId, long? Bytes);

public enum GitEntryKind
{
    File,
    ExecutableFile,
    SymbolicLink,
    Submodule,
}

/// <param name="Mergeable">No conflict.</param>
/// <param name="UpToDate">The head already has all of the target's commits.</param>
/// <param name="MergeBase">The best common ancestor; null where there is none.</param>
public sealed record GitMergeCheck(bool Mergeable, IReadOnlyList<string> ConflictingPaths, bool UpToDate, string? MergeBase);

/// <param name="Truncated">Whether more files changed than are listed.</param>
public sealed record GitDiff(IReadOnlyList<GitFileChange> Files, bool Truncated);

/// <param name="Path">The path after the change; for a deletion the path before.</param>
/// <param name="PreviousPath">The path before, for a rename or copy.</param>
/// <param name="Additions">Lines; null for a binary file.</param>
/// <param name="Deletions">Lines; null for a binary file.</param>
public sealed record GitFileChange(string Path, GitChangeKind Kind, string? PreviousPath, int? Additions, int? Deletions);

[JsonConverter(typeof(JsonStringEnumConverter<GitChangeKind>))]
public enum GitChangeKind
{
    Added,
    Modified,
    Deleted,
    Renamed,
    Copied,
    TypeChanged,
}

/// <param name="Truncated">Whether there are more commits than asked for.</param>
public sealed record GitLog(IReadOnlyList<GitCommit> Commits, bool Truncated);

/// <param name="Subject">The first line of the message.</param>
/// <param name="Body">The rest of the message, cut after 16 KiB.</param>
public sealed record GitCommit(
    string Sha,
    IReadOnlyList<string> ParentShas,
    string AuthorName,
    string AuthorEmail,
    DateTimeOffset AuthoredAt,
    string CommitterName,
    string CommitterEmail,
    DateTimeOffset CommittedAt,
    string Subject,
    string Body);

/// <param name="Line">From 1 on.</param>
public sealed record GitBlameLine(int Line, string CommitSha, string AuthorName, string AuthorEmail, DateTimeOffset AuthoredAt, string Text);

/// <param name="Signer">Who signed, as the key says; null where that is not known.</param>
/// <param name="Key">Fingerprint or id of the key.</param>
/// <param name="Detail">What an operator needs to know where the status is neither good nor unsigned.</param>
public sealed record GitSignature(string CommitSha, GitSignatureStatus Status, string? Signer, string? Key, string? Detail);

[JsonConverter(typeof(JsonStringEnumConverter<GitSignatureStatus>))]
public enum GitSignatureStatus
{
    /// <summary>Valid, by a known key.</summary>
    Good,

    /// <summary>Valid, by a key whose owner is not known to be trustworthy.</summary>
    UnknownValidity,

    /// <summary>The commit was changed after it was signed, or the signature was made up.</summary>
    Bad,

    /// <summary>The signature or its key has expired.</summary>
    Expired,

    /// <summary>The key was revoked.</summary>
    Revoked,

    /// <summary>Signed, but the key is not known here or the tool to check it is missing.</summary>
    CannotCheck,

    NotSigned,
}

/// <param name="Outcome">What happened.</param>
/// <param name="CommitSha">The commit that the tag points to now.</param>
public sealed record GitTagResult(GitTagOutcome Outcome, string CommitSha);

[JsonConverter(typeof(JsonStringEnumConverter<GitTagOutcome>))]
public enum GitTagOutcome
{
    Created,

    /// <summary>The tag was there already, on the same commit.</summary>
    AlreadyThere,

    /// <summary>A tag of that name points to another commit, and was left alone.</summary>
    NameTaken,
}
