using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Conformance.Tests.Harness;

internal sealed class RegisteredTasks(DurableTaskRegistry registry) : ITaskSet
{
    public ITaskSet AddOrchestrator<TInput, TOutput>(string name, Func<TaskOrchestrationContext, TInput, Task<TOutput>> run)
    {
        registry.AddOrchestratorFunc(name, run);
        return this;
    }

    public ITaskSet AddActivity<TInput, TOutput>(string name, Func<TaskActivityContext, TInput, Task<TOutput>> run)
    {
        registry.AddActivityFunc(name, run);
        return this;
    }

    public ITaskSet AddEntity(string name, Func<ITaskEntity> make)
    {
        registry.AddEntity(name, _ => make());
        return this;
    }
}
