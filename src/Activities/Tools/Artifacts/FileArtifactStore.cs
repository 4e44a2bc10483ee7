using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>Keeps artifacts as files. A file appears under its key only when it is whole and on the disk.</summary>
public sealed class FileArtifactStore : IArtifactStore
{
    private const string Tool = "Artifacts";
    private readonly string _content;
    private readonly string _incoming;

    public FileArtifactStore(IOptions<ArtifactsOptions> options)
    {
        var root = Path.GetFullPath(options.Value.DirectoryOrDefault);
        _content = Path.Combine(root, "content");
        _incoming = Path.Combine(root, "incoming");
        Directory.CreateDirectory(_content);
        Directory.CreateDirectory(_incoming);
    }

    public async Task<StoredArtifact> WriteAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        var temporary = Path.Combine(_incoming, Guid.NewGuid().ToString("N"));
        try
        {
            long bytes;
            string hash;
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 64 * 1024, useAsync: true))
            {
                using var sha256 = SHA256.Create();
                await using (var hashing = new CryptoStream(file, sha256, CryptoStreamMode.Write, leaveOpen: true))
                {
                    await write(hashing, cancellationToken);
                }

                file.Flush(flushToDisk: true);
                bytes = file.Length;
                hash = Convert.ToHexStringLower(sha256.Hash!);
            }

            cancellationToken.ThrowIfCancellationRequested();
            Publish(temporary, path, key);
            return new StoredArtifact(key, bytes, hash);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult<Stream>(new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 * 1024, useAsync: true));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new ToolNotFoundException(Tool, $"There is no artifact '{key}'. It may have been deleted with its run.", exception);
        }
    }

    public Task DeleteAsync(string prefix, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(prefix);
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing there, or another call deletes it at the same moment: either way it is gone.
        }

        return Task.CompletedTask;
    }

    public Task CheckAsync(CancellationToken cancellationToken) => WritableDirectory.IsUsable(_incoming)
        ? Task.CompletedTask
        : throw new ToolException(Tool, WritableDirectory.Problem("Artifacts:Directory"));

    private static void Publish(string temporary, string path, string key)
    {
        // A delete of the same prefix may take the directory away between the two calls.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.Move(temporary, path, overwrite: true);
                return;
            }
            catch (DirectoryNotFoundException) when (attempt < 5)
            {
                continue;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new ToolException(Tool, $"The artifact '{key}' could not be stored: {exception.Message}", exception);
            }
        }
    }

    private string PathOf(string key)
    {
        ArtifactKey.Validate(key);
        return Path.Combine(_content, key);
    }
}
