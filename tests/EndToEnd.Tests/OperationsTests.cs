using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>What operators switch, break and see.</summary>
public sealed class OperationsTests(SharedInstallation shared) : EndToEndTest
{
    private const string SystemHealth = "runtime/webhooks/durabletask/instances/system-health";

    [Fact]
    public async Task A_stage_whose_agent_is_switched_off_is_not_checked_and_never_passed()
    {
        var engine = (await shared.WithEngineAsync()).Engine;
        await using var installation = Use(await Installation.StartAsync(engine, ("Agents__DockerExpert__Enabled", "false")));
        var repository = await installation.CreateRepositoryAsync();
        var head = await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.Verdict.ShouldBe("Errored", run.Report);
        run.FindStage("build")!.State.ShouldBe("Errored");
        run.FindStage("build")!.Summary!.ShouldContain("Agents:DockerExpert:Enabled");
        run.FindStage("tests")!.State.ShouldBe("Skipped");
        var checks = await repository.CheckRunsAsync(head);
        checks.Where(check => check.Conclusion == "success").Select(check => check.Stage).ShouldBe(["policy", "checkout"], ignoreOrder: true);
        checks.Single(check => check.Stage is "gate").Conclusion.ShouldBe("failure");
        (await repository.CommentsAsync(opened.Number)).ShouldHaveSingleItem().Body.ShouldContain("Could not be checked");
        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBeFalse();
        var agents = (await installation.Client.Http.GetFromJsonAsync<JsonNode>("api/agents", Cancelled))!["agents"]!.AsArray();
        agents.Single(agent => agent!["name"]!.GetValue<string>() is "DockerExpert")!["enabled"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task Without_an_engine_the_local_runner_tests_and_health_names_the_agent_that_is_missing()
    {
        await RequirePyTestAsync();
        using var nowhere = DockerEngine.At("unix:///nonexistent/docker.sock");
        await using var installation = Use(await Installation.StartAsync(nowhere, ("Platform__Runner", "Local"), ("PyTest__AllowLocal", "true")));
        var repository = await installation.CreateRepositoryAsync();
        await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.Verdict.ShouldBe("Merged", run.Report);
        run.FindStage("build")!.State.ShouldBe("Skipped");
        run.FindStage("tests")!.Summary.ShouldBe("2 of 2 tests passed.");
        var health = await Eventually.ReadAsync(() => ReadHealthAsync(installation), seen => seen.Body["round"]!.GetValue<long>() > 0, "a round of probes");
        health.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        health.Body["agents"]!["DockerExpert"]!.GetValue<string>().ShouldBe("Unhealthy", health.Body.ToJsonString());
        health.Body["agents"]!["PyTestExpert"]!.GetValue<string>().ShouldBe("Healthy", health.Body.ToJsonString());
    }

    [Fact]
    [Trait("Needs", "management API")]
    public async Task The_eternal_orchestration_comes_back_when_it_was_terminated()
    {
        using var nowhere = DockerEngine.At("unix:///nonexistent/docker.sock");
        await using var installation = Use(await Installation.StartAsync(nowhere));
        await Eventually.HoldsAsync(async () => (await ReadHealthAsync(installation)).Body["round"]!.GetValue<long>() > 0, "a round of probes");

        using (var terminated = await installation.Client.Management.PostAsync($"{SystemHealth}/terminate?reason=test", content: null, Cancelled))
        {
            terminated.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        await Eventually.HoldsAsync(async () => await StatusAsync(installation) is "Terminated", "it is terminated");
        await Eventually.HoldsAsync(async () => await StatusAsync(installation) is "Running" or "Pending", "the timer has started it again");
        await Eventually.HoldsAsync(async () => (await ReadHealthAsync(installation)).Body["round"]!.GetValue<long>() > 0, "a round of probes after that");
    }

    private static async Task RequirePyTestAsync()
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "/usr/bin/python3 -m pytest --version || python3 -m pytest --version"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await process.WaitForExitAsync(Cancelled);
        if (process.ExitCode != 0 && Environment.GetEnvironmentVariable("CI") is "true")
        {
            Assert.Fail("CI has to have Python with pytest.");
        }

        Assert.SkipUnless(process.ExitCode == 0, "Needs Python with pytest; on Debian or Ubuntu: apt-get install python3-pytest.");
    }

    private static async Task<string> StatusAsync(Installation installation)
    {
        var instance = await installation.Client.Management.GetFromJsonAsync<JsonNode>(SystemHealth, Cancelled);
        return instance!["runtimeStatus"]!.GetValue<string>();
    }

    private static async Task<(HttpStatusCode Status, JsonNode Body)> ReadHealthAsync(Installation installation)
    {
        using var answer = await installation.Client.Anonymous.GetAsync("api/health", Cancelled);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!);
    }
}
