using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.FunctionApp.Agents;
using AtomicDevOps.FunctionApp.Tests.Support;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Strategy.DevMgr;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.FunctionApp.Tests.Agents;

public sealed class AgentMiddlewareTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_agent_that_is_switched_off_does_nothing_and_the_run_says_which()
    {
        await using var app = await TestApp.StartAsync(
            ScriptedRun.Answers(), new Dictionary<string, string?> { ["Agents:PyTestExpert:Enabled"] = "false" });
        var run = await RunAsync(app);
        run.GetProperty("verdict").GetString().ShouldBe("Errored");
        run.ToString().ShouldContain("PyTestExpert: is switched off by Agents:PyTestExpert:Enabled.");
    }

    [Fact]
    public async Task Every_call_of_an_agent_is_measured_with_how_it_ended()
    {
        var measured = new ConcurrentQueue<(string Agent, string Layer, string Function, string Outcome)>();
        var answers = ScriptedRun.Answers();
        answers.Remove(GitHubExpert.PutComment.Name);
        await using var app = await TestApp.StartAsync(answers);
        var scope = app.Services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter is { Name: "AtomicDevOps.Agents" } meter && ReferenceEquals(meter.Scope, scope))
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) =>
        {
            seconds.ShouldBeGreaterThanOrEqualTo(0);
            var values = tags.ToArray().ToDictionary(tag => tag.Key, tag => (string)tag.Value!, StringComparer.Ordinal);
            measured.Enqueue((values["agent.name"], values["agent.layer"], values["function.name"], values["outcome"]));
        });
        listener.Start();
        await RunAsync(app);

        measured.ShouldContain(("GitHubExpert", "L3", GitHubExpert.GetPullRequest.Name, "completed"));
        measured.ShouldContain(("GitHubExpert", "L3", GitHubExpert.PutComment.Name, "failed"));
        measured.ShouldAllBe(measurement => measurement.Layer.Equals("L3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_catalogue_finds_an_agent_by_its_function_s_entry_point()
    {
        await using var app = await TestApp.StartAsync();
        var catalog = app.Services.GetRequiredService<AgentCatalog>();
        catalog.FindByEntryPoint($"{typeof(GitHubExpert).FullName}.GetPullRequestAsync").ShouldNotBeNull().Name.ShouldBe("GitHubExpert");
        catalog.FindByEntryPoint("No.Such.Class").ShouldBeNull();
        catalog.FindByEntryPoint("nonsense").ShouldBeNull();
        var names = catalog.Describe(Orchestrations.MetaControl.SystemHealth.None).Select(agent => agent.Name).ToArray();
        names.ShouldBeUnique();
        names.ShouldContain(nameof(MetaOrchestrator));
        names.ShouldContain(nameof(DevMgrOrchestrator));
    }

    private static async Task<System.Text.Json.JsonElement> RunAsync(TestApp app)
    {
        var id = (await app.PostAsync("/api/pipelines", """{"repository":"octo/hello","pullRequest":12}""").JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetString()!;
        await app.Durable.WaitForInstanceCompletionAsync(id, Token);
        return await app.Client.GetAsync($"/api/pipelines/{Uri.EscapeDataString(id)}", Token).JsonAsync(HttpStatusCode.OK);
    }
}
