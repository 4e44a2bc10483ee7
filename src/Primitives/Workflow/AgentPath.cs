namespace AtomicDevOps.Primitives.Workflow;

/// <summary>The agents that a piece of work has gone through, from L0 down. Immutable; equal when the same agents stand in the same order.</summary>
public sealed record AgentPath
{
    private const char Separator = '/';

    /// <param name="value">Agent names with <c>/</c> between them; empty for the root.</param>
    /// <exception cref="ArgumentException">A name in the path is empty.</exception>
    public AgentPath(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Length > 0 && Array.Exists(value.Split(Separator), string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException($"The agent path '{value}' has an empty name in it. Write names with one '/' between them.", nameof(value));
        }

        Value = value;
    }

    /// <summary>Before any agent.</summary>
    public static AgentPath Root { get; } = new(string.Empty);

    /// <summary>For example <c>MetaOrchestrator/DevMgrOrchestrator/CiPipelineManager</c>.</summary>
    public string Value { get; }

    /// <summary>The path that goes one agent deeper.</summary>
    /// <exception cref="ArgumentException">The name is empty or has a <c>/</c> in it.</exception>
    public AgentPath Enter(string agentName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(agentName);
        if (agentName.Contains(Separator, StringComparison.Ordinal))
        {
            throw new ArgumentException($"The agent name '{agentName}' has a '/' in it, which separates names in a path.", nameof(agentName));
        }

        return new(Value.Length == 0 ? agentName : $"{Value}{Separator}{agentName}");
    }

    public override string ToString() => Value;
}
