namespace Microsoft.DurableTask.Entities;

/// <summary>What an operation may do to the world. All of it happens when the operation succeeds, and none of it when it fails.</summary>
public abstract class TaskEntityContext
{
    /// <summary>The entity that runs the operation.</summary>
    public abstract EntityInstanceId Id { get; }

    /// <inheritdoc cref="SignalEntity(EntityInstanceId, string, object?, SignalEntityOptions?)"/>
    public virtual void SignalEntity(EntityInstanceId id, string operationName, SignalEntityOptions options)
        => SignalEntity(id, operationName, null, options);

    /// <summary>Has an entity run an operation, without waiting for it.</summary>
    public abstract void SignalEntity(
        EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null);

    /// <inheritdoc cref="ScheduleNewOrchestration(TaskName, object?, StartOrchestrationOptions?)"/>
    public virtual string ScheduleNewOrchestration(TaskName name, StartOrchestrationOptions options)
        => ScheduleNewOrchestration(name, null, options);

    /// <summary>Starts an orchestration.</summary>
    /// <returns>Its instance id.</returns>
    /// <exception cref="ArgumentException">The options' instance id starts with '@', as only entities' ids do.</exception>
    public abstract string ScheduleNewOrchestration(
        TaskName name, object? input = null, StartOrchestrationOptions? options = null);
}
