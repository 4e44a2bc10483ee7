using System.Net;
using System.Runtime.CompilerServices;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Blobs;
using Azure;
using Azure.Storage.Blobs.Models;

namespace AtomicDevOps.Activities.Tools.Documents;

/// <summary>Keeps documents as block blobs; a version is a blob's entity tag.</summary>
internal sealed class BlobDocumentStore(BlobContainer container) : IDocumentStore
{
    public async Task<StoredDocument?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        try
        {
            var blob = container.Blob(key);
            var answer = await container.CallAsync($"read document '{key}'", async () => (await blob.DownloadContentAsync(cancellationToken)).Value, cancellationToken);
            return new StoredDocument(answer.Content.ToMemory(), answer.Details.ETag.ToString("H"));
        }
        catch (ToolNotFoundException)
        {
            return null;
        }
    }

    public async Task<bool> TryWriteAsync(string key, ReadOnlyMemory<byte> content, string? version, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        DocumentJson.RequireSize(key, content.Length);
        var blob = container.Blob(key);
        var options = new BlobUploadOptions
        {
            Conditions = version is null ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new BlobRequestConditions { IfMatch = new ETag(version) },
        };
        var written = await container.CallAsync(
            $"write document '{key}'",
            async () =>
            {
                try
                {
                    await blob.UploadAsync(BinaryData.FromBytes(content).ToStream(), options, cancellationToken);
                    return true;
                }
                catch (RequestFailedException exception) when (IsConflict(exception))
                {
                    return false;
                }
            },
            cancellationToken);

        // A write whose answer was lost is sent again, and then meets itself.
        return written || (await ReadAsync(key, cancellationToken) is { } present && present.Content.Span.SequenceEqual(content.Span));
    }

    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(key);
        var blob = container.Blob(key);
        await container.CallAsync($"delete document '{key}'", async () => (await blob.DeleteIfExistsAsync(cancellationToken: cancellationToken)).Value, cancellationToken);
    }

    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(prefix);
        var keys = new List<string>();
        await foreach (var key in container.KeysBelowAsync(prefix, cancellationToken))
        {
            keys.Add(key);
        }

        foreach (var key in keys.Order(StringComparer.Ordinal))
        {
            yield return key;
        }
    }

    public Task CheckAsync(CancellationToken cancellationToken) => container.CheckAsync(cancellationToken);

    private static bool IsConflict(RequestFailedException exception) => ((HttpStatusCode)exception.Status, exception.ErrorCode) switch
    {
        (HttpStatusCode.PreconditionFailed, _) => true,
        (HttpStatusCode.Conflict, "BlobAlreadyExists") => true,
        (HttpStatusCode.NotFound, "BlobNotFound") => true,
        _ => false,
    };
}
