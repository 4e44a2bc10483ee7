using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Experts.Sast;

/// <summary>The expert can work as long as one scanner can; it says which are missing.</summary>
internal sealed class SastExpertProbe(IEnumerable<ICodeScanner> scanners, IEnumerable<ITreeScanner> treeScanners) : IAgentProbe
{
    public string Agent => SastExpert.Name;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        var there = new List<string>();
        foreach (var scanner in scanners)
        {
            (await scanner.FindVersionAsync(cancellationToken) is null ? missing : there).Add(scanner.Name);
        }

        foreach (var scanner in treeScanners.Where(static scanner => scanner.IsEnabled))
        {
            (await scanner.FindVersionAsync(cancellationToken) is null ? missing : there).Add(scanner.Name);
        }

        return (there.Count, missing.Count) switch
        {
            (_, 0) => new AgentProbeResult(AgentHealth.Healthy, $"Asks {string.Join(", ", there)}."),
            (0, _) => new AgentProbeResult(AgentHealth.NotConfigured, $"No scanner is installed: {string.Join(", ", missing)}. What they would check is reported as not checked."),
            _ => new AgentProbeResult(AgentHealth.Healthy, $"Asks {string.Join(", ", there)}; {string.Join(", ", missing)} not installed, so what they would check is reported as not checked."),
        };
    }
}
