using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.DurableHosts;

/// <summary>The embedded host on a temporary directory, with skipped time.</summary>
internal sealed class HostUnderTest(DurableTestHost host, CancellationToken cancellationToken) : IDurableHost
{
    public static IReadOnlySet<HostFeature> Lacks { get; } = new HashSet<HostFeature>();

    public DurableTaskClient Client => host.Client;

    public DateTimeOffset Now => host.Time.GetUtcNow();

    public static async Task<IDurableHost> StartAsync(Action<ITaskSet> addTasks, DurableHostSettings settings, CancellationToken cancellationToken) =>
        new HostUnderTest(
            await DurableTestHost.StartAsync(
                functions => addTasks(new TaskSet(functions)),
                services =>
                {
                    services.AddLogging(logging =>
                    {
                        if (settings.Logs is { } logs)
                        {
                            logging.AddProvider(logs);
                        }
                    });
                    if (settings.Converter is { } converter)
                    {
                        services.AddSingleton(converter);
                    }
                }),
            cancellationToken);

    /// <param name="functionTypes">Types with methods that carry <c>[Function]</c>.</param>
    public static async Task<IDurableHost> StartAsync(IEnumerable<Type> functionTypes, CancellationToken cancellationToken) =>
        new HostUnderTest(await DurableTestHost.StartAsync(functionTypes), cancellationToken);

    public Task SettleAsync() => host.RunUntilIdleAsync(cancellationToken);

    public Task PassAsync(TimeSpan span) => host.AdvanceAsync(span, cancellationToken);

    public Task RestartAsync() => host.RestartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private sealed class TaskSet(FunctionRegistry functions) : ITaskSet
    {
        public ITaskSet AddEntity(string name, Func<ITaskEntity> make)
        {
            functions.AddEntity(name, invocation => invocation.RunAsync(make()));
            return this;
        }

        public ITaskSet AddOrchestrator<TInput, TOutput>(string name, Func<TaskOrchestrationContext, TInput, Task<TOutput>> run)
        {
            functions.AddOrchestrator(name, async context => await run(context, context.GetInput<TInput>()!));
            return this;
        }

        public ITaskSet AddActivity<TInput, TOutput>(string name, Func<TaskActivityContext, TInput, CancellationToken, Task<TOutput>> run)
        {
            functions.AddActivity(name, async activity => await run(activity, (TInput)activity.GetInput(typeof(TInput))!, activity.CancellationToken));
            return this;
        }
    }
}
