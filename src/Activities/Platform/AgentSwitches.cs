using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.Activities.Platform;

/// <summary>The off switches: an agent works unless <c>Agents:{name}:Enabled</c> is false. Read anew each time, so a switch acts at once.</summary>
public sealed class AgentSwitches(IConfiguration configuration)
{
    public bool IsEnabled(string agent) => configuration.GetValue($"Agents:{agent}:Enabled", defaultValue: true);

    public bool IsEnabled(AgentAttribute agent)
    {
        ArgumentNullException.ThrowIfNull(agent);
        return IsEnabled(agent.Name);
    }

    /// <summary>The agents that are switched off.</summary>
    public IReadOnlyList<string> Disabled() =>
        [.. configuration.GetSection("Agents").GetChildren()
            .Select(agent => agent.Key)
            .Where(agent => !IsEnabled(agent))
            .Order(StringComparer.OrdinalIgnoreCase)];
}
