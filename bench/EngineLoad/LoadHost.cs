using AtomicDevOps.EmbeddedHost;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EngineLoad;

/// <summary>The engine with its default settings on a data directory, in a host as an app has it.</summary>
internal sealed class LoadHost : IAsyncDisposable
{
    private const int WarmUps = 5;

    private readonly IHost _host;

    private LoadHost(IHost host, LoadFunctions functions)
    {
        _host = host;
        Functions = functions;
        Client = host.Services.GetRequiredService<DurableTaskClient>();
    }

    public LoadFunctions Functions { get; }

    public DurableTaskClient Client { get; }

    public static async Task<LoadHost> StartAsync(string dataDirectory, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddEmbeddedDurableTask(options => options.DataDirectory = dataDirectory);
        var host = builder.Build();
        var functions = new LoadFunctions(dataDirectory);
        functions.AddTo(host.Services.GetRequiredService<FunctionRegistry>());
        await host.StartAsync(cancellationToken);
        return new LoadHost(host, functions);
    }

    /// <summary>As the other one, and runs the warm-up orchestrations: chains of five activities, one after another.</summary>
    public static async Task<LoadHost> StartWarmAsync(string dataDirectory, CancellationToken cancellationToken)
    {
        var host = await StartAsync(dataDirectory, cancellationToken);
        for (var number = 0; number < WarmUps; number++)
        {
            if (!await host.RunAsync(LoadFunctions.Chain, $"warm-up-{number}", Parcel.Create(number, steps: 5), cancellationToken))
            {
                throw new InvalidOperationException($"Warm-up orchestration {number} gave a wrong result.");
            }
        }

        return host;
    }

    /// <summary>Starts an orchestration.</summary>
    public Task StartAsync(string orchestrator, string instanceId, Parcel input, CancellationToken cancellationToken)
        => Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOrchestrationOptions(instanceId), cancellationToken);

    /// <summary>Starts an orchestration and waits for its end.</summary>
    /// <returns>Whether its result is right.</returns>
    public async Task<bool> RunAsync(string orchestrator, string instanceId, Parcel input, CancellationToken cancellationToken)
    {
        await StartAsync(orchestrator, instanceId, input, cancellationToken);
        return await EndsWithAsync(instanceId, input.Done(), cancellationToken);
    }

    /// <summary>Waits for an instance's end.</summary>
    /// <returns>Whether it completed with this result; if not, standard error says how it ended.</returns>
    public async Task<bool> EndsWithAsync(string instanceId, Parcel expected, CancellationToken cancellationToken)
    {
        var instance = await Client.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs: true, cancellationToken);
        if (instance.RuntimeStatus is OrchestrationRuntimeStatus.Completed && instance.ReadOutputAs<Parcel>() == expected)
        {
            return true;
        }

        await Console.Error.WriteLineAsync(
            $"Wrong: '{instanceId}' ended {instance.RuntimeStatus} with {instance.SerializedOutput ?? instance.FailureDetails?.ToString() ?? "nothing"}, not Completed with {expected}.");
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        Functions.Dispose();
    }
}
