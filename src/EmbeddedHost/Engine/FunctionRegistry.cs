using System.Collections.Concurrent;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Orchestrators, activities and entities by name; names are compared without regard to case. Filled before the engine starts.</summary>
public sealed class FunctionRegistry
{
    private readonly ConcurrentDictionary<string, Func<TaskOrchestrationContext, Task<object?>>> _orchestrators =
        new(StringComparer.OrdinalIgnoreCase);

    private readonly ConcurrentDictionary<string, Func<ActivityInvocation, Task<object?>>> _activities =
        new(StringComparer.OrdinalIgnoreCase);

    private readonly ConcurrentDictionary<string, Func<EntityInvocation, Task>> _entities = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<string> OrchestratorNames => _orchestrators.Keys;

    public IEnumerable<string> ActivityNames => _activities.Keys;

    public IEnumerable<string> EntityNames => _entities.Keys;

    /// <param name="run">Its result is serialized as the instance's output.</param>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    public FunctionRegistry AddOrchestrator(string name, Func<TaskOrchestrationContext, Task<object?>> run)
    {
        Add(_orchestrators, "orchestrator", name, run);
        return this;
    }

    /// <param name="run">Its result is serialized as the activity's output.</param>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    public FunctionRegistry AddActivity(string name, Func<ActivityInvocation, Task<object?>> run)
    {
        Add(_activities, "activity", name, run);
        return this;
    }

    /// <param name="name">Without '@', which separates the parts of an entity's id.</param>
    /// <param name="run">Hands its operations to the entity by <see cref="EntityInvocation.RunAsync(Microsoft.DurableTask.Entities.ITaskEntity)"/>.</param>
    /// <exception cref="ArgumentException">The name holds an '@'.</exception>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    public FunctionRegistry AddEntity(string name, Func<EntityInvocation, Task> run)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Contains('@', StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{name}' is no entity name: it must not hold an '@'.", nameof(name));
        }

        Add(_entities, "entity", name, run);
        return this;
    }

    internal Func<TaskOrchestrationContext, Task<object?>> FindOrchestrator(string name) => Find(_orchestrators, "orchestrator", name);

    internal bool HasOrchestrator(string name) => _orchestrators.ContainsKey(name);

    internal Func<ActivityInvocation, Task<object?>> FindActivity(string name) => Find(_activities, "activity", name);

    internal Func<EntityInvocation, Task> FindEntity(string name) => Find(_entities, "entity", name);

    private static void Add<T>(ConcurrentDictionary<string, T> functions, string kind, string name, T run)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(run);
        if (!functions.TryAdd(name, run))
        {
            throw new InvalidOperationException($"An {kind} named '{name}' is already registered: function names are unique, in any case.");
        }
    }

    private static T Find<T>(ConcurrentDictionary<string, T> functions, string kind, string name)
    {
        if (functions.TryGetValue(name, out var run))
        {
            return run;
        }

        var known = functions.IsEmpty ? "none" : string.Join(", ", functions.Keys.Order(StringComparer.OrdinalIgnoreCase));
        throw new FunctionNotFoundException($"There is no {kind} named '{name}'. Known: {known}.");
    }
}

/// <summary>An orchestration or a call names a function that is not registered.</summary>
public sealed class FunctionNotFoundException(string message) : Exception(message);
