using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Contracts.Tests.Harness;

/// <summary>Activities by name, to be run in place of the app's own.</summary>
internal sealed class ScriptedActivities : ITaskSet
{
    private readonly Dictionary<string, Func<ActivityInvocation, Task<object?>>> _activities = new(StringComparer.OrdinalIgnoreCase);

    public Func<ActivityInvocation, Task<object?>>? Find(string name) => _activities.GetValueOrDefault(name);

    public ITaskSet AddActivity<TInput, TOutput>(string name, Func<TaskActivityContext, TInput, CancellationToken, Task<TOutput>> run)
    {
        _activities[name] = async activity => await run(activity, (TInput)activity.GetInput(typeof(TInput))!, activity.CancellationToken);
        return this;
    }

    public ITaskSet AddOrchestrator<TInput, TOutput>(string name, Func<TaskOrchestrationContext, TInput, Task<TOutput>> run) =>
        throw new NotSupportedException($"{name}: the app's own orchestrators run.");

    public ITaskSet AddEntity(string name, Func<ITaskEntity> make) => throw new NotSupportedException($"{name}: the app's own entities run.");
}
