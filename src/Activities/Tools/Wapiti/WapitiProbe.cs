using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.Wapiti;

/// <summary>Asks the installation on this machine for its version. Applications in containers are scanned without it.</summary>
internal sealed class WapitiProbe(WapitiCli wapiti) : IAgentProbe
{
    public string Agent => WapitiCli.ToolName;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) =>
        await wapiti.FindVersionAsync(cancellationToken) is { } version
            ? new AgentProbeResult(AgentHealth.Healthy, version)
            : new AgentProbeResult(AgentHealth.NotConfigured, $"Wapiti is not installed on this machine; applications in containers are scanned from an image that has it. {WapitiCli.InstallHint}");
}
