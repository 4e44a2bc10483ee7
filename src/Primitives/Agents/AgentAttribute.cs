namespace AtomicDevOps.Primitives.Agents;

/// <summary>Marks a class as an agent; the catalogue, the off switches, the metrics and L0 read it.</summary>
/// <param name="layer">The layer that the agent belongs to.</param>
/// <param name="name">The agent's name, unique in the system; also the last part of its off switch's key, <c>Agents:{name}:Enabled</c>.</param>
/// <param name="purpose">One sentence that tells an operator what the agent is for.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class AgentAttribute(AgentLayer layer, string name, string purpose) : Attribute
{
    public AgentLayer Layer { get; } = layer;

    public string Name { get; } = name;

    public string Purpose { get; } = purpose;
}
