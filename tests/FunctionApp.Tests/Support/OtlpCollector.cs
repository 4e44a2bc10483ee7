using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.FunctionApp.Tests.Support;

/// <summary>Takes what is exported by OTLP 1.x over HTTP with protobuf, and keeps the bodies: texts stand in them as they are, in UTF-8.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Signal, string Body)> _received = new();

    private OtlpCollector(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var collector = new OtlpCollector(app);
        app.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            collector._received.Enqueue((signal, Encoding.Latin1.GetString(body.ToArray())));
            return Results.Bytes([], "application/x-protobuf");
        });
        await app.StartAsync();
        return collector;
    }

    /// <param name="signal"><c>logs</c>, <c>metrics</c> or <c>traces</c>.</param>
    public string Received(string signal) => string.Concat(_received.Where(each => string.Equals(each.Signal, signal, StringComparison.Ordinal)).Select(each => each.Body));

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
