using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.DurableHosts;

/// <summary>The real worker and client on the real test host.</summary>
internal static class HostUnderTest
{
    /// <summary>The page <c>docs/embedded-host.md</c> has them with reasons.</summary>
    public static IReadOnlySet<HostFeature> Lacks { get; } = Enum.GetValues<HostFeature>().ToHashSet();

    public static async Task<IDurableHost> StartAsync(Action<ITaskSet> addTasks, DurableHostSettings settings, CancellationToken cancellationToken)
    {
        addTasks(new RequiredFeatures());
        return await SidecarHost.StartAsync(addTasks, settings, cancellationToken);
    }

    public static Task<IDurableHost> StartAsync(IEnumerable<Type> functionTypes, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{HostFeature.Functions}: {string.Join(", ", functionTypes)}");

    /// <summary>Who adds an entity needs a host that has them.</summary>
    private sealed class RequiredFeatures : ITaskSet
    {
        public ITaskSet AddOrchestrator<TInput, TOutput>(string name, Func<TaskOrchestrationContext, TInput, Task<TOutput>> run) => this;

        public ITaskSet AddActivity<TInput, TOutput>(string name, Func<TaskActivityContext, TInput, CancellationToken, Task<TOutput>> run) => this;

        public ITaskSet AddEntity(string name, Func<ITaskEntity> make)
        {
            HostFeatures.Requires(HostFeature.Entities);
            return this;
        }
    }
}
