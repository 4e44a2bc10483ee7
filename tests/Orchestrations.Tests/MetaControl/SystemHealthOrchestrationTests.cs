using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Tests.Support;
using AtomicDevOps.Primitives.Agents;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Orchestrations.Tests.MetaControl;

public sealed class SystemHealthOrchestrationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rounds_go_on_for_a_month_and_over_a_restart()
    {
        await using var platform = await StartAsync((_, _) => Round(("GitHubExpert", AgentHealth.Healthy)), TimeSpan.FromHours(1));
        await platform.Host.PassAsync(TimeSpan.FromDays(15));
        await platform.Host.RestartAsync();
        await platform.Host.PassAsync(TimeSpan.FromDays(15));
        var health = await ReadAsync(platform);
        health.Round.ShouldBe((30 * 24) + 1);
        health.Health.ShouldBe(AgentHealth.Healthy);
        health.Agents["GitHubExpert"].Since.ShouldBe(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), "it is in this state since the first round");
    }

    [Fact]
    public async Task Since_is_when_the_agent_came_into_its_state()
    {
        await using var platform = await StartAsync(
            (_, call) => Round(("A", call < 3 ? AgentHealth.Healthy : AgentHealth.Unhealthy), ("B", AgentHealth.Degraded), ("C", AgentHealth.NotConfigured)), TimeSpan.FromHours(1));
        var start = platform.Host.Now;
        await platform.Host.PassAsync(TimeSpan.FromHours(5));
        var health = await ReadAsync(platform);
        health.Health.ShouldBe(AgentHealth.Unhealthy, "the worst counts");
        (health.Agents["A"].Since - start).ShouldBe(TimeSpan.FromHours(2));
        (health.Agents["B"].Since - start).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_round_begins_at_once_when_it_is_asked_for()
    {
        await using var platform = await StartAsync((_, _) => Round(), TimeSpan.FromDays(1));
        await platform.Host.PassAsync(TimeSpan.FromMinutes(1));
        await platform.Host.Client.RaiseEventAsync(SystemHealthOrchestration.InstanceId, SystemHealthOrchestration.ProbeNow, cancellation: Token);
        await platform.Host.PassAsync(TimeSpan.FromMinutes(1));
        (await ReadAsync(platform)).Round.ShouldBe(2);
    }

    [Fact]
    public async Task A_round_that_fails_does_not_end_the_eternal_one_and_forgets_nothing()
    {
        await using var platform = await StartAsync(
            (_, call) => call is > 1 and < 8 ? throw new InvalidOperationException("bad luck") : Round(("A", AgentHealth.Healthy)), TimeSpan.FromMinutes(1));
        await platform.Host.PassAsync(TimeSpan.FromMinutes(30));
        var health = await ReadAsync(platform);
        health.Round.ShouldBeGreaterThan(20);
        health.Agents["A"].Since.ShouldBe(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    private static async Task<TestPlatform> StartAsync(Func<int, int, IReadOnlyDictionary<string, AgentProbeResult>> probe, TimeSpan interval)
    {
        var platform = await TestPlatform.StartAsync(tools => tools.On(
            PlatformActivities.ProbeAgents, (round, call) => new ProbeRound(probe(round, call), interval)));
        await platform.Host.Client.ScheduleNewOrchestrationInstanceAsync(
            nameof(SystemHealthOrchestration), new StartOrchestrationOptions(SystemHealthOrchestration.InstanceId), Token);
        return platform;
    }

    private static Dictionary<string, AgentProbeResult> Round(params IEnumerable<(string Agent, AgentHealth Health)> agents) =>
        agents.ToDictionary(agent => agent.Agent, agent => new AgentProbeResult(agent.Health, "detail"), StringComparer.Ordinal);

    private static async Task<SystemHealth> ReadAsync(TestPlatform platform)
    {
        var instance = (await platform.Host.Client.GetInstanceAsync(SystemHealthOrchestration.InstanceId, getInputsAndOutputs: true, Token)).ShouldNotBeNull();
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running, $"{instance.FailureDetails}");
        return instance.ReadCustomStatusAs<SystemHealth>().ShouldNotBeNull();
    }
}
