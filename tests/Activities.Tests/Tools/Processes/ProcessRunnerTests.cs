using System.Globalization;
using System.Text;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tests.Tools.Processes;

public sealed class ProcessRunnerTests
{
    private static readonly ProcessRunner Runner = RealTools.Processes;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Arguments_arrive_as_they_are()
    {
        string[] arguments = ["", " a b ", "$(id)", "'\"", "*", "-x", "ü\n\t\\"];

        var result = await Runner.RunAsync(new ProcessRequest("printf", "/usr/bin/printf", ["%s\\0", .. arguments]), Token);

        result.StandardOutput.Text.Split('\0')[..^1].ShouldBe(arguments);
    }

    [Fact]
    public async Task The_environment_is_what_the_request_says_and_a_mark()
    {
        var result = await Runner.RunAsync(
            new ProcessRequest("env", "/usr/bin/env", []) { InheritedVariables = [], Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["A"] = "b c" } },
            Token);

        var names = result.StandardOutput.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=')[0]);
        names.ShouldBe(["A", ProcessTree.MarkVariable], ignoreOrder: true);
    }

    [Fact]
    public async Task Input_is_handed_over_and_both_outputs_and_the_exit_code_come_back()
    {
        var result = await Shell("cat; echo error >&2; exit 3", request => request with { StandardInput = Encoding.UTF8.GetBytes("hällo") });

        result.ShouldBe(result with { Ending = ProcessEnding.Exited, ExitCode = 3 });
        result.StandardOutput.Text.ShouldBe("hällo");
        result.StandardError.Text.ShouldBe("error\n");
    }

    [Fact]
    public async Task Output_over_the_limit_keeps_its_beginning_and_its_end_and_is_counted()
    {
        var result = await Shell("echo first; head -c 50000000 /dev/zero | tr '\\0' x; echo last", request => request with { OutputBytes = 1000 });

        result.StandardOutput.TotalBytes.ShouldBe(50_000_011);
        result.StandardOutput.Truncated.ShouldBeTrue();
        result.StandardOutput.Text.ShouldStartWith("first\n");
        result.StandardOutput.Text.ShouldEndWith("last\n");
        result.StandardOutput.Text.Length.ShouldBeLessThan(1100);
    }

    [Fact]
    public async Task A_timeout_ends_the_whole_tree_even_what_left_the_session()
    {
        Guard.NeedsLinux();
        using var directory = new TemporaryDirectory();

        var result = await Shell(
            "setsid sh -c 'echo $$ > escaped; exec sleep 600' & sh -c 'echo $$ > child; exec sleep 600' & while ! [ -s escaped ] || ! [ -s child ]; do :; done; echo ready; wait",
            request => request with { WorkingDirectory = directory.Path, Timeout = TimeSpan.FromSeconds(3) });

        result.Ending.ShouldBe(ProcessEnding.TimedOut);
        result.ExitCode.ShouldBeNull();
        result.StandardOutput.Text.ShouldBe("ready\n");
        foreach (var file in new[] { "escaped", "child" })
        {
            var id = (await File.ReadAllTextAsync(directory.Combine(file), Token)).Trim();
            IsRunning(id).ShouldBeFalse(file);
        }
    }

    [Fact]
    public async Task A_cancellation_ends_the_tree_and_is_told()
    {
        using var stop = new CancellationTokenSource();
        var child = "";

        await Should.ThrowAsync<OperationCanceledException>(() => Runner.RunAsync(
            new ProcessRequest("sh", "/bin/sh", ["-c", "sleep 600 & echo $!; wait"])
            {
                OnOutput = async (chunk, _) =>
                {
                    child = chunk.Text.Trim();
                    await stop.CancelAsync();
                },
            },
            stop.Token));

        IsRunning(child).ShouldBeFalse();
    }

    [Fact]
    public async Task What_nobody_cancelled_ends_with_the_runner_and_nothing_is_started_after_it()
    {
        var runner = new ProcessRunner(TimeProvider.System, RealTools.Redactor);
        var started = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = runner.RunAsync(
            new ProcessRequest("sh", "/bin/sh", ["-c", "sleep 600 & echo $!; wait"])
            {
                OnOutput = (chunk, _) =>
                {
                    started.TrySetResult(chunk.Text.Trim());
                    return ValueTask.CompletedTask;
                },
            },
            CancellationToken.None);
        var child = await started.Task.WaitAsync(Token);

        runner.Dispose();

        IsRunning(child).ShouldBeFalse();
        (await running.WaitAsync(Token)).Succeeded.ShouldBeFalse();
        await Should.ThrowAsync<ObjectDisposedException>(() => runner.RunAsync(new ProcessRequest("sh", "/bin/sh", ["-c", "true"]), Token));
    }

    [Fact]
    public async Task What_is_left_in_the_background_does_not_hold_the_call_up()
    {
        var result = await Shell("sleep 600 & echo $!");

        result.Succeeded.ShouldBeTrue();
        IsRunning(result.StandardOutput.Text.Trim()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_fork_bomb_is_stopped()
    {
        Guard.NeedsLinux();

        var result = await Shell(
            "while :; do sleep 60 & done",
            request => request with { Limits = new ProcessLimits { Processes = 40 }, Timeout = TimeSpan.FromSeconds(30) });

        result.Ending.ShouldBe(ProcessEnding.TooManyProcesses);
    }

    [Fact]
    public async Task A_program_that_takes_too_much_memory_is_stopped()
    {
        Guard.NeedsProgram("/usr/bin/python3");

        var result = await Runner.RunAsync(
            new ProcessRequest("python", "/usr/bin/python3", ["-c", "import time\nx = bytearray(400_000_000)\nfor i in range(0, len(x), 4096): x[i] = 1\ntime.sleep(60)"])
            {
                Limits = new ProcessLimits { MemoryBytes = 200_000_000 },
            },
            Token);

        result.Ending.ShouldBe(ProcessEnding.OutOfMemory);
    }

    [Fact]
    public async Task A_missing_program_is_named_with_what_to_install()
    {
        var exception = await Should.ThrowAsync<ProgramMissingException>(() =>
            Runner.RunAsync(new ProcessRequest("tool", "no-such-program-here", []) { InstallHint = "apt-get install it" }, Token));

        exception.Message.ShouldBe("tool: The program 'no-such-program-here' is not installed. apt-get install it.");
    }

    [Fact]
    public async Task A_missing_directory_and_a_nul_character_are_refused()
    {
        (await Should.ThrowAsync<ToolException>(() => Shell("true", request => request with { WorkingDirectory = "/no/such/directory" }))).Message.ShouldContain("/no/such/directory");
        (await Should.ThrowAsync<ToolException>(() => Shell("tr\0ue"))).Message.ShouldContain("NUL");
    }

    private static async Task<ProcessResult> Shell(string script, Func<ProcessRequest, ProcessRequest>? configure = null)
    {
        var request = new ProcessRequest("sh", "/bin/sh", ["-c", script]);
        return await Runner.RunAsync(configure?.Invoke(request) ?? request, Token);
    }

    private static bool IsRunning(string id)
    {
        var stat = $"/proc/{int.Parse(id, CultureInfo.InvariantCulture)}/stat";
        try
        {
            return !File.ReadAllText(stat).Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
