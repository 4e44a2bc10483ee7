using System.Net;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.FunctionApp.Tests.Support;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.FunctionApp.Tests.SystemHealth;

public sealed class SystemHealthTriggersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(AgentHealth.Healthy, HttpStatusCode.OK)]
    [InlineData(AgentHealth.Degraded, HttpStatusCode.OK)]
    [InlineData(AgentHealth.Unhealthy, HttpStatusCode.ServiceUnavailable)]
    public async Task Health_says_whether_the_platform_can_work_without_a_key_and_without_details(AgentHealth health, HttpStatusCode status)
    {
        await using var app = await TestApp.StartAsync(Probing(health));
        await UntilRoundAsync(app, 1);
        var answer = await app.Anonymous.GetAsync("/api/health", Token).JsonAsync(status);
        answer.GetProperty("health").GetString().ShouldBe(health.ToString());
        answer.GetProperty("agents").GetProperty("GitHubExpert").GetString().ShouldBe(health.ToString());
        answer.ToString().ShouldNotContain("a secret detail");
    }

    [Fact]
    public async Task The_next_round_begins_when_it_is_asked_for()
    {
        await using var app = await TestApp.StartAsync(Probing(AgentHealth.Healthy));
        await UntilRoundAsync(app, 1);
        using var answer = await app.PostAsync("/api/health/probe", string.Empty);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await UntilRoundAsync(app, 2);
    }

    [Fact]
    public async Task The_catalogue_tells_layers_switches_and_health()
    {
        await using var app = await TestApp.StartAsync(
            Probing(AgentHealth.Degraded), new Dictionary<string, string?> { ["Agents:DockerExpert:Enabled"] = "false" });
        await UntilRoundAsync(app, 1);
        var agents = (await app.Client.GetAsync("/api/agents", Token).JsonAsync(HttpStatusCode.OK)).GetProperty("agents").EnumerateArray()
            .ToDictionary(agent => agent.GetProperty("name").GetString()!, StringComparer.Ordinal);
        agents["MetaOrchestrator"].GetProperty("layer").GetString().ShouldBe("L0");
        agents["DevMgrOrchestrator"].GetProperty("layer").GetString().ShouldBe("L1");
        agents["CiPipelineManager"].GetProperty("layer").GetString().ShouldBe("L2");
        agents["DockerExpert"].GetProperty("enabled").GetBoolean().ShouldBeFalse();
        agents["GitHubExpert"].GetProperty("layer").GetString().ShouldBe("L3");
        agents["GitHubExpert"].GetProperty("health").GetString().ShouldBe("Degraded");
        agents["GitHubExpert"].GetProperty("detail").GetString().ShouldBe("a secret detail");
        agents.Values.ShouldAllBe(agent => agent.GetProperty("purpose").GetString()!.EndsWith('.'));
    }

    private static Dictionary<string, Func<object?>> Probing(AgentHealth health) => new(StringComparer.Ordinal)
    {
        [PlatformActivities.ProbeAgents.Name] = () => new ProbeRound(
            new Dictionary<string, AgentProbeResult>(StringComparer.Ordinal) { ["GitHubExpert"] = new(health, "a secret detail") }, TimeSpan.FromHours(1)),
    };

    private static async Task UntilRoundAsync(TestApp app, long round)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            using var response = await app.Anonymous.GetAsync("/api/health", deadline.Token);
            var text = await response.Content.ReadAsStringAsync(deadline.Token);
            if (System.Text.Json.JsonDocument.Parse(text).RootElement.GetProperty("round").GetInt64() >= round)
            {
                return;
            }

            await Task.Yield();
        }
    }
}
