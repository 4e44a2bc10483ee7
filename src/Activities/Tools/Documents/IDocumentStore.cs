namespace AtomicDevOps.Activities.Tools.Documents;

/// <summary>
/// Keeps what has to outlive runs and is changed by several of them: documents of up to <see cref="MostBytes"/>, each with a version by which two writers are
/// told apart. Keys follow the rules of <see cref="Artifacts.ArtifactKey"/>.
/// </summary>
public interface IDocumentStore
{
    const int MostBytes = 128 * 1024 * 1024;

    /// <returns>Null where there is none.</returns>
    Task<StoredDocument?> ReadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Writes the document whole or not at all, and only where it still is of the version that was read.</summary>
    /// <param name="version">The one that was read; null where there was none.</param>
    /// <returns>
    /// Whether it was written. Where another one wrote meanwhile, nothing was, unless that one wrote the same. An interruption leaves either the old or the new one.
    /// </returns>
    /// <exception cref="ToolException">It is too large, or the store does not take it.</exception>
    /// <exception cref="ToolUnavailableException">The store is busy: the same may succeed later.</exception>
    Task<bool> TryWriteAsync(string key, ReadOnlyMemory<byte> content, string? version, CancellationToken cancellationToken);

    /// <summary>Nothing there is no error.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>The keys of what is below a key, in ordinal order.</summary>
    IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Finds out whether the store can be reached.</summary>
    /// <exception cref="ToolException">It is not there, or does not let this platform in; the message names the setting.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}

/// <param name="Version">Another one for every other content; it means nothing but to the store that gave it.</param>
public sealed record StoredDocument(ReadOnlyMemory<byte> Content, string Version);
