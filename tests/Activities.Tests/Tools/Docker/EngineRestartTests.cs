using System.Diagnostics;
using System.Formats.Tar;
using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Tools;

namespace AtomicDevOps.Activities.Tests.Tools.Docker;

/// <summary>With an engine of their own, which they stop and kill in the middle of work.</summary>
public sealed class EngineRestartTests
{
    private const string Image = "atomicdevops/busybox:1";
    private const string Busybox = "/bin/busybox";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_whose_engine_goes_away_is_worth_another_try_which_leaves_nothing(bool crash)
    {
        await using var engine = await OwnEngine.StartAsync();
        await using var docker = new DockerServices(engine.Endpoint);
        await ImportBusyboxAsync(docker);
        var request = docker.Request("/bin/busybox", "sh", "-c", "echo ready; sleep 600") with { Image = Image };
        var running = docker.Sandbox.RunAsync(request, Cancelled);
        await UntilOutputAsync(docker, "tests", "ready");

        await engine.EndAsync(crash);
        await Should.ThrowAsync<ToolUnavailableException>(() => running);
        await engine.StartAgainAsync();

        var again = await docker.Sandbox.RunAsync(request with { Command = ["/bin/busybox", "echo", "done"] }, Cancelled);
        again.Output.ShouldBe("done\n");
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_build_whose_engine_goes_away_is_worth_another_try_which_leaves_only_its_image(bool crash)
    {
        await using var engine = await OwnEngine.StartAsync();
        await using var docker = new DockerServices(engine.Endpoint);
        await ImportBusyboxAsync(docker);
        var request = new ImageBuildRequest(docker.RunId, await docker.WorkspaceAsync(("Dockerfile", $"FROM {Image}\nRUN echo begun-$((1+1)) && sleep 3\n")));
        var building = docker.Expert.BuildImageAsync(request, Cancelled);
        await UntilOutputAsync(docker, "build", "begun-2");

        await engine.EndAsync(crash);
        await Should.ThrowAsync<ToolUnavailableException>(() => building);
        await engine.StartAgainAsync();

        (await docker.Expert.BuildImageAsync(request, Cancelled)).Outcome.ShouldBe(ImageBuildOutcome.Succeeded);
        await docker.Expert.RemoveRunAsync(new DockerRunReference(docker.RunId), Cancelled);
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
        (await docker.Engine.ListContainersAsync([], Cancelled)).ShouldBeEmpty();
    }

    private static Task<string> ImportBusyboxAsync(DockerServices docker) =>
        docker.Engine.ImportImageAsync(Image, async (stream, token) =>
        {
            await using var writer = new TarWriter(stream, TarEntryFormat.Gnu, leaveOpen: true);
            await using var binary = File.OpenRead(Busybox);
            await writer.WriteEntryAsync(
                new GnuTarEntry(TarEntryType.RegularFile, "bin/busybox") { DataStream = binary, Mode = (UnixFileMode)Convert.ToInt32("755", 8) },
                token);
            foreach (var applet in new[] { "sh", "sleep", "echo", "test" })
            {
                await writer.WriteEntryAsync(new GnuTarEntry(TarEntryType.SymbolicLink, $"bin/{applet}") { LinkName = "busybox" }, token);
            }
        }, Cancelled);

    private static async Task UntilOutputAsync(DockerServices docker, string stage, string text)
    {
        while (!(await docker.Log.ReadAsync(docker.RunId, stage, 0, Cancelled)).Contains(text, StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancelled);
        }
    }

    private sealed class OwnEngine : IAsyncDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("eng-");

        public string Endpoint => $"unix://{_directory.FullName}/docker.sock";

        public static async Task<OwnEngine> StartAsync()
        {
            var possible = Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/dockerd") && File.Exists(Busybox);
            if (Environment.GetEnvironmentVariable("CI") is "true")
            {
                possible.ShouldBeTrue("CI has to be able to start an engine: root, docker.io, busybox-static");
            }

            Assert.SkipUnless(possible, "Needs root, Debian's docker.io and busybox-static to start an engine.");
            var engine = new OwnEngine();
            await engine.StartAgainAsync();
            return engine;
        }

        public Task StartAgainAsync() => ScriptAsync("start");

        public async Task EndAsync(bool crash)
        {
            if (!crash)
            {
                await ScriptAsync("stop");
                return;
            }

            var processId = int.Parse(await File.ReadAllTextAsync(Path.Combine(_directory.FullName, "pid"), Cancelled));
            using var process = Process.GetProcessById(processId);
            process.Kill();
            await process.WaitForExitAsync(Cancelled);
        }

        public async ValueTask DisposeAsync()
        {
            await ScriptAsync("stop");
            _directory.Delete(recursive: true);
        }

        private async Task ScriptAsync(string action)
        {
            var (exitCode, output) = await DockerEngineFixture.ScriptAsync("eng/setup/engine.sh", [action, _directory.FullName]);
            exitCode.ShouldBe(0, output);
        }
    }
}
