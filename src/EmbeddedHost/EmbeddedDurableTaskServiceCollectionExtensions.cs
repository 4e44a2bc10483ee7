using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.EmbeddedHost;

/// <summary>Adds the embedded durable task engine to a host.</summary>
public static class EmbeddedDurableTaskServiceCollectionExtensions
{
    /// <summary>
    /// Registers the engine as a hosted service, <see cref="DurableTaskClient"/>, and a <see cref="FunctionRegistry"/> that is to be filled
    /// before the host starts.
    /// </summary>
    public static IServiceCollection AddEmbeddedDurableTask(
        this IServiceCollection services, Action<EmbeddedDurableTaskOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<EmbeddedDurableTaskOptions>()
            .Configure(configure ?? (static _ => { }))
            .Validate(static options => !string.IsNullOrWhiteSpace(options.DataDirectory), "DataDirectory is empty: name a directory.")
            .Validate(static options => options.MaxConcurrentActivityFunctions > 0, "MaxConcurrentActivityFunctions must be at least 1.")
            .Validate(static options => options.MaxConcurrentOrchestratorFunctions > 0, "MaxConcurrentOrchestratorFunctions must be at least 1.")
            .Validate(static options => options.MaxConcurrentEntityFunctions > 0, "MaxConcurrentEntityFunctions must be at least 1.")
            .Validate(static options => options.MaxEntityOperationBatchSize > 0, "MaxEntityOperationBatchSize must be at least 1.")
            .Validate(static options => options.MaxInstancesInMemory > 0, "MaxInstancesInMemory must be at least 1.")
            .Validate(static options => options.MaxMemoryBytes > 0, "MaxMemoryBytes must be at least 1.")
            .Validate(static options => options.MaxPayloadBytes is > 0 and <= EmbeddedDurableTaskOptions.LargestPayload,
                $"MaxPayloadBytes must be from 1 to {EmbeddedDurableTaskOptions.LargestPayload}.")
            .Validate(static options => options.HistoryLengthWarning > 0, "HistoryLengthWarning must be at least 1.")
            .Validate(static options => options.IdleTimeInMemory is null || options.IdleTimeInMemory > TimeSpan.Zero, "IdleTimeInMemory must be longer than nothing.")
            .Validate(static options => options.DrainTimeout >= TimeSpan.Zero, "DrainTimeout cannot be less than nothing.")
            .ValidateOnStart();
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DataConverter>(JsonDataConverter.Default);
        services.TryAddSingleton<FunctionRegistry>();
        services.TryAddSingleton<DurableTaskEngine>();
        services.TryAddSingleton<DurableTaskClient, EmbeddedDurableTaskClient>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<DurableTaskEngine>());
        services.TryAddSingleton<Retention>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<Retention>());
        return services;
    }
}
