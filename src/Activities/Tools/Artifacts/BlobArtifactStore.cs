using System.Security.Cryptography;
using AtomicDevOps.Activities.Tools.Blobs;

namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>
/// Keeps artifacts as block blobs. Content goes up in blocks, which are no blob until all of them are committed in one request.
/// </summary>
internal sealed class BlobArtifactStore(BlobContainer container) : IArtifactStore
{
    public const string Tool = "Artifacts";

    public async Task<StoredArtifact> WriteAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var upload = new BlobUploadStream(container, container.Blob(key), $"write artifact '{key}'", sha256);
        await write(upload, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        await upload.CommitAsync(cancellationToken);
        return new StoredArtifact(key, upload.Length, Convert.ToHexStringLower(sha256.GetHashAndReset()));
    }

    public async Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        var blob = container.Blob(key);
        var what = $"read artifact '{key}'";
        try
        {
            var properties = await container.CallAsync(what, async () => (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value, cancellationToken);
            return new BlobReadStream(container, blob, what, properties.ETag, properties.ContentLength);
        }
        catch (ToolNotFoundException exception)
        {
            throw new ToolNotFoundException(Tool, $"There is no artifact '{key}'. It may have been deleted with its run.", exception);
        }
    }

    public Task DeleteAsync(string prefix, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(prefix);
        return container.DeleteAsync(prefix, cancellationToken);
    }

    public Task CheckAsync(CancellationToken cancellationToken) => container.CheckAsync(cancellationToken);
}
