using System.Collections.Concurrent;
using System.Text;
using AtomicDevOps.Activities.Tools.Artifacts;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Logs;

/// <summary>
/// Keeps a stage's output as two files: its beginning, which only grows, and past half of the limit its end, which is cut from the front.
/// Text is held back to the end of its line, so that a secret that arrives in two pieces is still found.
/// </summary>
public sealed class FileStageLog : IStageLog
{
    private readonly string _root;
    private readonly int _half;
    private readonly SecretRedactor _redactor;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public FileStageLog(IOptions<LogsOptions> options, SecretRedactor redactor)
    {
        _root = Path.GetFullPath(options.Value.DirectoryOrDefault);
        _half = options.Value.StageBytes / 2;
        _redactor = redactor;
    }

    public async ValueTask AppendAsync(string runId, string stage, string text, CancellationToken cancellationToken)
    {
        var path = PathOf(runId, stage);
        var entry = _entries.GetOrAdd(path, static _ => new Entry());
        await entry.Lock.WaitAsync(cancellationToken);
        try
        {
            if (entry.HeldBack.Add(text, _redactor) is { Length: > 0 } bytes)
            {
                await WriteAsync(path, bytes, cancellationToken);
            }
        }
        finally
        {
            entry.Lock.Release();
        }
    }

    public async Task<string> ReadAsync(string runId, string stage, long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var path = PathOf(runId, stage);
        byte[] heldBack = [];
        byte[] head;
        byte[] tail;
        if (_entries.TryGetValue(path, out var entry))
        {
            await entry.Lock.WaitAsync(cancellationToken);
            try
            {
                heldBack = entry.HeldBack.Read(_redactor);
                (head, tail) = (await ReadFileAsync(path, cancellationToken), await ReadFileAsync(path + ".tail", cancellationToken));
            }
            finally
            {
                entry.Lock.Release();
            }
        }
        else
        {
            (head, tail) = (await ReadFileAsync(path, cancellationToken), await ReadFileAsync(path + ".tail", cancellationToken));
        }

        byte[] all = [.. head, .. tail, .. heldBack];
        return offset >= all.Length ? "" : Encoding.UTF8.GetString(all.AsSpan((int)offset));
    }

    public Task DeleteAsync(string runId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var directory = Path.Combine(_root, ArtifactKey.Segment(runId));
        foreach (var path in _entries.Keys.Where(key => key.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
        {
            _entries.TryRemove(path, out _);
        }

        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was logged.
        }

        return Task.CompletedTask;
    }

    public Task CheckAsync(CancellationToken cancellationToken) => WritableDirectory.IsUsable(_root)
        ? Task.CompletedTask
        : throw new ToolException("Logs", WritableDirectory.Problem("Logs:Directory"));

    private async Task WriteAsync(string path, byte[] bytes, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var headLength = File.Exists(path) ? new FileInfo(path).Length : 0;
        var tailPath = path + ".tail";
        if (headLength + bytes.Length <= _half && !File.Exists(tailPath))
        {
            await File.AppendAllBytesAsync(path, bytes, cancellationToken);
            return;
        }

        await File.AppendAllBytesAsync(tailPath, bytes, cancellationToken);
        if (new FileInfo(tailPath).Length > 2L * _half)
        {
            await ShortenAsync(tailPath, cancellationToken);
        }
    }

    private async Task ShortenAsync(string tailPath, CancellationToken cancellationToken)
    {
        var bytes = await File.ReadAllBytesAsync(tailPath, cancellationToken);
        var start = bytes.Length - _half;
        var lineEnd = Array.IndexOf(bytes, (byte)'\n', start);
        start = lineEnd < 0 ? start : lineEnd + 1;
        var temporary = tailPath + ".new";
        await File.WriteAllBytesAsync(temporary, [.. IStageLog.LeftOut, .. bytes.AsSpan(start)], cancellationToken);
        File.Move(temporary, tailPath, overwrite: true);
    }

    private static async Task<byte[]> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    private string PathOf(string runId, string stage) => Path.Combine(_root, ArtifactKey.Segment(runId), ArtifactKey.Segment(stage) + ".log");

    private sealed class Entry
    {
        public SemaphoreSlim Lock { get; } = new(1, 1);

        public HeldBackText HeldBack { get; } = new();
    }
}
