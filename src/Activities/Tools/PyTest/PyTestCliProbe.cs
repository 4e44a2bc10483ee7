using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.PyTest;

/// <summary>Asks for the versions, where tests may run on this machine at all.</summary>
internal sealed class PyTestCliProbe(IPyTestClient client, IOptions<PyTestOptions> options) : IAgentProbe
{
    public string Agent => PyTestTool.Name;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.AllowLocal)
        {
            return new AgentProbeResult(AgentHealth.NotConfigured, "Tests run in containers only; PyTest:AllowLocal would allow this machine's Python.");
        }

        try
        {
            return await client.GetVersionAsync(cancellationToken) is { } version
                ? new AgentProbeResult(AgentHealth.Healthy, version)
                : new AgentProbeResult(AgentHealth.Unhealthy, "There is no Python with pytest. Install it, for example with: apt-get install python3-pytest");
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }
}
