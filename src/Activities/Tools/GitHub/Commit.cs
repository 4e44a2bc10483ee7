using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <param name="Sha">The full commit id.</param>
/// <param name="Message">The whole message: subject, empty line, body.</param>
/// <param name="Parents">The parents' ids, in order.</param>
public sealed record Commit(string Sha, string Message, CommitSignature Author, CommitSignature Committer, IReadOnlyList<string> Parents)
{
    /// <summary>The account that GitHub knows the author's e-mail address by, if any.</summary>
    public string? AuthorLogin { get; init; }

    /// <summary>GitHub could verify the commit's signature.</summary>
    public bool IsVerified { get; init; }
}

public sealed record CommitSignature(string Name, string Email, DateTimeOffset Date);

/// <param name="Sha">The commit that the branch stands at.</param>
public sealed record Branch(string Name, string Sha, bool IsProtected);

/// <summary>How two commits relate.</summary>
/// <param name="AheadBy">Commits of the head that the base lacks.</param>
/// <param name="BehindBy">Commits of the base that the head lacks.</param>
/// <param name="MergeBaseSha">Their best common ancestor.</param>
/// <param name="Commits">The first commits of the head that the base lacks, oldest first, 250 at most.</param>
/// <param name="Files">What the head changed since the merge base, 300 at most.</param>
/// <param name="Truncated">There is more than <paramref name="Commits"/> or <paramref name="Files"/> hold.</param>
public sealed record Comparison(
    ComparisonStatus Status,
    int AheadBy,
    int BehindBy,
    string BaseSha,
    string MergeBaseSha,
    IReadOnlyList<Commit> Commits,
    IReadOnlyList<ChangedFile> Files,
    bool Truncated);

[JsonConverter(typeof(JsonStringEnumConverter<ComparisonStatus>))]
public enum ComparisonStatus
{
    Identical,
    Ahead,
    Behind,
    Diverged,
}

/// <param name="Context">What the status is about; the latest status of a context counts.</param>
/// <param name="State">The verdict.</param>
public sealed record CommitStatus(string Context, CommitStatusState State)
{
    /// <summary>One short line, 140 characters at most.</summary>
    public string? Description { get; init; }

    public Uri? TargetUrl { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<CommitStatusState>))]
public enum CommitStatusState
{
    Pending,
    Success,
    Failure,
    Error,
}

/// <summary>A file at a commit.</summary>
/// <param name="Sha">The blob's id, which an update of the file has to name.</param>
/// <param name="Bytes">The size.</param>
/// <param name="Content">The bytes; <see langword="null"/> where they are more than the caller wanted.</param>
public sealed record RepositoryFile(string Path, string Sha, long Bytes, byte[]? Content);

/// <param name="Path">The path from the repository's root, with <c>/</c>.</param>
/// <param name="Branch">The branch that gets the commit.</param>
/// <param name="Message">The commit's message.</param>
/// <param name="Content">The file's new bytes.</param>
/// <param name="PreviousSha">The id of the blob that is replaced; <see langword="null"/> for a new file.</param>
public sealed record FileUpdate(string Path, string Branch, string Message, byte[] Content, string? PreviousSha);

/// <param name="CommitSha">The commit that was made.</param>
/// <param name="BlobSha">The new blob.</param>
public sealed record FileUpdateResult(string CommitSha, string BlobSha);
