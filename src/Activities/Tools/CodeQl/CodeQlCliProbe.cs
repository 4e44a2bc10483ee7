using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.CodeQl;

/// <summary>Asks for the version.</summary>
internal sealed class CodeQlCliProbe(ICodeQlClient codeQl, IOptions<CodeQlOptions> options) : IAgentProbe
{
    public string Agent => CodeQlCli.ToolName;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.Enabled)
        {
            return new AgentProbeResult(AgentHealth.NotConfigured, "CodeQL is not asked. Where its terms allow it for your code, set CodeQl:Enabled.");
        }

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
