using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Testing;

/// <summary>
/// The real engine on a temporary data directory with skipped time: durable timers fire as soon as nothing else is left to do, so that an
/// orchestration of thirty days is tested in a second.
/// <code>
/// await using var host = await DurableTestHost.StartAsync(functions => functions
///     .AddOrchestrator("Reminder", async context =>
///     {
///         await context.CreateTimer(TimeSpan.FromDays(30), CancellationToken.None);
///         return await context.CallActivityAsync&lt;string&gt;("Remind", context.GetInput&lt;string&gt;());
///     })
///     .AddActivity("Remind", activity => Task.FromResult(activity.GetInput(typeof(string)))));
///
/// var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Reminder", "tea");
/// await host.RunUntilIdleAsync();
/// var instance = await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true);
/// </code>
/// Activities run for real; one that waits by the host's <see cref="TimeProvider"/> waits until a timer of the engine moves the clock.
/// </summary>
public sealed class DurableTestHost : IAsyncDisposable
{
    private readonly Action<IServiceProvider> _addFunctions;
    private readonly Action<IServiceCollection>? _addServices;
    private readonly Action<EmbeddedDurableTaskOptions>? _configure;
    private readonly string _dataDirectory;
    private ServiceProvider _services;

    private DurableTestHost(
        Action<IServiceProvider> addFunctions,
        Action<IServiceCollection>? addServices,
        Action<EmbeddedDurableTaskOptions>? configure,
        DateTimeOffset startTime)
    {
        _addFunctions = addFunctions;
        _addServices = addServices;
        _configure = configure;
        _dataDirectory = Directory.CreateTempSubdirectory("durable-test-").FullName;
        Time = new SkippedTimeProvider(startTime);
        Faults = new FaultInjection(Path.Combine(_dataDirectory, "durable.db"), () => Engine.Crash());
        _services = BuildServices();
    }

    /// <summary>The clock of the engine and of the services; it starts at the start of 2026.</summary>
    public SkippedTimeProvider Time { get; }

    /// <summary>What is to go wrong.</summary>
    public FaultInjection Faults { get; }

    /// <summary>Those of the present start: a restart makes new ones.</summary>
    public IServiceProvider Services => _services;

    public DurableTaskClient Client => _services.GetRequiredService<DurableTaskClient>();

    internal DurableTaskEngine Engine => _services.GetRequiredService<DurableTaskEngine>();

    /// <param name="addFunctions">Registers orchestrators, activities and entities.</param>
    /// <param name="addServices">Adds what activities get injected.</param>
    /// <param name="configure">Changes the engine's settings.</param>
    public static Task<DurableTestHost> StartAsync(
        Action<FunctionRegistry> addFunctions,
        Action<IServiceCollection>? addServices = null,
        Action<EmbeddedDurableTaskOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(addFunctions);
        return StartAsync(services => addFunctions(services.GetRequiredService<FunctionRegistry>()), addServices, configure);
    }

    /// <summary>As the other one, with the orchestrator, activity and entity methods that carry <c>[Function]</c> on these types.</summary>
    /// <inheritdoc cref="StartAsync(Action{FunctionRegistry}, Action{IServiceCollection}?, Action{EmbeddedDurableTaskOptions}?)"/>
    /// <exception cref="FunctionSetupException">A function cannot be called as it is declared.</exception>
    public static Task<DurableTestHost> StartAsync(
        IEnumerable<Type> functionTypes,
        Action<IServiceCollection>? addServices = null,
        Action<EmbeddedDurableTaskOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(functionTypes);
        var catalog = FunctionDiscovery.Find(functionTypes, taskHub: null);
        return StartAsync(
            services => catalog.RegisterWith(
                services.GetRequiredService<FunctionRegistry>(), services.GetRequiredService<FunctionExecutor>()),
            services =>
            {
                services.AddSingleton<MiddlewarePipeline>();
                services.AddSingleton<FunctionExecutor>();
                services.AddFunctionPayloads();
                addServices?.Invoke(services);
            },
            configure);
    }

    private static async Task<DurableTestHost> StartAsync(
        Action<IServiceProvider> addFunctions,
        Action<IServiceCollection>? addServices,
        Action<EmbeddedDurableTaskOptions>? configure)
    {
        var host = new DurableTestHost(addFunctions, addServices, configure, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await host.Engine.StartAsync(CancellationToken.None);
        return host;
    }

    /// <summary>
    /// Runs until nothing is left to do and no timer is left to fire, or the process dies as <see cref="FaultInjection.CrashAtCommit"/> asked
    /// for. An eternal orchestration needs <see cref="AdvanceAsync"/>.
    /// </summary>
    public async Task RunUntilIdleAsync(CancellationToken cancellationToken = default)
        => await RunAsync(DateTimeOffset.MaxValue, cancellationToken);

    /// <summary>Lives through a span of time: all timers that are due in it fire, in order.</summary>
    public async Task AdvanceAsync(TimeSpan span, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        var end = Time.GetUtcNow() + span;
        await RunAsync(end, cancellationToken);
        Time.AdvanceTo(end);
        await Engine.Work.WhenIdleAsync().WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Stops the engine, or what is left of it after a crash, and starts a new one on the same data: every instance is replayed when it is next
    /// needed.
    /// </summary>
    public Task RestartAsync() => RestartAsync(static () => { });

    /// <param name="meanwhile">Runs while no engine has the data.</param>
    internal async Task RestartAsync(Action meanwhile)
    {
        await StopAsync();
        meanwhile();
        Faults.Revive();
        _services = BuildServices();
        await Engine.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_dataDirectory, recursive: true);
    }

    private async Task RunAsync(DateTimeOffset end, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Engine.Work.WhenIdleAsync().WaitAsync(cancellationToken);
            if (Faults.HasCrashed || Engine.NextDue is not { } due || new DateTimeOffset(due) > end)
            {
                return;
            }

            Time.AdvanceTo(new DateTimeOffset(due));
            Engine.FireDueTimers();
        }
    }

    private async Task StopAsync()
    {
        await Engine.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }

    private ServiceProvider BuildServices()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Time);
        services.AddEmbeddedDurableTask(options =>
        {
            options.DataDirectory = _dataDirectory;
            options.IsDurable = false;
            options.Faults = Faults;
            _configure?.Invoke(options);
        });
        _addServices?.Invoke(services);
        var provider = services.BuildServiceProvider();
        _addFunctions(provider);
        return provider;
    }
}
