using System.Diagnostics;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>An engine of a test's own, which it may stop and start.</summary>
public sealed class OwnDockerEngine : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("eng-");

    private OwnDockerEngine() => Engine = DockerEngine.At($"unix://{_directory.FullName}/docker.sock");

    public DockerEngine Engine { get; }

    /// <summary>Starts an engine that has the base image of another one.</summary>
    public static async Task<OwnDockerEngine> StartAsync(DockerEngine other)
    {
        var possible = Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/dockerd");
        if (Environment.GetEnvironmentVariable("CI") is "true")
        {
            possible.ShouldBeTrue("CI has to be able to start an engine: root and docker.io");
        }

        Assert.SkipUnless(possible, "Needs root and Debian's docker.io to start an engine.");
        var own = new OwnDockerEngine();
        try
        {
            await own.StartAsync();
            await other.CopyBaseImageAsync(own.Engine);
            return own;
        }
        catch
        {
            await own.DisposeAsync();
            throw;
        }
    }

    public Task StartAsync() => RunScriptAsync("start");

    /// <param name="crash">By SIGKILL, so that it leaves everything as it is.</param>
    public async Task EndAsync(bool crash)
    {
        if (!crash)
        {
            await RunScriptAsync("stop");
            return;
        }

        using var process = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(Path.Combine(_directory.FullName, "pid"))));
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync(crash: false);
        Engine.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task RunScriptAsync(string action)
    {
        var start = new ProcessStartInfo("/bin/bash", [Path.Combine(RepositoryRoot.Path, "eng", "setup", "engine.sh"), action, _directory.FullName])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, await output + await error);
    }
}
