using System.Collections.Concurrent;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Conformance.Tests.Harness;

public abstract class ConformanceTest
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <inheritdoc cref="HostFeatures.Requires"/>
    protected static void Requires(HostFeature feature) => HostFeatures.Requires(feature);

    /// <param name="addTasks">Runs again at each restart.</param>
    protected static Task<IDurableHost> StartAsync(Action<ITaskSet> addTasks, ILoggerProvider? logs = null) =>
        HostUnderTest.StartAsync(addTasks, new DurableHostSettings(logs), Token);

    /// <param name="functionTypes">Types with methods that carry <c>[Function]</c>.</param>
    protected static Task<IDurableHost> StartFunctionsAsync(params IEnumerable<Type> functionTypes)
    {
        Requires(HostFeature.Functions);
        return HostUnderTest.StartAsync(functionTypes, Token);
    }

    /// <summary>On the orchestrator's own thread, which CancelAsync would leave.</summary>
    protected static void Cancel(CancellationTokenSource source) => source.Cancel();
}

internal static class ConformanceHostExtensions
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<string> BeginAsync(this IDurableHost host, string orchestrator, object? input = null, string? id = null) =>
        host.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOrchestrationOptions(id), Token);

    /// <summary>Starts an instance and reads it when nothing is left to happen.</summary>
    public static async Task<OrchestrationMetadata> RunAsync(
        this IDurableHost host, string orchestrator, object? input = null, StartOrchestrationOptions? options = null)
    {
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, options, Token);
        return await host.SettleAsync(id);
    }

    public static async Task<OrchestrationMetadata> SettleAsync(this IDurableHost host, string id)
    {
        await host.SettleAsync();
        return await host.ReadAsync(id);
    }

    public static async Task<OrchestrationMetadata> ReadAsync(this IDurableHost host, string id) =>
        (await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Token)).ShouldNotBeNull($"instance {id}");

    /// <summary>The state of an entity that must have one.</summary>
    public static async Task<T> StateAsync<T>(this IDurableHost host, string name, string key)
    {
        var id = new EntityInstanceId(name, key);
        return (await host.Client.Entities.GetEntityAsync<T>(id, cancellation: Token)).ShouldNotBeNull($"entity {id}").State;
    }

    public static Task SignalAsync(
        this IDurableHost host, string name, string key, string operation, object? input = null, SignalEntityOptions? options = null) =>
        host.Client.Entities.SignalEntityAsync(new EntityInstanceId(name, key), operation, input, options, Token);

    public static async Task<IReadOnlyList<string>> FindAsync(this IDurableHost host, OrchestrationQuery? query = null)
    {
        var found = new List<string>();
        await foreach (var instance in host.Client.GetAllInstancesAsync(query).WithCancellation(Token))
        {
            found.Add(instance.InstanceId);
        }

        return found;
    }

    /// <summary>The output of an instance that must have completed.</summary>
    public static T? Output<T>(this OrchestrationMetadata instance)
    {
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed, $"{instance} {instance.FailureDetails}");
        return instance.ReadOutputAs<T>();
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class LogRecorder : ILoggerProvider
{
    public ConcurrentQueue<(string Category, string Message)> Entries { get; } = new();

    public IEnumerable<string> Of(string category) => Entries.Where(entry => string.Equals(entry.Category, category, StringComparison.Ordinal)).Select(static entry => entry.Message);

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, this);

    public void Dispose()
    {
    }

    private sealed class Recorder(string category, LogRecorder owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            owner.Entries.Enqueue((category, formatter(state, exception)));
    }
}
