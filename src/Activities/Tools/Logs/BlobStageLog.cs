using System.Collections.Concurrent;
using System.Text;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Blobs;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Logs;

/// <summary>
/// Keeps a stage's output as one blob, which every instance may append to and read. What is held back to the end of its line is seen on the instance
/// that has it.
/// </summary>
internal sealed class BlobStageLog(BlobContainer container, IOptions<LogsOptions> options, SecretRedactor redactor, TimeProvider timeProvider) : IStageLog
{
    public const string Tool = "Logs";

    /// <summary>After that long without output a stage is taken to have ended here, and its log is read anew if it goes on.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public async ValueTask AppendAsync(string runId, string stage, string text, CancellationToken cancellationToken)
    {
        using var entry = await EnterAsync(KeyOf(runId, stage), cancellationToken);
        if (entry.HeldBack.Add(text, redactor) is { Length: > 0 } bytes)
        {
            await entry.Blob.AppendAsync(bytes, cancellationToken);
        }
    }

    public async Task<string> ReadAsync(string runId, string stage, long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var key = KeyOf(runId, stage);
        if (!_entries.ContainsKey(key))
        {
            return Encoding.UTF8.GetString((await new StageLogBlob(container, key, options.Value.StageBytes).ReadAsync(offset, cancellationToken)).Span);
        }

        using var entry = await EnterAsync(key, cancellationToken);
        var heldBack = entry.HeldBack.Read(redactor);
        if (heldBack.Length == 0)
        {
            return Encoding.UTF8.GetString((await entry.Blob.ReadAsync(offset, cancellationToken)).Span);
        }

        var length = await entry.Blob.GetLengthAsync(cancellationToken);
        var stored = offset < length ? await entry.Blob.ReadAsync(offset, cancellationToken) : default;
        return Encoding.UTF8.GetString([.. stored.Span, .. heldBack.AsSpan((int)Math.Clamp(offset - length, 0, heldBack.Length))]);
    }

    public async Task DeleteAsync(string runId, CancellationToken cancellationToken)
    {
        var run = ArtifactKey.Segment(runId);
        foreach (var key in _entries.Keys.Where(key => key.StartsWith($"{run}/", StringComparison.Ordinal)))
        {
            if (_entries.TryRemove(key, out var entry))
            {
                await entry.RemoveAsync(cancellationToken);
            }
        }

        await container.DeleteAsync(run, cancellationToken);
    }

    public Task CheckAsync(CancellationToken cancellationToken) => container.CheckAsync(cancellationToken);

    private static string KeyOf(string runId, string stage) => $"{ArtifactKey.Segment(runId)}/{ArtifactKey.Segment(stage)}.log";

    /// <summary>What this instance knows of a log, for one at a time, until it is disposed.</summary>
    private async Task<Entry> EnterAsync(string key, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                Forget();
                entry = _entries.GetOrAdd(key, new Entry(new StageLogBlob(container, key, options.Value.StageBytes)));
            }

            if (await entry.TryEnterAsync(timeProvider.GetUtcNow(), cancellationToken))
            {
                return entry;
            }
        }
    }

    private void Forget()
    {
        var before = timeProvider.GetUtcNow() - Idle;
        foreach (var (key, entry) in _entries)
        {
            if (entry.TryRemove(before))
            {
                _entries.TryRemove(KeyValuePair.Create(key, entry));
            }
        }
    }

    private sealed class Entry(StageLogBlob blob) : IDisposable
    {
        private readonly SemaphoreSlim _lock = new(1, 1);
        private DateTimeOffset _usedAt;
        private bool _isRemoved;

        public StageLogBlob Blob => blob;

        public HeldBackText HeldBack { get; } = new();

        /// <returns>False where it was removed, and another one is in its place.</returns>
        public async Task<bool> TryEnterAsync(DateTimeOffset now, CancellationToken cancellationToken)
        {
            await _lock.WaitAsync(cancellationToken);
            if (_isRemoved)
            {
                _lock.Release();
                return false;
            }

            _usedAt = now;
            return true;
        }

        public async Task RemoveAsync(CancellationToken cancellationToken)
        {
            await _lock.WaitAsync(cancellationToken);
            _isRemoved = true;
            _lock.Release();
        }

        /// <returns>Whether nobody used it since, and nothing is held back in it.</returns>
        public bool TryRemove(DateTimeOffset before)
        {
            if (!_lock.Wait(0))
            {
                return false;
            }

            _isRemoved = _isRemoved || (_usedAt < before && HeldBack.IsEmpty);
            _lock.Release();
            return _isRemoved;
        }

        public void Dispose() => _lock.Release();
    }
}
