using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Hands the operations of an entity function's invocation to the entity. A function dispatches once and awaits or returns the task.</summary>
public sealed class TaskEntityDispatcher
{
    private readonly EntityInvocation _invocation;
    private readonly IServiceProvider _services;

    internal TaskEntityDispatcher(EntityInvocation invocation, IServiceProvider services)
    {
        _invocation = invocation;
        _services = services;
    }

    /// <exception cref="InvalidOperationException">The function has dispatched before.</exception>
    public Task DispatchAsync(ITaskEntity entity) => _invocation.RunAsync(entity);

    /// <summary>
    /// Dispatches to a <typeparamref name="T"/> from the services, or made with them, if it is an <see cref="ITaskEntity"/>. Any other type
    /// is the entity's state, and its public methods are the operations.
    /// </summary>
    /// <inheritdoc cref="DispatchAsync(ITaskEntity)"/>
    public Task DispatchAsync<T>() => DispatchAsync(
        typeof(T).IsAssignableTo(typeof(ITaskEntity))
            ? (ITaskEntity)ActivatorUtilities.GetServiceOrCreateInstance<T>(_services)!
            : new StateEntity<T>());

    /// <inheritdoc cref="DispatchAsync(ITaskEntity)"/>
    public Task DispatchAsync(Func<TaskEntityOperation, ValueTask<object?>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return DispatchAsync(new DelegateEntity(handler));
    }

    private sealed class StateEntity<T> : TaskEntity<T>
    {
        protected override bool AllowStateDispatch => true;
    }

    private sealed class DelegateEntity(Func<TaskEntityOperation, ValueTask<object?>> handler) : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation) => handler(operation);
    }
}
