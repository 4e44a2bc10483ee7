using System.Reflection;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Primitives.Tests.Agents;

public sealed class AgentContractTests
{
    [Agent(AgentLayer.ToolExpertise, "Example", "Shows what an agent says of itself.")]
    private sealed class ExampleAgent : IAgentProbe
    {
        public string Agent => "Example";

        public Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) =>
            Task.FromResult(new AgentProbeResult(AgentHealth.Degraded, "slow"));
    }

    [Fact]
    public async Task An_agent_says_what_it_is_and_how_it_is()
    {
        var agent = typeof(ExampleAgent).GetCustomAttribute<AgentAttribute>()!;
        (agent.Layer, agent.Name, agent.Purpose).ShouldBe((AgentLayer.ToolExpertise, "Example", "Shows what an agent says of itself."));
        var (health, detail) = await new ExampleAgent().ProbeAsync(TestContext.Current.CancellationToken);
        (health, detail).ShouldBe((AgentHealth.Degraded, "slow"));
    }
}
