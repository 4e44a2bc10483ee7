using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Retry;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Orchestrations.MetaControl;

/// <summary>What the platform knows of its own agents; the custom status of the eternal orchestration.</summary>
/// <param name="Round">How many rounds have been made.</param>
/// <param name="Health">The worst of all agents that are configured.</param>
/// <param name="Agents">By the agent's name.</param>
public sealed record SystemHealth(long Round, AgentHealth Health, DateTimeOffset CheckedAt, IReadOnlyDictionary<string, AgentStatus> Agents)
{
    public static SystemHealth None { get; } =
        new(0, AgentHealth.NotConfigured, DateTimeOffset.UnixEpoch, new Dictionary<string, AgentStatus>(StringComparer.Ordinal));
}

/// <param name="Since">When the agent came into this state.</param>
/// <param name="Detail">What its probe says.</param>
public sealed record AgentStatus(AgentHealth Health, DateTimeOffset Since, string Detail);

/// <summary>L0: the eternal orchestration. Each round it probes every agent and tool, keeps what it finds where people can read it, and continues as new.</summary>
[Agent(AgentLayer.MetaControl, nameof(SystemHealthOrchestration), "Probes every agent and tool, round after round, and keeps a status that people can read.")]
public static class SystemHealthOrchestration
{
    /// <summary>There is one, for ever.</summary>
    public const string InstanceId = "system-health";

    /// <summary>Raised to begin the next round at once.</summary>
    public const string ProbeNow = "probe-now";

    private static readonly TimeSpan AfterFailure = TimeSpan.FromMinutes(1);

    private static readonly WorkflowPrimitive<int, ProbeRound> ProbeAgents =
        PlatformActivities.ProbeAgents.WithRetry(new RetryOptions { MaxAttempts = 5, Delay = TimeSpan.FromSeconds(1) });

    [Function(nameof(SystemHealthOrchestration))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var before = orchestration.GetInput<SystemHealth>() ?? SystemHealth.None;
        var context = new OrchestrationWorkflowContext(orchestration).Enter(nameof(SystemHealthOrchestration));
        if (before.Round > 0)
        {
            orchestration.SetCustomStatus(before);
        }

        var (health, interval) = await ProbeAsync(before, context);
        orchestration.SetCustomStatus(health);

        using var woken = new CancellationTokenSource();
        var next = context.DelayAsync(interval, woken.Token);
        await Task.WhenAny(next, orchestration.WaitForExternalEvent<object?>(ProbeNow, woken.Token));
        woken.Cancel();
        orchestration.ContinueAsNew(health, preserveUnprocessedEvents: false);
    }

    // The eternal one goes on whatever happens: what was known stands until a later round succeeds.
    private static async Task<(SystemHealth Health, TimeSpan Interval)> ProbeAsync(SystemHealth before, OrchestrationWorkflowContext context)
    {
        try
        {
            var round = await ProbeAgents.ExecuteAsync((int)(before.Round % int.MaxValue), context);
            return (Judge(before, round, context.UtcNow), round.Interval);
        }
        catch (TaskFailedException exception)
        {
            context.CreateLogger(nameof(SystemHealthOrchestration)).LogError("No agent could be probed: {Failure}", Failure.From(exception));
            return (before, AfterFailure);
        }
    }

    private static SystemHealth Judge(SystemHealth before, ProbeRound round, DateTimeOffset now)
    {
        var agents = new SortedDictionary<string, AgentStatus>(StringComparer.Ordinal);
        foreach (var (name, result) in round.Agents)
        {
            var since = before.Agents.TryGetValue(name, out var known) && known.Health == result.Health ? known.Since : now;
            agents[name] = new AgentStatus(result.Health, since, result.Detail);
        }

        AgentHealth[] worstFirst = [AgentHealth.Unhealthy, AgentHealth.Degraded, AgentHealth.Healthy];
        var worst = worstFirst.Cast<AgentHealth?>().FirstOrDefault(health => agents.Values.Any(agent => agent.Health == health));
        return new SystemHealth(before.Round + 1, worst ?? AgentHealth.NotConfigured, now, agents);
    }
}
