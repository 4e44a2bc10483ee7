using System.Collections.Concurrent;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Orchestrators and activities by name; names are compared without regard to case. Filled before the engine starts.</summary>
public sealed class FunctionRegistry
{
    private readonly ConcurrentDictionary<string, Func<TaskOrchestrationContext, Task<object?>>> _orchestrators =
        new(StringComparer.OrdinalIgnoreCase);

    private readonly ConcurrentDictionary<string, Func<ActivityInvocation, Task<object?>>> _activities =
        new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<string> OrchestratorNames => _orchestrators.Keys;

    public IEnumerable<string> ActivityNames => _activities.Keys;

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

    internal Func<TaskOrchestrationContext, Task<object?>> FindOrchestrator(string name) => Find(_orchestrators, "orchestrator", name);

    internal bool HasOrchestrator(string name) => _orchestrators.ContainsKey(name);

    internal Func<ActivityInvocation, Task<object?>> FindActivity(string name) => Find(_activities, "activity", name);

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
