using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.CodeQl;

/// <summary>Asks for the version.</summary>
internal sealed class CodeQlCliProbe(ICodeQlClient codeQl) : IAgentProbe
{
    public string Agent => CodeQlCli.ToolName;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            var version = await codeQl.GetVersionAsync(cancellationToken);
            return version < CodeQlCli.Oldest
                ? new AgentProbeResult(AgentHealth.Unhealthy, $"CodeQL {version} is too old; install {CodeQlCli.Oldest} or newer.")
                : new AgentProbeResult(AgentHealth.Healthy, $"CodeQL {version}");
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
