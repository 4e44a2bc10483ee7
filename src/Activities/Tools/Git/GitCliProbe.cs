using System.Text.RegularExpressions;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>Asks git for its version: the conflict check needs 2.38.</summary>
internal sealed partial class GitCliProbe(IGitClient git) : IAgentProbe
{
    private static readonly Version Oldest = new(2, 38);

    public string Agent => GitTool.Name;

    public Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) => ProbeAsync(git, cancellationToken);

    public static async Task<AgentProbeResult> ProbeAsync(IGitClient git, CancellationToken cancellationToken)
    {
        try
        {
            var text = await git.GetVersionAsync(cancellationToken);
            return Version.TryParse(Number().Match(text).Value, out var version) && version >= Oldest
                ? new AgentProbeResult(AgentHealth.Healthy, $"git {text}")
                : new AgentProbeResult(AgentHealth.Unhealthy, $"git {text} is too old; install {Oldest} or newer.");
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }

    [GeneratedRegex(@"^\d+\.\d+(\.\d+)?", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Number();
}
