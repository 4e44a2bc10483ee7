namespace AtomicDevOps.LocalForge.Git;

/// <summary>Who wrote or committed, and when.</summary>
internal sealed record GitSignature(string Name, string Email, DateTimeOffset Date);

internal sealed record GitCommit(
    string Sha, string TreeSha, IReadOnlyList<string> Parents, GitSignature Author, GitSignature Committer, string Message)
{
    /// <summary>The message's first line.</summary>
    public string Subject => Message.Split('\n', 2)[0];

    /// <summary>The message without its first line and the blank one after it.</summary>
    public string Body => Message.Split('\n', 2) is [_, var rest] ? rest.TrimStart('\n') : "";
}

internal sealed record GitReference(string Name, string Sha, string ObjectType);

internal sealed record GitTreeEntry(string Mode, string Type, string Sha, long Size, string Path)
{
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];
}

internal sealed record GitFileChange(string Path, string Status, string BlobSha, int Additions, int Deletions)
{
    public string? PreviousPath { get; init; }

    public string? Patch { get; init; }
}

/// <summary>A change to one ref. The all-zero sha stands for "not there".</summary>
internal sealed record RefChange(string Name, string Before, string After)
{
    public const string Zero = "0000000000000000000000000000000000000000";

    public bool Created => Before == Zero;

    public bool Deleted => After == Zero;

    public string? Branch => Name.StartsWith("refs/heads/", StringComparison.Ordinal) ? Name["refs/heads/".Length..] : null;
}
