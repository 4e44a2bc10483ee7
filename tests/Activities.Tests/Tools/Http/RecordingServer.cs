using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace AtomicDevOps.Activities.Tests.Tools.Http;

/// <summary>
/// A service on loopback that keeps every request in order and has its bad days. A request that the service does not document is refused, and
/// fails the test at its end.
/// </summary>
internal sealed class RecordingServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Func<RecordedRequest, RecordedReply> _answer;
    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<RecordedRequest> _requests = new();
    private readonly ConcurrentQueue<string> _undocumented = new();
    private readonly List<(Func<RecordedRequest, bool> When, Day Day)> _days = [];

    private RecordingServer(WebApplication app, Func<RecordedRequest, RecordedReply> answer) => (_app, _answer) = (app, answer);

    public Uri Address { get; private set; } = null!;

    public IReadOnlyList<RecordedRequest> Requests => [.. _requests];

    public static async Task<RecordingServer> StartAsync(Func<RecordedRequest, RecordedReply> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var server = new RecordingServer(app, answer);
        app.Run(server.ServeAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        server.Address = new Uri($"http://127.0.0.1:{new Uri(app.Urls.Single()).Port}/");
        return server;
    }

    /// <summary>How the next requests of a kind go.</summary>
    public void Plan(Func<RecordedRequest, bool> when, params Day[] days)
    {
        lock (_lock)
        {
            _days.AddRange(days.Select(day => (when, day)));
        }
    }

    public void Plan(params Day[] days) => Plan(_ => true, days);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _undocumented.ShouldBeEmpty("the vendor does not document such a request");
    }

    private async Task ServeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var request = new RecordedRequest(
            context.Request.Method,
            context.Request.Path.Value!,
            context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal),
            context.Request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            await reader.ReadToEndAsync(context.RequestAborted),
            context.Request.GetEncodedPathAndQuery());
        _requests.Enqueue(request);
        Day? day;
        RecordedReply reply;
        lock (_lock)
        {
            var at = _days.FindIndex(each => each.When(request));
            day = at < 0 ? null : _days[at].Day;
            if (at >= 0)
            {
                _days.RemoveAt(at);
            }

            reply = _answer(request);
        }

        if (reply.Undocumented is { } problem)
        {
            _undocumented.Enqueue($"{request.Method} {request.Target}: {problem}");
        }

        await SendAsync(context, day is null ? reply : day.Disturb(reply), day);
    }

    private static async Task SendAsync(HttpContext context, RecordedReply reply, Day? day)
    {
        if (day is { IsSlow: true })
        {
            var gone = new TaskCompletionSource();
            await using var registration = context.RequestAborted.Register(gone.SetResult);
            await gone.Task;
            return;
        }

        if (day is { IsGone: true })
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = reply.Status;
        foreach (var (name, value) in reply.Headers)
        {
            context.Response.Headers[name] = value;
        }

        if (reply.Body is null)
        {
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(reply.Body);
        context.Response.ContentType = reply.MediaType;
        context.Response.ContentLength = bytes.Length;
        if (day is { IsCut: true })
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length / 2), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}

/// <summary>How one request goes.</summary>
internal sealed record Day(Func<RecordedReply, RecordedReply> Disturb)
{
    /// <summary>No answer comes until the client goes.</summary>
    public static Day Slow { get; } = new(reply => reply) { IsSlow = true };

    /// <summary>The connection breaks in the middle of the answer.</summary>
    public static Day CutHalfway { get; } = new(reply => reply) { IsCut = true };

    /// <summary>The connection is closed before an answer begins.</summary>
    public static Day HangsUp { get; } = new(reply => reply) { IsGone = true };

    /// <summary>A proxy's page.</summary>
    public static Day BadGateway { get; } = new(_ => new RecordedReply(502, "<html><body>Bad gateway</body></html>", "text/html"));

    public static Day Html { get; } = new(_ => new RecordedReply(200, "<html><body>Please sign in</body></html>", "text/html"));

    /// <summary>The answer ends in the middle, in good order as far as HTTP goes.</summary>
    public static Day TruncatedJson { get; } = new(reply => reply with { Body = reply.Body![..(reply.Body!.Length / 2)] });

    public static Day Throttled(string? retryAfter) =>
        new(_ => new RecordedReply(429, """{"jsonapi":{"version":"1.0"},"errors":[{"status":"429","detail":"Too many requests"}]}""", "application/vnd.api+json")
            .With(retryAfter is null ? [] : [("Retry-After", retryAfter)]));

    public static Day Json(int status, string body, string mediaType = "application/json") => new(_ => new RecordedReply(status, body, mediaType));

    public bool IsSlow { get; init; }

    public bool IsCut { get; init; }

    public bool IsGone { get; init; }
}

internal sealed record RecordedRequest(
    string Method, string Path, IReadOnlyDictionary<string, string> Query, IReadOnlyDictionary<string, string> Headers, string Body, string Target)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

internal sealed record RecordedReply(int Status, string? Body = null, string MediaType = "application/json")
{
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>What about the request the vendor does not document.</summary>
    public string? Undocumented { get; init; }

    public static RecordedReply Json(JsonNode body, int status = 200, string mediaType = "application/json") => new(status, body.ToJsonString(), mediaType);

    public RecordedReply With(params (string Name, string Value)[] headers) => this with { Headers = [.. Headers, .. headers] };
}
