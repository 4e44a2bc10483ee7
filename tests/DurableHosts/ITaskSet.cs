using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.DurableHosts;

/// <summary>Takes the orchestrators, activities and entities of a test.</summary>
public interface ITaskSet
{
    ITaskSet AddOrchestrator<TInput, TOutput>(string name, Func<TaskOrchestrationContext, TInput, Task<TOutput>> run);

    /// <param name="run">Gets a token that is cancelled when the host stops; the activity then runs again after the next start.</param>
    ITaskSet AddActivity<TInput, TOutput>(string name, Func<TaskActivityContext, TInput, CancellationToken, Task<TOutput>> run);

    ITaskSet AddEntity(string name, Func<ITaskEntity> make);
}

internal static class TaskSetExtensions
{
    /// <summary>Adds an entity by the name of its class.</summary>
    public static ITaskSet AddEntity<TEntity>(this ITaskSet tasks)
        where TEntity : ITaskEntity, new() => tasks.AddEntity(typeof(TEntity).Name, static () => new TEntity());

    public static ITaskSet AddEntity(this ITaskSet tasks, string name, Func<TaskEntityOperation, ValueTask<object?>> run) =>
        tasks.AddEntity(name, () => new DelegateEntity(run));

    public static ITaskSet AddOrchestrator<TOutput>(this ITaskSet tasks, string name, Func<TaskOrchestrationContext, Task<TOutput>> run) =>
        tasks.AddOrchestrator<object?, TOutput>(name, (context, _) => run(context));

    public static ITaskSet AddOrchestrator<TInput, TOutput>(this ITaskSet tasks, string name, TaskOrchestrator<TInput, TOutput> orchestrator) =>
        tasks.AddOrchestrator<TInput, TOutput>(name, orchestrator.RunAsync);

    public static ITaskSet AddActivity<TInput, TOutput>(this ITaskSet tasks, string name, Func<TInput, TOutput> run) =>
        tasks.AddActivity<TInput, TOutput>(name, (_, input, _) => Task.FromResult(run(input)));

    public static ITaskSet AddActivity<TInput, TOutput>(this ITaskSet tasks, string name, Func<TaskActivityContext, TInput, Task<TOutput>> run) =>
        tasks.AddActivity<TInput, TOutput>(name, (context, input, _) => run(context, input));

    public static ITaskSet AddActivity<TInput, TOutput>(this ITaskSet tasks, string name, TaskActivity<TInput, TOutput> activity) =>
        tasks.AddActivity<TInput, TOutput>(name, activity.RunAsync);

    private sealed class DelegateEntity(Func<TaskEntityOperation, ValueTask<object?>> run) : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation) => run(operation);
    }
}
