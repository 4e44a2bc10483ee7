using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Experts.Docker;

/// <summary>The expert can do what its engine can.</summary>
internal sealed class DockerExpertProbe(IDockerEngineClient engine) : IAgentProbe
{
    public string Agent => DockerExpert.AgentName;

    public Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) => DockerEngineProbe.ProbeAsync(engine, cancellationToken);
}
