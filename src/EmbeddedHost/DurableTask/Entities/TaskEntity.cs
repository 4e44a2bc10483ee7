using System.Reflection;

namespace Microsoft.DurableTask.Entities;

/// <summary>What every entity implements; derive from <see cref="TaskEntity{TState}"/> unless operations have no methods of their own.</summary>
public interface ITaskEntity
{
    /// <summary>Runs one operation; <see cref="TaskEntityOperation.State"/> holds the state.</summary>
    /// <returns>What the caller gets, if it waits for a result.</returns>
    ValueTask<object?> RunAsync(TaskEntityOperation operation);
}

/// <summary>
/// Base class of an entity whose operations are its public instance methods, by name in any case. An operation that has no method goes to
/// the state's methods, if <see cref="AllowStateDispatch"/> allows it; <c>delete</c> deletes the state unless a method of that name exists.
/// <para>
/// A method takes a <see cref="TaskEntityContext"/>, or the input as one parameter of any other type, or both, or neither. An input with a
/// default value may be left out by the caller. It returns a value, a <see cref="Task"/>, a <see cref="ValueTask"/> or nothing.
/// </para>
/// </summary>
/// <typeparam name="TState">What is stored: a type that the data converter can write and read.</typeparam>
public abstract class TaskEntity<TState> : ITaskEntity
{
    /// <summary>Whether operations may go to the public methods of the state. Default: false.</summary>
    protected virtual bool AllowStateDispatch => false;

    /// <summary>Read before each operation and stored after it; null deletes the stored state.</summary>
    protected TState State { get; set; } = default!;

    protected TaskEntityContext Context { get; private set; } = null!;

    /// <exception cref="NotSupportedException">There is no method for the operation.</exception>
    /// <exception cref="AmbiguousMatchException">There are several.</exception>
    /// <exception cref="InvalidOperationException">The method's parameters cannot be bound.</exception>
    public ValueTask<object?> RunAsync(TaskEntityOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        Context = operation.Context;
        State = operation.State.GetState(typeof(TState)) is { } state ? (TState)state : InitializeState(operation);
        if (EntityMethod.Find(this, operation) is { } own)
        {
            return RunAsync(own, operation);
        }

        if (AllowStateDispatch)
        {
            object target = State ?? throw new InvalidOperationException(
                $"Operation '{operation}' goes to the state's methods, but there is no state: {nameof(InitializeState)} returned null.");
            if (EntityMethod.Find(target, operation) is { } method)
            {
                return RunAsync(method, operation);
            }
        }

        if (!string.Equals(operation.Name, "delete", StringComparison.OrdinalIgnoreCase))
        {
            throw new NotSupportedException(
                $"There is no method for operation '{operation}': {GetType()} has no public instance method of that name"
                + (AllowStateDispatch ? $", nor has its state, {typeof(TState)}." : "."));
        }

        operation.State.SetState(null);
        return default;
    }

    /// <summary>Makes the state of an entity that has none. By default the state type's parameterless constructor does.</summary>
    protected virtual TState InitializeState(TaskEntityOperation entityOperation)
        => Nullable.GetUnderlyingType(typeof(TState)) is { } underlying
            ? (TState)Activator.CreateInstance(underlying)!
            : Activator.CreateInstance<TState>();

    private async ValueTask<object?> RunAsync(EntityMethod method, TaskEntityOperation operation)
    {
        var result = await method.InvokeAsync();
        operation.State.SetState(State);
        return result;
    }
}
