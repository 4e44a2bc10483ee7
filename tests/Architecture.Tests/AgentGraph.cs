using System.Reflection;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Architecture.Tests;

/// <summary>The agents of some assemblies, and which of them reach which.</summary>
internal sealed class AgentGraph
{
    private readonly HashSet<Assembly> _assemblies;
    private readonly Type[] _types;

    public AgentGraph(params IEnumerable<Assembly> assemblies)
    {
        _assemblies = [.. assemblies];
        _types = [.. _assemblies.SelectMany(assembly => assembly.GetTypes())];
        Agents = (from type in _types
                  let agent = type.GetCustomAttribute<AgentAttribute>()
                  where agent is not null
                  select (type, agent)).ToDictionary(pair => pair.type, pair => pair.agent);
    }

    /// <summary>The app's own.</summary>
    public static AgentGraph OfTheApp { get; } = new(Repository.AgentAssemblies);

    public IReadOnlyDictionary<Type, AgentAttribute> Agents { get; }

    /// <summary>A sentence for each agent that uses one which is not of the layer right below its own.</summary>
    public IEnumerable<string> FindLayerViolations() =>
        from agent in Agents
        from reached in ReachedFrom(agent.Key)
        where Agents[reached.Agent].Layer != agent.Value.Layer + 1
        orderby agent.Value.Layer, agent.Key.Name, reached.Agent.Name
        select $"{Describe(agent.Key)} uses {Describe(reached.Agent)}{(reached.Via == agent.Key ? "" : $" through {reached.Via.Name}")}.";

    /// <summary>
    /// The agents that a type uses itself or through types that are no agents. Using an interface is using what implements it.
    /// The platform's own activities are no agents, and where they lead nobody is followed.
    /// </summary>
    private IEnumerable<(Type Agent, Type Via)> ReachedFrom(Type agent)
    {
        var seen = new HashSet<Type> { agent };
        var open = new Queue<Type>([agent]);
        while (open.TryDequeue(out var via))
        {
            foreach (var used in MethodBodies.TypesUsedBy(via).SelectMany(WithImplementations).Where(IsFollowed).Where(seen.Add))
            {
                if (Agents.ContainsKey(used))
                {
                    yield return (used, via);
                }
                else
                {
                    open.Enqueue(used);
                }
            }
        }
    }

    private IEnumerable<Type> WithImplementations(Type type) =>
        type.IsInterface && _assemblies.Contains(type.Assembly) ? _types.Where(each => each.IsClass && type.IsAssignableFrom(each)) : [type];

    private bool IsFollowed(Type type) =>
        _assemblies.Contains(type.Assembly) && !string.Equals(type.Namespace, typeof(PlatformActivities).Namespace, StringComparison.Ordinal);

    private string Describe(Type agent) => $"{agent.Name} (L{(int)Agents[agent].Layer})";
}
