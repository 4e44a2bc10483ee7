using Azure.Core;
using Azure.Identity;

namespace AtomicDevOps.FunctionApp.Telemetry;

/// <summary>Where logs, metrics and spans go, by the settings that OpenTelemetry and Azure Monitor have for it.</summary>
internal sealed record TelemetryOptions
{
    public const string OtlpEndpointKey = "OTEL_EXPORTER_OTLP_ENDPOINT";
    public const string OtlpProtocolKey = "OTEL_EXPORTER_OTLP_PROTOCOL";
    public const string OtlpHeadersKey = "OTEL_EXPORTER_OTLP_HEADERS";
    public const string ServiceNameKey = "OTEL_SERVICE_NAME";
    public const string ApplicationInsightsKey = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    public const string ApplicationInsightsAuthenticationKey = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    private const string ClientIdPrefix = "ClientId=";
    private const string DefaultServiceName = "atomic-devops";

    /// <summary>An OTLP collector; null for none.</summary>
    public Uri? OtlpEndpoint { get; private init; }

    /// <summary>Null for no Application Insights.</summary>
    public string? ApplicationInsights { get; private init; }

    /// <summary>Null: the connection string's key is enough.</summary>
    public TokenCredential? ApplicationInsightsCredential { get; private init; }

    public required string ServiceName { get; init; }

    public bool IsExported => OtlpEndpoint is not null || ApplicationInsights is not null;

    /// <exception cref="InvalidOperationException">A setting is malformed: the message says which, and what would be right.</exception>
    public static TelemetryOptions Read(IConfiguration configuration)
    {
        RequireProtocol(configuration[OtlpProtocolKey]);
        RequireHeaders(configuration[OtlpHeadersKey]);
        return new TelemetryOptions
        {
            OtlpEndpoint = Endpoint(configuration[OtlpEndpointKey]),
            ApplicationInsights = ConnectionString(configuration[ApplicationInsightsKey]),
            ApplicationInsightsCredential = Credential(configuration[ApplicationInsightsAuthenticationKey]),
            ServiceName = configuration[ServiceNameKey] is { Length: > 0 } name ? name : DefaultServiceName,
        };
    }

    private static Uri? Endpoint(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        return Uri.TryCreate(value, UriKind.Absolute, out var address) && address is { Scheme: "http" or "https" }
            ? address
            : throw new InvalidOperationException($"{OtlpEndpointKey} is '{value}'; it must be an http or https address, for example http://127.0.0.1:4317.");
    }

    /// <summary>As the Functions host reads it: <c>Authorization=AAD</c>, with <c>;ClientId=…</c> for an identity that is the user's own.</summary>
    private static ManagedIdentityCredential? Credential(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        return value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["Authorization=AAD"] => new ManagedIdentityCredential(ManagedIdentityId.SystemAssigned),
            ["Authorization=AAD", var client]
                when client.StartsWith(ClientIdPrefix, StringComparison.Ordinal) && Guid.TryParse(client[ClientIdPrefix.Length..], out _)
                => new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(client[ClientIdPrefix.Length..])),
            _ => throw new InvalidOperationException(
                $"{ApplicationInsightsAuthenticationKey} is '{value}'; it must be Authorization=AAD, or Authorization=AAD;ClientId=… with a managed identity's client id."),
        };
    }

    private static void RequireProtocol(string? value)
    {
        if (value is not (null or "" or "grpc" or "http/protobuf"))
        {
            throw new InvalidOperationException($"{OtlpProtocolKey} is '{value}'; it must be grpc or http/protobuf.");
        }
    }

    private static void RequireHeaders(string? value)
    {
        if (!string.IsNullOrWhiteSpace(value) && !value.Split(',').All(static pair => pair.IndexOf('=', StringComparison.Ordinal) > 0))
        {
            throw new InvalidOperationException($"{OtlpHeadersKey} is malformed; it must be name=value pairs with commas between, for example x-api-key=….");
        }
    }

    private static string? ConnectionString(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        var key = value.Split(';', StringSplitOptions.TrimEntries)
            .FirstOrDefault(static part => part.StartsWith("InstrumentationKey=", StringComparison.OrdinalIgnoreCase));
        return Guid.TryParse(key?[(key.IndexOf('=', StringComparison.Ordinal) + 1)..], out _)
            ? value
            : throw new InvalidOperationException(
                $"{ApplicationInsightsKey} has no InstrumentationKey with an id; it must be the connection string that the resource shows: InstrumentationKey=…;IngestionEndpoint=https://….");
    }
}
