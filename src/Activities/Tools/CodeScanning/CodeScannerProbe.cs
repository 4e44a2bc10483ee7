using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.CodeScanning;

/// <summary>Asks a scanner for its version. One that is not installed is not missed: what it would check is reported as not checked.</summary>
internal sealed class CodeScannerProbe(string agent, ICodeScanner scanner, string installHint) : IAgentProbe
{
    public string Agent => agent;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) => await scanner.FindVersionAsync(cancellationToken) switch
    {
        null => new AgentProbeResult(AgentHealth.NotConfigured, $"{scanner.Name} is not installed. {installHint}"),
        { Blind.Count: 0 } version => new AgentProbeResult(AgentHealth.Healthy, version.Text),
        { } version => new AgentProbeResult(AgentHealth.Degraded, $"{version.Text} does not recognise what its rules {string.Join(", ", version.Blind)} are for. Install a newer {scanner.Name}."),
    };
}
