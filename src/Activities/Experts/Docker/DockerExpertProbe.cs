using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Experts.Docker;

/// <summary>The expert can do what its engine can; without a place for the output of stages nobody can follow it.</summary>
internal sealed class DockerExpertProbe(IDockerEngineClient engine, IStageLog log) : IAgentProbe
{
    public string Agent => DockerExpert.AgentName;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        var result = await DockerEngineProbe.ProbeAsync(engine, cancellationToken);
        if (result.Health is not AgentHealth.Healthy)
        {
            return result;
        }

        try
        {
            await log.CheckAsync(cancellationToken);
            return result;
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Degraded, exception.Message);
        }
    }
}
