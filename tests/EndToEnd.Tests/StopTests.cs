using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>The app ends in good order at a signal, and leaves no program behind that it has started.</summary>
public sealed class StopTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atomicdevops-stop-").FullName;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_program_that_runs_when_the_app_stops_ends_with_it_and_is_run_again_after_the_next_start()
    {
        var started = Path.Combine(_directory, "started");
        var git = Path.Combine(_directory, "git");
        await File.WriteAllTextAsync(git, $"#!/bin/sh\nif [ -e {started} ]; then exec git \"$@\"; fi\nsleep 600 &\necho $$ $! > {started}.tmp\nmv {started}.tmp {started}\nwait\n", Cancelled);
        using (var executable = Process.Start("chmod", ["+x", git]))
        {
            await executable.WaitForExitAsync(Cancelled);
        }

        await using var platform = await PlatformProcess.StartAsync(_directory, Settings(git));
        var processes = await Eventually.ReadAsync(
            async () => File.Exists(started) ? (await File.ReadAllTextAsync(started, Cancelled)).Split() : [], seen => seen.Length > 0, "git has been started");

        (await AskAsync(platform, "ready")).ShouldBe((HttpStatusCode.OK, "Ready"));

        await platform.TerminateAsync();

        await Eventually.HoldsAsync(() => Task.FromResult(platform.Log().Contains("The host stops: 1 activities run", StringComparison.Ordinal)), "it stops");
        (await AskAsync(platform, "ready")).ShouldBe((HttpStatusCode.ServiceUnavailable, "Draining"));
        (await AskAsync(platform, "live")).ShouldBe((HttpStatusCode.OK, "Live"));
        (await platform.EndedAsync()).ShouldBe(0, platform.Log());

        processes.Where(id => id.Length > 0 && IsRunning(id)).ShouldBeEmpty(platform.Log());
        platform.Log().Split('\n').ShouldAllBe(line => JsonNode.Parse(line, null, default)!["Timestamp"] != null);
        await platform.RestartAsync();
        var health = await Eventually.ReadAsync(
            async () => JsonNode.Parse(await (await platform.Client.Anonymous.GetAsync("api/health", Cancelled)).Content.ReadAsStringAsync(Cancelled))!,
            seen => seen["round"]!.GetValue<long>() > 0,
            "a round of probes");
        health["agents"]!["GitCoreExpert"]!.GetValue<string>().ShouldBe("Healthy", health.ToJsonString());
    }

    private static async Task<(HttpStatusCode Code, string Status)> AskAsync(PlatformProcess platform, string probe)
    {
        using var answer = await platform.Client.Anonymous.GetAsync($"api/health/{probe}", Cancelled);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancelled))!["status"]!.GetValue<string>());
    }

    /// <summary>What has ended stays a zombie (Z) where nobody reaps it.</summary>
    private static bool IsRunning(string id)
    {
        try
        {
            return !File.ReadAllText($"/proc/{int.Parse(id, CultureInfo.InvariantCulture)}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private Dictionary<string, string?> Settings(string git) => new(StringComparer.Ordinal)
    {
        ["DOCKER_HOST"] = "unix:///nonexistent/docker.sock",
        ["Git__Executable"] = git,
        ["Git__Directory"] = Path.Combine(_directory, "repositories"),
        ["Artifacts__Directory"] = Path.Combine(_directory, "artifacts"),
        ["Findings__Directory"] = Path.Combine(_directory, "findings"),
        ["Logs__Directory"] = Path.Combine(_directory, "logs"),
        ["Host__DataDirectory"] = Path.Combine(_directory, "data"),
        ["Host__Port"] = "0",
        ["Logging__Console__FormatterName"] = "json",
        ["Host__DrainTimeout"] = "00:00:03",
        ["Host__Keys__default"] = PlatformProcess.FunctionKey,
        ["Host__Keys__durabletask_extension"] = PlatformProcess.ManagementKey,
    };
}
