using System.Collections.Concurrent;
using System.Security.Cryptography;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

internal sealed class MemoryArtifactStore : IArtifactStore
{
    private readonly ConcurrentDictionary<string, byte[]> _content = new(StringComparer.Ordinal);

    public async Task<StoredArtifact> WriteAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        await write(content, cancellationToken);
        var bytes = _content[key] = content.ToArray();
        return new StoredArtifact(key, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken)
        => _content.TryGetValue(key, out var bytes)
            ? Task.FromResult<Stream>(new MemoryStream(bytes, writable: false))
            : throw new ToolNotFoundException("Artifacts", $"There is no artifact '{key}'.");

    public Task DeleteAsync(string prefix, CancellationToken cancellationToken)
    {
        foreach (var key in _content.Keys.Where(key => string.Equals(key, prefix, StringComparison.Ordinal) || key.StartsWith($"{prefix}/", StringComparison.Ordinal)))
        {
            _content.TryRemove(key, out _);
        }

        return Task.CompletedTask;
    }

    public Task CheckAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
