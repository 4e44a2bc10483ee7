using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Tools.Artifacts;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Documents;

/// <summary>
/// Keeps documents as files. A file appears under its key only when it is whole and on the disk, and writers of one key, also those of other processes of this
/// machine, wait for each other by a lock that ends with whoever holds it.
/// </summary>
internal sealed class FileDocumentStore : IDocumentStore
{
    private const string Tool = DocumentJson.Tool;

    /// <summary>No key ends so, and a document may hence be beside those below it.</summary>
    private const string Ending = "=.json";
    private const int LockFiles = 64;
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LockInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LeftBehind = TimeSpan.FromDays(1);

    private readonly TimeProvider _timeProvider;
    private readonly string _content;
    private readonly string _incoming;
    private readonly string _locks;
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, LockFiles).Select(static _ => new SemaphoreSlim(1, 1))];

    public FileDocumentStore(IOptions<FindingsOptions> options, TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        var root = Path.GetFullPath(options.Value.DirectoryOrDefault);
        _content = Path.Combine(root, "content");
        _incoming = Path.Combine(root, "incoming");
        _locks = Path.Combine(root, "locks");
        Directory.CreateDirectory(_content);
        Directory.CreateDirectory(_incoming);
        Directory.CreateDirectory(_locks);
        foreach (var file in Directory.EnumerateFiles(_incoming).Where(file => DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > LeftBehind))
        {
            File.Delete(file);
        }
    }

    public async Task<StoredDocument?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var content = await File.ReadAllBytesAsync(PathOf(key), cancellationToken);
            return new StoredDocument(content, Convert.ToHexStringLower(SHA256.HashData(content)));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(Tool, $"The document '{key}' could not be read: {exception.Message}", exception);
        }
    }

    public async Task<bool> TryWriteAsync(string key, ReadOnlyMemory<byte> content, string? version, CancellationToken cancellationToken)
    {
        DocumentJson.RequireSize(key, content.Length);
        var path = PathOf(key);
        return await LockedAsync(
            key,
            async () =>
            {
                var present = await ReadAsync(key, cancellationToken);
                if (!string.Equals(present?.Version, version, StringComparison.Ordinal))
                {
                    return present is not null && present.Content.Span.SequenceEqual(content.Span);
                }

                await ReplaceAsync(path, content, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        return LockedAsync(
            key,
            () =>
            {
                try
                {
                    File.Delete(path);
                }
                catch (DirectoryNotFoundException)
                {
                    // What was never written is gone already.
                }

                return Task.FromResult(true);
            },
            cancellationToken);
    }

    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArtifactKey.Validate(prefix);
        var directory = Path.Combine(_content, prefix);
        string[] files;
        try
        {
            files = Directory.GetFiles(directory, $"*{Ending}", SearchOption.AllDirectories);
        }
        catch (DirectoryNotFoundException)
        {
            yield break;
        }

        foreach (var key in files.Select(file => Path.GetRelativePath(_content, file)[..^Ending.Length].Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return key;
        }

        await Task.CompletedTask;
    }

    public Task CheckAsync(CancellationToken cancellationToken) => WritableDirectory.IsUsable(_incoming)
        ? Task.CompletedTask
        : throw new ToolException(Tool, WritableDirectory.Problem("Findings:Directory"));

    private async Task ReplaceAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var temporary = Path.Combine(_incoming, Guid.NewGuid().ToString("N"));
        try
        {
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
            {
                await file.WriteAsync(content, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private async Task<bool> LockedAsync(string key, Func<Task<bool>> action, CancellationToken cancellationToken)
    {
        var index = SHA256.HashData(Encoding.UTF8.GetBytes(key))[0] % LockFiles;
        var gate = _gates[index];
        await gate.WaitAsync(cancellationToken);
        try
        {
            await using var held = await LockAsync(key, Path.Combine(_locks, index.ToString("00", CultureInfo.InvariantCulture)), cancellationToken);
            return await action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(Tool, $"The document '{key}' could not be stored: {exception.Message}", exception);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<FileStream> LockAsync(string key, string path, CancellationToken cancellationToken)
    {
        var start = _timeProvider.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException))
            {
                if (_timeProvider.GetElapsedTime(start) > LockWait)
                {
                    throw new ToolUnavailableException(Tool, $"Another process has held the lock of the document '{key}' for {LockWait.TotalSeconds:0} s.", exception);
                }
            }

            await Task.Delay(LockInterval, _timeProvider, cancellationToken);
        }
    }

    private string PathOf(string key)
    {
        ArtifactKey.Validate(key);
        return Path.Combine(_content, key + Ending);
    }
}
