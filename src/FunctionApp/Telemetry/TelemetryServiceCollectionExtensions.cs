using System.Text.Encodings.Web;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Observable;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AtomicDevOps.FunctionApp.Telemetry;

internal static class TelemetryServiceCollectionExtensions
{
    private static readonly string[] Sources = [WorkflowTelemetry.SourceName, "Microsoft.DurableTask", "Microsoft.Azure.Functions.Worker"];

    private static readonly string[] Meters =
        [$"{WorkflowTelemetry.SourceName}*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime"];

    /// <summary>
    /// Exports logs, metrics and spans to where the settings say, and to nowhere without; in any case no secret gets into a log.
    /// </summary>
    /// <exception cref="InvalidOperationException">A setting is malformed.</exception>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRedaction();
        services.AddOptions<JsonConsoleFormatterOptions>().Configure<IConfiguration>(CompleteJson);
        var options = TelemetryOptions.Read(configuration);
        if (!options.IsExported)
        {
            return services;
        }

        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(options.ServiceName, serviceVersion: typeof(TelemetryOptions).Assembly.GetName().Version?.ToString(3)))
            .WithTracing(tracing =>
            {
                tracing.AddSource(Sources).AddProcessor(services => new SpanRedactor(services.GetRequiredService<SecretRedactor>()));
                AddExporters(options, () => tracing.AddOtlpExporter(), configure => tracing.AddAzureMonitorTraceExporter(configure));
            })
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Meters);
                AddExporters(options, () => metrics.AddOtlpExporter(), configure => metrics.AddAzureMonitorMetricExporter(configure));
            })
            .WithLogging(
                logging => AddExporters(options, () => logging.AddOtlpExporter(), configure => logging.AddAzureMonitorLogExporter(configure)),
                logger =>
                {
                    logger.IncludeFormattedMessage = true;
                    logger.IncludeScopes = true;
                });
        return services;
    }

    private static void AddExporters(TelemetryOptions options, Action otlp, Action<Action<AzureMonitorExporterOptions>> applicationInsights)
    {
        if (options.OtlpEndpoint is not null)
        {
            otlp();
        }

        if (options.ApplicationInsights is { } connection)
        {
            applicationInsights(azure =>
            {
                azure.ConnectionString = connection;
                azure.Credential = options.ApplicationInsightsCredential;
            });
        }
    }

    /// <summary>A JSON line says by itself when it was written and in which scopes; what is configured wins.</summary>
    private static void CompleteJson(JsonConsoleFormatterOptions options, IConfiguration configuration)
    {
        var configured = configuration.GetSection("Logging:Console:FormatterOptions");
        if (options.TimestampFormat is null)
        {
            options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fffK";
            options.UseUtcTimestamp = configured[nameof(options.UseUtcTimestamp)] is null || options.UseUtcTimestamp;
        }

        options.IncludeScopes = configured[nameof(options.IncludeScopes)] is null || options.IncludeScopes;
        options.JsonWriterOptions = options.JsonWriterOptions with { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    }

    private static void AddRedaction(this IServiceCollection services)
    {
        services.AddLogging();
        services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(static provider => new RedactingLoggerFactory(
            new LoggerFactory(
                provider.GetServices<ILoggerProvider>(),
                provider.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>(),
                provider.GetRequiredService<IOptions<LoggerFactoryOptions>>(),
                provider.GetService<IExternalScopeProvider>()),
            provider.GetRequiredService<SecretRedactor>())));
    }
}
