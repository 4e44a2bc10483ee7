using AtomicDevOps.FunctionApp.Telemetry;
using AtomicDevOps.FunctionApp.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.FunctionApp.Tests.Telemetry;

public sealed class TelemetryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logs_metrics_and_spans_go_to_the_collector_that_is_named()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using (var app = await TestApp.StartAsync(settings: new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [TelemetryOptions.OtlpEndpointKey] = collector.Address.ToString(),
            [TelemetryOptions.OtlpProtocolKey] = "http/protobuf",
            [TelemetryOptions.ServiceNameKey] = "devops-of-the-test",
        }))
        {
            (await app.Anonymous.GetAsync("api/health", Token)).EnsureSuccessStatusCode();
        }

        foreach (var signal in (string[])["logs", "metrics", "traces"])
        {
            collector.Received(signal).ShouldContain("devops-of-the-test");
        }

        collector.Received("logs").ShouldContain("AtomicDevOps.EmbeddedHost");
        collector.Received("metrics").ShouldContain("atomicdevops.engine.turns");
        collector.Received("metrics").ShouldContain("http.server.request.duration");
        collector.Received("traces").ShouldContain("SystemHealthOrchestration");
    }

    [Theory]
    [InlineData(TelemetryOptions.OtlpEndpointKey, "collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4317'; it must be an http or https address")]
    [InlineData(TelemetryOptions.OtlpProtocolKey, "http/json", "OTEL_EXPORTER_OTLP_PROTOCOL is 'http/json'; it must be grpc or http/protobuf")]
    [InlineData(TelemetryOptions.OtlpHeadersKey, "a-key-alone", "OTEL_EXPORTER_OTLP_HEADERS is malformed; it must be name=value pairs")]
    [InlineData(TelemetryOptions.ApplicationInsightsKey, "InstrumentationKey=a-key-alone", "APPLICATIONINSIGHTS_CONNECTION_STRING has no InstrumentationKey with an id")]
    public void A_malformed_setting_is_named_with_what_would_be_right_and_without_its_secret(string key, string value, string told)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>(key, value)]).Build();

        var message = Should.Throw<InvalidOperationException>(() => TelemetryOptions.Read(configuration)).Message;

        message.ShouldStartWith(told);
        message.ShouldNotContain("a-key-alone");
    }

    [Fact]
    public void Without_settings_nothing_is_exported()
        => TelemetryOptions.Read(new ConfigurationBuilder().Build()).IsExported.ShouldBeFalse();
}
