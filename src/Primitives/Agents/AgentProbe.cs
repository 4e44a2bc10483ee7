using System.Text.Json.Serialization;

namespace AtomicDevOps.Primitives.Agents;

/// <summary>Tells whether an agent can do its work right now. A probe is quick, read-only and never throws for an unhealthy tool.</summary>
public interface IAgentProbe
{
    /// <summary>The name in the probed agent's <see cref="AgentAttribute"/>.</summary>
    string Agent { get; }

    Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken);
}

/// <param name="Health">What was found.</param>
/// <param name="Detail">What an operator needs to know: the version that answered, or what is wrong and its cure.</param>
public sealed record AgentProbeResult(AgentHealth Health, string Detail);

[JsonConverter(typeof(JsonStringEnumConverter<AgentHealth>))]
public enum AgentHealth
{
    /// <summary>The agent can work.</summary>
    Healthy,

    /// <summary>The agent can work, but not as well as it should.</summary>
    Degraded,

    /// <summary>The agent cannot work.</summary>
    Unhealthy,

    /// <summary>The agent is switched off or not configured, so there is nothing to probe.</summary>
    NotConfigured,
}
