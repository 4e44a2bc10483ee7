using Microsoft.DurableTask;

namespace AtomicDevOps.Conformance.Tests.Harness;

/// <summary>Takes the orchestrators and activities of a test.</summary>
public interface ITaskSet
{
    ITaskSet AddOrchestrator<TInput, TOutput>(string name, Func<TaskOrchestrationContext, TInput, Task<TOutput>> run);

    ITaskSet AddActivity<TInput, TOutput>(string name, Func<TaskActivityContext, TInput, Task<TOutput>> run);
}

internal static class TaskSetExtensions
{
    public static ITaskSet AddOrchestrator<TOutput>(this ITaskSet tasks, string name, Func<TaskOrchestrationContext, Task<TOutput>> run) =>
        tasks.AddOrchestrator<object?, TOutput>(name, (context, _) => run(context));

    public static ITaskSet AddOrchestrator<TInput, TOutput>(this ITaskSet tasks, string name, TaskOrchestrator<TInput, TOutput> orchestrator) =>
        tasks.AddOrchestrator<TInput, TOutput>(name, orchestrator.RunAsync);

    public static ITaskSet AddActivity<TInput, TOutput>(this ITaskSet tasks, string name, Func<TInput, TOutput> run) =>
        tasks.AddActivity<TInput, TOutput>(name, (_, input) => Task.FromResult(run(input)));

    public static ITaskSet AddActivity<TInput, TOutput>(this ITaskSet tasks, string name, TaskActivity<TInput, TOutput> activity) =>
        tasks.AddActivity<TInput, TOutput>(name, activity.RunAsync);
}
