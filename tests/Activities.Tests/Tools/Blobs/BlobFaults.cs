using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace AtomicDevOps.Activities.Tests.Tools.Blobs;

/// <summary>Stands on loopback before Azurite, and does to requests what a network and a busy or closed account do.</summary>
internal sealed class BlobFaults : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly Uri _target;
    private readonly ConcurrentQueue<BlobRequest> _requests = new();
    private readonly Lock _lock = new();
    private readonly List<(Func<BlobRequest, bool> When, BlobFault Fault)> _faults = [];

    private BlobFaults(WebApplication app, Uri target)
    {
        _app = app;
        _target = target;
    }

    /// <summary>Where the container seems to be.</summary>
    public Uri Container { get; private set; } = null!;

    public IReadOnlyList<BlobRequest> Requests => [.. _requests];

    public static async Task<BlobFaults> StartAsync(Uri container)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var faults = new BlobFaults(app, container);
        app.Run(faults.ServeAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        faults.Container = new UriBuilder(container) { Host = "127.0.0.1", Port = new Uri(app.Urls.Single()).Port }.Uri;
        return faults;
    }

    /// <summary>Does something to the next requests of a kind, one after another.</summary>
    public void Add(Func<BlobRequest, bool> when, BlobFault fault, int times = 1)
    {
        lock (_lock)
        {
            _faults.AddRange(Enumerable.Repeat((when, fault), times));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        var request = new BlobRequest(context.Request.Method, context.Request.GetEncodedPathAndQuery(), context.Request.Headers.Authorization.ToString());
        _requests.Enqueue(request);
        switch (Next(request))
        {
            case { RequestBytes: { } count }:
                _ = await context.Request.Body.ReadAtLeastAsync(new byte[count], count, throwOnEndOfStream: false, context.RequestAborted);
                context.Abort();
                return;
            case { Status: > 0 } fault:
                context.Response.StatusCode = fault.Status;
                context.Response.Headers["x-ms-error-code"] = fault.Code;
                if (fault.RetryAfter is { } seconds)
                {
                    context.Response.Headers.RetryAfter = seconds;
                }

                if (request.Method is not "HEAD")
                {
                    context.Response.ContentType = "application/xml";
                    await context.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{fault.Code}</Code><Message>No.</Message></Error>", context.RequestAborted);
                }

                return;
            case { AnswerBytes: { } left }:
                await ForwardAsync(context, left);
                context.Abort();
                return;
            default:
                await ForwardAsync(context, int.MaxValue);
                return;
        }
    }

    private BlobFault? Next(BlobRequest request)
    {
        lock (_lock)
        {
            var index = _faults.FindIndex(each => each.When(request));
            if (index < 0)
            {
                return null;
            }

            var fault = _faults[index].Fault;
            _faults.RemoveAt(index);
            return fault;
        }
    }

    private async Task ForwardAsync(HttpContext context, int answerBytes)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        using var forward = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_target, context.Request.GetEncodedPathAndQuery()));
        forward.Content = new ByteArrayContent(body.ToArray());
        foreach (var (name, values) in context.Request.Headers.Where(header => header.Key is not ("Host" or "Connection")))
        {
            if (!forward.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                forward.Content.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        using var answer = await _client.SendAsync(forward, context.RequestAborted);
        var content = await answer.Content.ReadAsByteArrayAsync(context.RequestAborted);
        if (answerBytes == 0)
        {
            return;
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not ("Connection" or "Keep-Alive" or "Transfer-Encoding")))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        if (content.Length > 0)
        {
            context.Response.ContentLength = content.Length;
            await context.Response.Body.WriteAsync(content.AsMemory(0, Math.Min(answerBytes, content.Length)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}

internal sealed record BlobRequest(string Method, string Target, string Authorization)
{
    public bool IsRead => Method is "GET" && !Target.Contains("comp=", StringComparison.Ordinal);

    public bool IsWrite => Method is "PUT";

    public bool IsCommit => Method is "PUT" && Target.Contains("comp=blocklist", StringComparison.Ordinal);
}

/// <param name="Status">What is answered; 0 to break the connection.</param>
internal sealed record BlobFault(int Status, string Code = "")
{
    /// <summary>The Retry-After of the answer.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>How much of the request is read before the connection breaks.</summary>
    public int? RequestBytes { get; init; }

    /// <summary>How much of Azurite's real answer is sent before the connection breaks.</summary>
    public int? AnswerBytes { get; init; }
}
