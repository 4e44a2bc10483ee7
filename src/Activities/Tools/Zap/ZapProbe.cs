using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>Asks for the version.</summary>
internal sealed class ZapProbe(IZapClient zap, IOptions<ZapOptions> options) : IAgentProbe
{
    public string Agent => ZapClient.ToolName;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Image is { } image)
        {
            return new AgentProbeResult(AgentHealth.Healthy, $"Started from {image} for each scan.");
        }

        if (!zap.IsConfigured)
        {
            return new AgentProbeResult(AgentHealth.NotConfigured, "No ZAP: set Zap:Image to an image with it.");
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
