using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.DurableHosts;

internal sealed class RegisteredTasks(DurableTaskRegistry registry, CancellationToken stopping) : ITaskSet
{
    public ITaskSet AddOrchestrator<TInput, TOutput>(string name, Func<TaskOrchestrationContext, TInput, Task<TOutput>> run)
    {
        registry.AddOrchestratorFunc(name, run);
        return this;
    }

    public ITaskSet AddActivity<TInput, TOutput>(string name, Func<TaskActivityContext, TInput, CancellationToken, Task<TOutput>> run)
    {
        registry.AddActivityFunc<TInput, TOutput>(name, (context, input) => run(context, input, stopping));
        return this;
    }

    public ITaskSet AddEntity(string name, Func<ITaskEntity> make)
    {
        registry.AddEntity(name, _ => make());
        return this;
    }
}
