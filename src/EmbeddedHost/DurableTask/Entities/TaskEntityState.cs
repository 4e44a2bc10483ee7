namespace Microsoft.DurableTask.Entities;

/// <summary>The stored state of an entity.</summary>
public abstract class TaskEntityState
{
    public abstract bool HasState { get; }

    /// <param name="defaultValue">What to return if there is no state; it is not stored.</param>
    public virtual T? GetState<T>(T? defaultValue = default) => GetState(typeof(T)) is T state ? state : defaultValue;

    /// <returns>Null if there is no state, for value types too.</returns>
    public abstract object? GetState(Type type);

    /// <param name="state">Null deletes the state.</param>
    public abstract void SetState(object? state);
}
