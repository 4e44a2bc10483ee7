using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Experts.GitCore;

/// <summary>The expert can work where its tool can, and where there is a place for what it checks out.</summary>
internal sealed class GitCoreExpertProbe(IGitClient git, IArtifactStore artifacts) : IAgentProbe
{
    public string Agent => GitCoreExpert.Name;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        var result = await GitCliProbe.ProbeAsync(git, cancellationToken);
        if (result.Health is AgentHealth.Unhealthy)
        {
            return result;
        }

        try
        {
            await artifacts.CheckAsync(cancellationToken);
            return result;
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }
}
