using System.Diagnostics;
using System.Globalization;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <summary>A place for a data directory that can be made to run out of space.</summary>
internal abstract class LimitedDisk : IAsyncDisposable
{
    /// <summary>As the worker sees it.</summary>
    public abstract string Directory { get; }

    /// <summary>As this process sees it.</summary>
    public abstract string OwnView { get; }

    /// <summary>What a worker must be started through.</summary>
    public abstract IEnumerable<string> Launcher { get; }

    /// <summary>Leaves next to no space.</summary>
    public abstract Task FillAsync(WorkerProcess worker);

    public abstract Task FreeAsync(WorkerProcess worker);

    public abstract ValueTask DisposeAsync();

    protected static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
    }
}

/// <summary>
/// A file system of a few megabytes in memory, mounted where only a process of its own mount namespace sees it; it is gone with that process.
/// Needs root, or a kernel that lets users have namespaces.
/// </summary>
internal sealed class SmallFileSystem : LimitedDisk
{
    private const string Mount = "mount -t tmpfs -o size=8m tmpfs \"$0\" && echo mounted && exec cat";

    private readonly TemporaryDirectory _mountPoint = new();
    private readonly Process _keeper;

    private SmallFileSystem()
        => _keeper = Environment.IsPrivilegedProcess
            ? Start("unshare", "--mount", "--", "sh", "-c", Mount, _mountPoint.Path)
            : Start("unshare", "--mount", "--map-root-user", "--", "sh", "-c", Mount, _mountPoint.Path);

    public override string Directory => _mountPoint.Path;

    public override string OwnView => string.Create(CultureInfo.InvariantCulture, $"/proc/{_keeper.Id}/root{_mountPoint.Path}");

    public override IEnumerable<string> Launcher =>
    [
        "nsenter",
        string.Create(CultureInfo.InvariantCulture, $"--target={_keeper.Id}"),
        "--mount",
        .. Environment.IsPrivilegedProcess ? Array.Empty<string>() : ["--user", "--preserve-credentials"],
        "--",
    ];

    private string Ballast => Path.Combine(OwnView, "ballast");

    /// <summary>Skips the test where nothing can be mounted, and fails it where that has to be possible.</summary>
    public static async Task<SmallFileSystem> MountAsync()
    {
        var disk = new SmallFileSystem();
        if (await disk._keeper.StandardOutput.ReadLineAsync() is null)
        {
            var reason = $"Needs root, or a kernel that lets users have namespaces: {await disk._keeper.StandardError.ReadToEndAsync()}";
            await disk.DisposeAsync();
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") is "true", reason);
            Assert.Fail(reason);
        }

        return disk;
    }

    public override Task FillAsync(WorkerProcess worker)
    {
        using var ballast = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                ballast.Write(block);
            }
        }
        catch (IOException)
        {
            return Task.CompletedTask;
        }
    }

    public override Task FreeAsync(WorkerProcess worker)
    {
        File.Delete(Ballast);
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync();
        _keeper.Dispose();
        _mountPoint.Dispose();
    }
}

/// <summary>An ordinary directory, and a limit on the size of files that the worker may write: works everywhere.</summary>
internal sealed class LimitedFileSize : LimitedDisk
{
    /// <summary>Bytes: less than the store's files have by then, and more than the attempts need.</summary>
    private const string Limit = "65536:";

    private readonly TemporaryDirectory _directory = new();

    public override string Directory => _directory.Path;

    public override string OwnView => _directory.Path;

    /// <summary>The signal that comes with the limit is ignored, so that writing fails instead.</summary>
    public override IEnumerable<string> Launcher => ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

    public override Task FillAsync(WorkerProcess worker) => LimitAsync(worker, Limit);

    public override Task FreeAsync(WorkerProcess worker) => LimitAsync(worker, "unlimited:");

    public override ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task LimitAsync(WorkerProcess worker, string limit)
    {
        using var prlimit = Start(
            "prlimit", string.Create(CultureInfo.InvariantCulture, $"--pid={worker.Id}"), $"--fsize={limit}");
        await prlimit.WaitForExitAsync();
        prlimit.ExitCode.ShouldBe(0, await prlimit.StandardError.ReadToEndAsync());
    }
}
