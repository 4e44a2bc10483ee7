using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Experts.GitCore;

/// <summary>The expert can work where its tool can.</summary>
internal sealed class GitCoreExpertProbe(IGitClient git) : IAgentProbe
{
    public string Agent => GitCoreExpert.Name;

    public Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) => GitCliProbe.ProbeAsync(git, cancellationToken);
}
