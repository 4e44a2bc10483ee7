using System.Globalization;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Snyk;

/// <summary>Asks who the token belongs to.</summary>
internal sealed class SnykProbe(SnykClient snyk) : IAgentProbe
{
    public string Agent => SnykClient.ToolName;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        if (!snyk.IsConfigured)
        {
            return new AgentProbeResult(AgentHealth.NotConfigured, "No token: set Snyk:Token and Snyk:Organization.");
        }

        if (snyk.Pause is var pause && pause > TimeSpan.Zero)
        {
            return new AgentProbeResult(
                AgentHealth.Degraded, string.Create(CultureInfo.InvariantCulture, $"Snyk's rate limit is reached; requests go on in {pause.TotalSeconds:0} s."));
        }

        try
        {
            return new AgentProbeResult(AgentHealth.Healthy, $"Signed in as {await snyk.GetSelfAsync(cancellationToken)}.");
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }
}

/// <summary>Asks for the version.</summary>
internal sealed class SnykCliProbe(ISnykCli cli, IOptions<SnykOptions> options) : IAgentProbe
{
    public string Agent => SnykCli.ToolName;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.IsConfigured)
        {
            return new AgentProbeResult(AgentHealth.NotConfigured, "No token: set Snyk:Token and Snyk:Organization.");
        }

        try
        {
            return new AgentProbeResult(AgentHealth.Healthy, $"Snyk CLI {await cli.GetVersionAsync(cancellationToken)}");
        }
        catch (ProgramMissingException exception)
        {
            return new AgentProbeResult(AgentHealth.NotConfigured, exception.Message);
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }
}
