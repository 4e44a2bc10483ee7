using System.Text;
using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Docker;

namespace AtomicDevOps.Activities.Tests.Tools.Docker;

public sealed class ContainerSandboxTests(DockerEngineFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_command_runs_in_the_workspace_and_its_files_come_out()
    {
        await using var docker = fixture.Require();
        var request = docker.Request("sh", "-c", "cat src/in.txt && echo gone >&2 && echo made > out.txt && echo deep > src/new.txt && exit 3") with
        {
            Workspace = await docker.WorkspaceAsync(("src/in.txt", "hello\n"), ("readme", "x")),
            Collect = ["/workspace/out.txt", "/workspace/src/new.txt", "/workspace/missing.txt"],
        };

        var result = await docker.Sandbox.RunAsync(request, Cancelled);

        result.Ending.ShouldBe(SandboxEnding.Exited);
        result.ExitCode.ShouldBe(3);
        result.Output.ShouldContain("hello\n");
        result.Output.ShouldContain("gone\n");
        result.OutputBytes.ShouldBe(11);
        result.Files.ToDictionary(file => file.Key, file => Encoding.UTF8.GetString(file.Value), StringComparer.Ordinal).ShouldBe(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["/workspace/out.txt"] = "made\n", ["/workspace/src/new.txt"] = "deep\n" },
            ignoreOrder: true);
        (await docker.Log.ReadAsync(docker.RunId, "tests", 0, Cancelled)).ShouldContain("hello");
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_container_can_do_as_little_as_possible()
    {
        Environment.SetEnvironmentVariable("ATOMICDEVOPS_TEST_SECRET", "hidden-value");
        await using var docker = fixture.Require();
        var script = """
            import os, socket
            status = dict(l.split(':\t', 1) for l in open('/proc/self/status').read().splitlines() if ':\t' in l)
            print('uid', os.getuid(), os.geteuid())
            print('capabilities', status['CapEff'], status['CapBnd'])
            print('no-new-privileges', status['NoNewPrivs'])
            print('interfaces', sorted(os.listdir('/sys/class/net')))
            for path in ('/x', '/etc/passwd', '/usr/x', '/home/app/x', '/var/tmp/x'):
                try:
                    open(path, 'a'); print('writable', path)
                except OSError: pass
            open('/tmp/x', 'w').write('y')
            try:
                socket.create_connection(('10.0.0.1', 80), 1); print('connected')
            except OSError as e: print('network', type(e).__name__)
            print('socket', os.path.exists('/var/run/docker.sock'))
            print('environment', sorted(os.environ))
            """;

        var result = await docker.Sandbox.RunAsync(docker.Request("python3", "-c", script), Cancelled);

        result.ExitCode.ShouldBe(0, result.Output);
        result.Output.ShouldContain("uid 1000 1000");
        result.Output.ShouldContain("capabilities 0000000000000000 0000000000000000");
        result.Output.ShouldContain("no-new-privileges 1");
        result.Output.ShouldContain("interfaces ['lo']");
        result.Output.ShouldNotContain("writable");
        result.Output.ShouldContain("network ");
        result.Output.ShouldNotContain("connected");
        result.Output.ShouldContain("socket False");
        result.Output.ShouldNotContain("hidden-value");
        result.Output.ShouldNotContain("ATOMICDEVOPS");
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_endless_command_is_ended_in_time()
    {
        await using var docker = fixture.Require();
        var request = docker.Request("sh", "-c", "trap '' TERM INT; echo begun > begun.txt; echo begun; while :; do :; done") with
        {
            Limits = new SandboxLimits { Timeout = TimeSpan.FromSeconds(2) },
            Collect = ["/workspace/begun.txt"],
        };

        var result = await docker.Sandbox.RunAsync(request, Cancelled);

        result.Ending.ShouldBe(SandboxEnding.TimedOut);
        result.ExitCode.ShouldBeNull();
        result.Output.ShouldBe("begun\n");
        result.Files.Keys.ShouldBe(["/workspace/begun.txt"]);
        result.Duration.ShouldBeInRange(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(20));
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_memory_hog_is_told_as_such()
    {
        await using var docker = fixture.Require();

        var result = await docker.Sandbox.RunAsync(docker.Request("python3", "-c", "a = bytearray(512 * 1024 * 1024)"), Cancelled);

        result.Ending.ShouldBe(SandboxEnding.OutOfMemory);
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_fork_bomb_hits_the_limit_on_processes_and_ends_in_time()
    {
        await using var docker = fixture.Require();
        var request = docker.Request("sh", "-c", "bomb() { bomb | bomb & }; bomb; while :; do sleep 1; done") with
        {
            Limits = new SandboxLimits { Processes = 32, Timeout = TimeSpan.FromSeconds(3) },
        };

        var result = await docker.Sandbox.RunAsync(request, Cancelled);

        result.Ending.ShouldBeOneOf(SandboxEnding.TimedOut, SandboxEnding.Exited, SandboxEnding.OutOfMemory);
        result.Output.ShouldContain("fork", Case.Insensitive);
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_gigabyte_of_output_costs_only_its_first_and_last_part()
    {
        await using var docker = fixture.Require();
        var script = "import sys\nw = sys.stdout.buffer.write\nw(b'first line\\n')\nblock = b'x' * 1048575 + b'\\n'\nfor _ in range(1024): w(block)\nw(b'last line\\n')";
        var request = docker.Request("python3", "-c", script) with { Limits = new SandboxLimits { OutputBytes = 4096 } };
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var result = await docker.Sandbox.RunAsync(request, Cancelled);

        result.Ending.ShouldBe(SandboxEnding.Exited);
        result.OutputBytes.ShouldBe(1024L * 1024 * 1024 + 21);
        result.Output.ShouldStartWith("first line\n");
        result.Output.ShouldEndWith("last line\n");
        result.Output.Length.ShouldBeLessThan(5000);
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(32L * 1024 * 1024);
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_larger_than_the_limit_cannot_be_written()
    {
        await using var docker = fixture.Require();
        var request = docker.Request("sh", "-c", "head -c 3000000 /dev/zero > big.bin; stat -c %s big.bin") with
        {
            Workspace = await docker.WorkspaceAsync(("a", "b")),
            Limits = new SandboxLimits { FileBytes = 1_000_000 },
        };

        var result = await docker.Sandbox.RunAsync(request, Cancelled);

        result.Output.ShouldContain("1000000");
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_collected_path_that_is_a_link_or_a_directory_is_left_out()
    {
        await using var docker = fixture.Require();
        var request = docker.Request("sh", "-c", "ln -s /etc/passwd link; mkdir dir") with { Collect = ["/workspace/link", "/workspace/dir"] };

        var result = await docker.Sandbox.RunAsync(request, Cancelled);

        result.ExitCode.ShouldBe(0, result.Output);
        result.Files.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/workspace/../etc/passwd")]
    [InlineData("/workspace/")]
    [InlineData("out.txt")]
    public async Task A_path_outside_the_working_directory_cannot_be_collected(string path)
    {
        await using var docker = fixture.Require();

        var exception = await Should.ThrowAsync<ToolException>(() => docker.Sandbox.RunAsync(docker.Request("true") with { Collect = [path] }, Cancelled));

        exception.Message.ShouldContain(path);
    }

    [Fact]
    public async Task A_command_that_does_not_exist_exits_as_in_a_shell()
    {
        await using var docker = fixture.Require();

        var result = await docker.Sandbox.RunAsync(docker.Request("no-such-program"), Cancelled);

        result.Ending.ShouldBe(SandboxEnding.Exited);
        result.ExitCode.ShouldBe(127);
        result.Output.ShouldContain("no-such-program");
    }

    [Fact]
    public async Task An_image_that_does_not_exist_is_not_found()
    {
        await using var docker = fixture.Require();

        await Should.ThrowAsync<ToolNotFoundException>(
            () => docker.Sandbox.RunAsync(docker.Request("true") with { Image = $"sha256:{new string('0', 64)}" }, Cancelled));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_container_that_somebody_kills_or_removes_is_told_as_killed(bool remove)
    {
        await using var docker = fixture.Require();
        var running = docker.Sandbox.RunAsync(docker.Request("sh", "-c", "echo ready; sleep 600"), Cancelled);
        await UntilOutputAsync(docker, "ready");

        if (remove)
        {
            await docker.Engine.RemoveContainerAsync(RunName.OfContainer(docker.RunId, "tests"), Cancelled);
        }
        else
        {
            (await docker.Expert.KillRunAsync(new DockerRunReference(docker.RunId), Cancelled)).Containers.ShouldBe(1);
        }

        (await running).Ending.ShouldBe(SandboxEnding.Killed);
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task Cancellation_removes_the_container_and_its_volume()
    {
        await using var docker = fixture.Require();
        using var cancellation = new CancellationTokenSource();
        var request = docker.Request("sh", "-c", "echo ready; sleep 600") with { Workspace = await docker.WorkspaceAsync(("a", "b")) };
        var running = docker.Sandbox.RunAsync(request, cancellation.Token);
        await UntilOutputAsync(docker, "ready");

        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running);
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_second_try_of_a_stage_removes_what_the_first_left()
    {
        await using var docker = fixture.Require();
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { [DockerLabels.Run] = RunName.Of(docker.RunId), [DockerLabels.Stage] = "tests" };
        var volume = RunName.OfVolume(docker.RunId, "tests");
        await docker.Engine.CreateVolumeAsync(volume, labels, Cancelled);
        var container = await docker.Engine.CreateContainerAsync(
            RunName.OfContainer(docker.RunId, "tests"),
            new ContainerConfiguration
            {
                Image = DockerEngineFixture.BaseImage,
                Cmd = ["sleep", "600"],
                Labels = labels,
                HostConfig = new ContainerHostConfiguration { NetworkMode = "none", Mounts = [new ContainerMount("volume", volume, "/workspace")] },
            },
            Cancelled);
        await docker.Engine.StartContainerAsync(container, Cancelled);

        var result = await docker.Sandbox.RunAsync(docker.Request("echo", "second"), Cancelled);

        result.Output.ShouldBe("second\n");
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    private static async Task UntilOutputAsync(DockerServices docker, string text)
    {
        while (!(await docker.Log.ReadAsync(docker.RunId, "tests", 0, Cancelled)).Contains(text, StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancelled);
        }
    }
}
