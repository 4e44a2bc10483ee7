using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>Asks for the version.</summary>
internal sealed class ZapProbe(IZapClient zap) : IAgentProbe
{
    public string Agent => ZapClient.ToolName;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        if (!zap.IsConfigured)
        {
            return new AgentProbeResult(AgentHealth.NotConfigured, "No ZAP: run one for the platform alone, and set Zap:Address and Zap:ApiKey.");
        }

        try
        {
            return new AgentProbeResult(AgentHealth.Healthy, $"ZAP {await zap.GetVersionAsync(cancellationToken)}");
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }
}
