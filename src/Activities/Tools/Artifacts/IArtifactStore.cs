namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>
/// Keeps the large things that one activity hands to another, so that neither a shared disk nor the orchestration's history has to.
/// A key is relative, made of segments of letters, digits, <c>.</c>, <c>-</c>, <c>_</c>, <c>~</c> parted by <c>/</c>; anything else is refused.
/// Writing a key that exists replaces it whole or not at all.
/// </summary>
public interface IArtifactStore
{
    /// <summary>Writes what <paramref name="write"/> produces; if that fails, nothing stays behind.</summary>
    Task<StoredArtifact> WriteAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken);

    /// <exception cref="ToolNotFoundException">There is no such artifact.</exception>
    Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Deletes everything whose key is <paramref name="prefix"/> or below it; nothing there is no error.</summary>
    Task DeleteAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Finds out whether the store can be reached.</summary>
    /// <exception cref="ToolException">It is not there, or does not let this platform in; the message names the setting.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}

/// <param name="Key">The key it was written under.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Lower-case hexadecimal SHA-256 of its content.</param>
public sealed record StoredArtifact(string Key, long Bytes, string Sha256);

/// <summary>A source tree at one commit: a tar archive in the <see cref="IArtifactStore"/>, paths relative to the tree's root.</summary>
/// <param name="CommitSha">The full commit id.</param>
/// <param name="Files">How many files it holds.</param>
public sealed record WorkspaceReference(StoredArtifact Archive, string CommitSha, int Files);
