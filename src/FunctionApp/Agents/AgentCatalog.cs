using System.Reflection;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.FunctionApp.Agents;

/// <summary>Every agent of the system, read off the attributes that they carry.</summary>
public sealed class AgentCatalog
{
    private readonly AgentSwitches _switches;
    private readonly Dictionary<string, AgentAttribute> _byClass;

    public AgentCatalog(AgentSwitches switches)
    {
        _switches = switches;
        _byClass = (from assembly in new[] { typeof(PlatformActivities).Assembly, typeof(MetaOrchestrator).Assembly }
                    from type in assembly.GetTypes()
                    let agent = type.GetCustomAttribute<AgentAttribute>()
                    where agent is not null
                    select (type.FullName!, agent)).ToDictionary(pair => pair.Item1, pair => pair.agent, StringComparer.Ordinal);
    }

    /// <summary>The agent that a function belongs to, by the function's entry point: the class's full name, a dot, and the method's name.</summary>
    public AgentAttribute? FindByEntryPoint(string entryPoint) =>
        entryPoint.LastIndexOf('.') is var dot and > 0 ? _byClass.GetValueOrDefault(entryPoint[..dot]) : null;

    public IEnumerable<AgentDescription> Describe(Orchestrations.MetaControl.SystemHealth health) =>
        from agent in _byClass.Values.OrderBy(agent => agent.Layer).ThenBy(agent => agent.Name, StringComparer.Ordinal)
        let status = health.Agents.GetValueOrDefault(agent.Name)
        select new AgentDescription(agent.Name, $"L{(int)agent.Layer}", agent.Purpose, _switches.IsEnabled(agent), status?.Health, status?.Detail, status?.Since);
}

/// <param name="Layer"><c>L0</c> to <c>L4</c>.</param>
/// <param name="Health">What its probe found last; nothing for an agent that has none of its own.</param>
public sealed record AgentDescription(
    string Name, string Layer, string Purpose, bool Enabled, AgentHealth? Health, string? Detail, DateTimeOffset? Since);
