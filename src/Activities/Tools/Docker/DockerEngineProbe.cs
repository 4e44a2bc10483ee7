using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>Asks the engine for its version and for the limits that it can hold containers to.</summary>
internal sealed class DockerEngineProbe(IDockerEngineClient engine) : IAgentProbe
{
    public string Agent => DockerEngineClient.ToolName;

    public Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) => ProbeAsync(engine, cancellationToken);

    internal static async Task<AgentProbeResult> ProbeAsync(IDockerEngineClient engine, CancellationToken cancellationToken)
    {
        try
        {
            var version = await engine.GetVersionAsync(cancellationToken);
            var info = await engine.GetInfoAsync(cancellationToken);
            (string Name, bool Supported)[] limits =
            [
                ("memory", info.MemoryLimit),
                ("processes", info.PidsLimit),
                ("CPU", info.CpuCfsQuota),
            ];
            var missing = limits.Where(limit => !limit.Supported).Select(limit => limit.Name).ToArray();
            var engineName = $"{version.Version} (API {version.ApiVersion}, {version.Os}/{version.Arch})";
            return missing.Length == 0
                ? new AgentProbeResult(AgentHealth.Healthy, engineName)
                : new AgentProbeResult(
                    AgentHealth.Degraded,
                    $"{engineName} cannot limit {string.Join(", ", missing)}: the host's cgroup controllers of these have to be switched on.");
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }
}
