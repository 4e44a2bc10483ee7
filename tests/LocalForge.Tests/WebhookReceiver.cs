using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.LocalForge.Tests;

internal sealed record ReceivedDelivery(IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Event => Headers["X-GitHub-Event"];

    public JsonObject Payload => JsonNode.Parse(Body)!.AsObject();

    public string? Action => (string?)Payload["action"];
}

/// <summary>A webhook's other end, over real HTTP.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Channel<ReceivedDelivery> _deliveries = Channel.CreateUnbounded<ReceivedDelivery>();

    private WebhookReceiver(WebApplication application) => _application = application;

    public string Url => _application.Urls.Single() + "/hook";

    public int Answer { get; set; } = 200;

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        var receiver = new WebhookReceiver(application);
        application.MapPost("/hook", receiver.ReceiveAsync);
        await application.StartAsync();
        return receiver;
    }

    /// <summary>The next delivery of this event and action; others before it are passed over.</summary>
    public async Task<ReceivedDelivery> NextAsync(string @event, string? action = null)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var delivery = await _deliveries.Reader.ReadAsync(deadline.Token);
            if (delivery.Event == @event && (action is null || delivery.Action == action))
            {
                return delivery;
            }
        }
    }

    public async Task<ReceivedDelivery> NextAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _deliveries.Reader.ReadAsync(deadline.Token);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        var headers = request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        await _deliveries.Writer.WriteAsync(new ReceivedDelivery(headers, body.ToArray()));
        return Results.Text("received", statusCode: Answer);
    }
}
