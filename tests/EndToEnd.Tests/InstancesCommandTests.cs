using System.Text.Json.Nodes;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>What operators ask at a shell, of the real app.</summary>
public sealed class InstancesCommandTests : EndToEndTest
{
    private const string Health = "system-health";

    [Fact]
    public async Task Instances_are_seen_and_steered_at_a_shell_while_the_host_runs_and_when_it_was_killed()
    {
        using var nowhere = DockerEngine.At("unix:///nonexistent/docker.sock");
        await using var installation = Use(await Installation.StartAsync(nowhere, ("Platform__HealthInterval", "01:00:00")));
        var platform = installation.Platform;
        await Eventually.HoldsAsync(async () => (await StatusAsync(platform)) is "Running", "the health orchestration runs");
        var backup = Path.Combine(Directory.CreateTempSubdirectory("backup-").FullName, "durable.db");

        (await ReadAsync(platform, 0, "list")).ShouldContain("SystemHealthOrchestration");
        (await ReadAsync(platform, 0, "show", Health)).ShouldContain("Status     Running");
        (await ReadAsync(platform, 0, "history", Health)).ShouldContain("ExecutionStarted");
        (await ReadAsync(platform, 3, "show", "nobody")).ShouldContain("There is no instance 'nobody'.");
        (await ReadAsync(platform, 2, "show")).ShouldContain("instances show -h");
        (await ReadAsync(platform, 0, "backup", backup)).ShouldContain(backup);
        (await ReadAsync(platform, 0, "check")).ShouldContain("integrity_check");
        (await ReadAsync(platform, 1, "compact")).ShouldContain($"in use by process {platform.ProcessId} ");
        await ReadAsync(platform, 0, "suspend", Health, "--reason", "a look");
        await Eventually.HoldsAsync(async () => (await StatusAsync(platform)) is "Suspended", "the health orchestration is suspended");

        await platform.KillAsync();
        (await StatusAsync(platform)).ShouldBe("Suspended");
        (await ReadAsync(platform, 0, "resume", Health)).ShouldContain("handled when the host starts next");
        (await StatusAsync(platform)).ShouldBe("Suspended");
        (await ReadAsync(platform, 0, "check")).ShouldContain("integrity_check");
        (await ReadAsync(platform, 0, "compact")).ShouldContain("The database was");

        await platform.RestartAsync();
        await Eventually.HoldsAsync(async () => (await StatusAsync(platform)) is "Running", "the health orchestration goes on");
        new FileInfo(backup).Length.ShouldBeGreaterThan(0);
        Directory.Delete(Path.GetDirectoryName(backup)!, recursive: true);
    }

    private static async Task<string?> StatusAsync(PlatformProcess platform)
    {
        var result = await platform.RunInstancesAsync("list", "--json", "--prefix", Health);
        result.ExitCode.ShouldBe(0, result.Error);
        return JsonNode.Parse(result.Output)!.AsArray().SingleOrDefault()?["runtimeStatus"]!.GetValue<string>();
    }

    /// <summary>What the command wrote, once it has ended as it should; never a secret.</summary>
    private static async Task<string> ReadAsync(PlatformProcess platform, int exitCode, params IEnumerable<string> arguments)
    {
        var result = await platform.RunInstancesAsync(arguments);
        var written = result.Output + result.Error;
        result.ExitCode.ShouldBe(exitCode, written);
        foreach (var secret in (string[])[PlatformProcess.ManagementKey, PlatformProcess.FunctionKey, Installation.WebhookSecret])
        {
            written.ShouldNotContain(secret);
        }

        return written;
    }
}
