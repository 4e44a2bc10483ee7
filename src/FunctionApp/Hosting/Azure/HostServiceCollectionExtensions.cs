using AtomicDevOps.FunctionApp.Telemetry;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.FunctionApp.Hosting;

internal static class HostServiceCollectionExtensions
{
    private const string SpanConventions = "1.37.0";

    /// <summary>What the app needs of the Functions host in Azure.</summary>
    /// <exception cref="InvalidOperationException">The Functions host could not run with these settings.</exception>
    public static IServiceCollection AddHost(this IServiceCollection services, IConfiguration configuration)
    {
        FunctionsHostSettings.Require(
            new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory).AddJsonFile("host.json", optional: false).Build(), configuration);
        return services.Configure<WorkerOptions>(worker =>
        {
            // A call's span is the worker's part of the request that the host reports, and no request of its own.
            worker.Capabilities["WorkerOpenTelemetrySchemaVersion"] = SpanConventions;
            if (configuration[TelemetryOptions.ApplicationInsightsKey] is { Length: > 0 })
            {
                // The host passes on what the worker logs; exported by both it would be there twice.
                worker.Capabilities["WorkerApplicationInsightsLoggingEnabled"] = bool.TrueString;
            }
        });
    }
}
