using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <summary>The expert needs nothing but advisories.</summary>
internal sealed class ScaExpertProbe(IAdvisorySource advisories) : IAgentProbe
{
    private readonly OsvProbe _source = new(advisories);

    public string Agent => ScaExpert.Name;

    public Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) => _source.ProbeAsync(cancellationToken);
}
