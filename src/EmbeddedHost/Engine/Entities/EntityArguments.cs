using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

internal static class EntityArguments
{
    /// <exception cref="ArgumentException">The id is the default value, or the operation has no name.</exception>
    public static void Require(EntityInstanceId id, string operationName)
    {
        if (id == default)
        {
            throw new ArgumentException("The entity id has no name: make it with its constructor.", nameof(id));
        }

        ArgumentException.ThrowIfNullOrEmpty(operationName);
    }

    /// <exception cref="ArgumentException">The id is an entity's.</exception>
    public static void RequireOrchestration(string? instanceId, string parameterName)
    {
        if (instanceId?.StartsWith('@') == true)
        {
            throw new ArgumentException(
                $"'{instanceId}' is no orchestration's instance id: ids that start with '@' are those of entities.", parameterName);
        }
    }
}
