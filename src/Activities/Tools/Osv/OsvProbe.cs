using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>Asks for the advisories of nothing, which the source has to be there for.</summary>
internal sealed class OsvProbe(IAdvisorySource advisories) : IAgentProbe
{
    public string Agent => OsvClient.ToolName;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await advisories.FindAsync([], cancellationToken);
            return answer.Problems.Count == 0
                ? new AgentProbeResult(AgentHealth.Healthy, answer.AsOf)
                : new AgentProbeResult(AgentHealth.Degraded, $"{answer.AsOf}; {answer.Problems.Count} cannot be read, the first: {answer.Problems[0]}");
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(exception is ToolUnavailableException ? AgentHealth.Unhealthy : AgentHealth.NotConfigured, exception.Message);
        }
    }
}
