using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Platform;

/// <param name="Repository">The repository that work is asked for; null where it is about no single one.</param>
public sealed record PlatformPolicyRequest(RepositoryName? Repository);

/// <summary>The operator's decisions as they stood when a run began, so that a replay sees the same ones.</summary>
/// <param name="RepositoryAllowed">Whether the platform works for the repository.</param>
/// <param name="DisabledAgents">The agents that are switched off.</param>
public sealed record PlatformPolicy(bool RepositoryAllowed, IReadOnlyList<string> DisabledAgents, PipelineRunner Runner)
{
    /// <summary>Where people reach the platform, with a slash at its end; nothing where there is no such address.</summary>
    public Uri? PublicAddress { get; init; }

    public bool IsEnabled(string agent) => !DisabledAgents.Contains(agent, StringComparer.OrdinalIgnoreCase);
}

/// <param name="Agents">What each agent's probe found, by the agent's name.</param>
/// <param name="Interval">How long to wait until the next round.</param>
public sealed record ProbeRound(IReadOnlyDictionary<string, AgentProbeResult> Agents, TimeSpan Interval);

/// <summary>The platform's own senses, which are no agents: orchestrators of every layer may use them.</summary>
public sealed class PlatformActivities(
    IOptionsSnapshot<PlatformOptions> options, AgentSwitches switches, IEnumerable<IAgentProbe> probes, TimeProvider timeProvider)
{
    private static readonly TimeSpan ProbeDeadline = TimeSpan.FromSeconds(20);

    public static ActivityCall<PlatformPolicyRequest, PlatformPolicy> ReadPolicy { get; } = new("Platform_ReadPolicy");

    public static ActivityCall<int, ProbeRound> ProbeAgents { get; } = new("Platform_ProbeAgents");

    [Function("Platform_ReadPolicy")]
    public PlatformPolicy ReadPolicyFor([ActivityTrigger] PlatformPolicyRequest input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new PlatformPolicy(input.Repository is null || options.Value.Allows(input.Repository), switches.Disabled(), options.Value.Runner)
        {
            PublicAddress = options.Value.PublicAddress is { } address ? new Uri($"{address.AbsoluteUri.TrimEnd('/')}/") : null,
        };
    }

    /// <summary>Asks every agent that can be asked, all at once, each within a deadline.</summary>
    [Function("Platform_ProbeAgents")]
    public async Task<ProbeRound> ProbeAgentsAsync([ActivityTrigger] int round, CancellationToken cancellationToken)
    {
        var results = await Task.WhenAll(probes.Select(probe => ProbeAsync(probe, cancellationToken)));
        return new ProbeRound(
            results.ToDictionary(result => result.Agent, result => result.Result, StringComparer.Ordinal),
            options.Value.HealthInterval);
    }

    private async Task<(string Agent, AgentProbeResult Result)> ProbeAsync(IAgentProbe probe, CancellationToken cancellationToken)
    {
        if (!switches.IsEnabled(probe.Agent))
        {
            return (probe.Agent, new AgentProbeResult(AgentHealth.NotConfigured, $"Switched off by Agents:{probe.Agent}:Enabled."));
        }

        using var deadline = new CancellationTokenSource(ProbeDeadline, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return (probe.Agent, await probe.ProbeAsync(either.Token));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return (probe.Agent, new AgentProbeResult(AgentHealth.Unhealthy, $"Did not answer within {ProbeDeadline.TotalSeconds:0} s."));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return (probe.Agent, new AgentProbeResult(AgentHealth.Unhealthy, exception.Message));
        }
    }
}
