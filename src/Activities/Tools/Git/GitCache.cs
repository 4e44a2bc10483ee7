using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>Gives out the bare repositories that stand for remotes, each to one user at a time, on this machine and not only in this process.</summary>
internal sealed class GitCache(string directory, TimeProvider timeProvider)
{
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(50);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);
    private readonly string _directory = Path.GetFullPath(directory);

    /// <param name="hashLength">Repositories of SHA-1 and of SHA-256 ids cannot share objects.</param>
    public async Task<Lease> AcquireAsync(Uri remote, int hashLength, CancellationToken cancellationToken)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{hashLength} {remote.AbsoluteUri}")))[..32];
        Directory.CreateDirectory(_directory);
        var path = Path.Combine(_directory, name + ".git");
        var inProcess = _locks.GetOrAdd(name, static _ => new SemaphoreSlim(1, 1));
        await inProcess.WaitAsync(cancellationToken);
        try
        {
            var file = await OpenLockFileAsync(Path.Combine(_directory, name + ".lock"), cancellationToken);
            DeleteStaleLocks(path);
            return new Lease(path, inProcess, file);
        }
        catch
        {
            inProcess.Release();
            throw;
        }
    }

    private async Task<FileStream> OpenLockFileAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(LockRetry, timeProvider, cancellationToken);
            }
        }
    }

    /// <summary>Nobody else is in the repository, so lock files in it were left by a git that was killed.</summary>
    private static void DeleteStaleLocks(string path)
    {
        if (!Directory.Exists(path))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(path, "*.lock"))
        {
            File.Delete(file);
        }

        var references = Path.Combine(path, "refs");
        if (Directory.Exists(references))
        {
            foreach (var file in Directory.EnumerateFiles(references, "*.lock", SearchOption.AllDirectories))
            {
                File.Delete(file);
            }
        }
    }

    public sealed class Lease(string path, SemaphoreSlim inProcess, FileStream lockFile) : IDisposable
    {
        public string Path { get; } = path;

        public bool Exists => File.Exists(System.IO.Path.Combine(Path, "HEAD"));

        public void Drop()
        {
            if (Directory.Exists(Path))
            {
                var doomed = $"{Path}.{Guid.NewGuid():N}.deleted";
                Directory.Move(Path, doomed);
                Directory.Delete(doomed, recursive: true);
            }
        }

        public void Dispose()
        {
            lockFile.Dispose();
            inProcess.Release();
        }
    }
}
