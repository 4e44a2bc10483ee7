using AtomicDevOps.Activities.Tools.ChatModel;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Experts.GenRemediationSecurity;

/// <summary>The expert itself needs nothing; the endpoint behind the model has a probe of its own.</summary>
internal sealed class GenRemediationSecurityProbe(IChatModelClient model) : IAgentProbe
{
    public string Agent => GenRemediationSecurityExpert.Name;

    public Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult(model.IsConfigured
        ? new AgentProbeResult(AgentHealth.Healthy, "A chat model may be asked for patches.")
        : new AgentProbeResult(AgentHealth.NotConfigured, "No chat model is asked for patches: ChatModel:Model is not set."));
}
