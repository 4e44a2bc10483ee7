using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tools.ChatModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace AtomicDevOps.Activities.Tests.Tools.ChatModel;

/// <summary>
/// A chat model's endpoint on loopback: OpenAI's chat completions v1 under <c>/v1</c>, or Anthropic's messages in version 2023-06-01. It refuses what the
/// vendor refuses (key, version, unknown or missing members, roles, types), and says what it is scripted to say.
/// </summary>
internal sealed class ChatModelStandIn : IAsyncDisposable
{
    public const string Model = "model-1";
    public const string ApiKey = "sk-the-key-of-the-test-0123456789";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ChatExchange> _requests = new();
    private readonly ConcurrentQueue<ChatReply> _replies = new();

    private ChatModelStandIn(WebApplication app, ChatModelProvider provider) => (_app, Provider) = (app, provider);

    public ChatModelProvider Provider { get; }

    public Uri Address { get; private set; } = null!;

    public IReadOnlyList<ChatExchange> Requests => [.. _requests];

    /// <summary>What it says when nothing is scripted.</summary>
    public string DefaultText { get; set; } = "Nothing to say.";

    public static async Task<ChatModelStandIn> StartAsync(ChatModelProvider provider)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var standIn = new ChatModelStandIn(app, provider);
        app.Run(standIn.ServeAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        standIn.Address = new Uri($"http://127.0.0.1:{new Uri(app.Urls.Single()).Port}{(provider == ChatModelProvider.OpenAI ? "/v1" : "")}");
        return standIn;
    }

    public ChatModelStandIn Say(string text, string? reason = null) => Reply(new ChatReply(200, Answer(text, reason)));

    public ChatModelStandIn Reply(ChatReply reply)
    {
        _replies.Enqueue(reply);
        return this;
    }

    public JsonObject Answer(string text, string? reason = null) => Provider == ChatModelProvider.OpenAI
        ? new JsonObject
        {
            ["id"] = "chatcmpl-1",
            ["object"] = "chat.completion",
            ["created"] = 1,
            ["model"] = Model,
            ["choices"] = new JsonArray(new JsonObject
            {
                ["index"] = 0,
                ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text, ["refusal"] = null },
                ["logprobs"] = null,
                ["finish_reason"] = reason ?? "stop",
            }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 120, ["completion_tokens"] = 34, ["total_tokens"] = 154 },
        }
        : new JsonObject
        {
            ["id"] = "msg_1",
            ["type"] = "message",
            ["role"] = "assistant",
            ["model"] = Model,
            ["content"] = text.Length == 0 ? new JsonArray() : new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }),
            ["stop_reason"] = reason ?? "end_turn",
            ["stop_sequence"] = null,
            ["usage"] = new JsonObject { ["input_tokens"] = 120, ["output_tokens"] = 34 },
        };

    public ChatReply Error(int status, string type, string message) => new(status, Provider == ChatModelProvider.OpenAI
        ? new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["param"] = null, ["code"] = type } }
        : new JsonObject { ["type"] = "error", ["error"] = new JsonObject { ["type"] = type, ["message"] = message }, ["request_id"] = "req_1" });

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var request = new ChatExchange(
            context.Request.Method,
            context.Request.Path.Value!,
            await reader.ReadToEndAsync(context.RequestAborted),
            context.Request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        _requests.Enqueue(request);
        var reply = FindFault(request) ?? (request.Method is "GET" ? Models() : _replies.TryDequeue(out var scripted) ? scripted : new ChatReply(200, Answer(DefaultText)));
        if (reply.WaitsForEver)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            return;
        }

        context.Response.StatusCode = reply.Status;
        context.Response.ContentType = reply.ContentType;
        foreach (var (name, value) in reply.Headers)
        {
            context.Response.Headers[name] = value;
        }

        var body = Encoding.UTF8.GetBytes(reply.Text ?? reply.Body?.ToJsonString() ?? "");
        if (reply.CutsAfter is { } length)
        {
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body.AsMemory(0, length), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private ChatReply Models() => new(200, Provider == ChatModelProvider.OpenAI
        ? new JsonObject { ["object"] = "list", ["data"] = new JsonArray(new JsonObject { ["id"] = Model, ["object"] = "model", ["created"] = 1, ["owned_by"] = "test" }) }
        : new JsonObject { ["type"] = "model", ["id"] = Model, ["display_name"] = "Model 1", ["created_at"] = "2026-01-01T00:00:00Z" });

    /// <summary>What the vendor's documentation calls wrong.</summary>
    private ChatReply? FindFault(ChatExchange request)
    {
        var isOpenAI = Provider == ChatModelProvider.OpenAI;
        var key = isOpenAI ? request.Header("Authorization") : request.Header("x-api-key");
        if (!string.Equals(key, isOpenAI ? $"Bearer {ApiKey}" : ApiKey, StringComparison.Ordinal))
        {
            return Error(401, isOpenAI ? "invalid_api_key" : "authentication_error", $"Incorrect API key provided: {key}.");
        }

        if (!isOpenAI && request.Header("anthropic-version") is not "2023-06-01")
        {
            return Error(400, "invalid_request_error", "anthropic-version: header is required");
        }

        var (path, models) = isOpenAI ? ("/v1/chat/completions", "/v1/models") : ("/v1/messages", $"/v1/models/{Model}");
        if (request.Method is "GET")
        {
            return string.Equals(request.Path, models, StringComparison.Ordinal) ? null : Error(404, "not_found_error", "Not found.");
        }

        if (!string.Equals(request.Path, path, StringComparison.Ordinal))
        {
            return Error(404, "not_found_error", $"Unknown request URL: {request.Path}.");
        }

        if (request.Header("Content-Type") is not "application/json")
        {
            return Error(415, "invalid_request_error", "Content-Type has to be application/json.");
        }

        string[] known = isOpenAI
            ? ["model", "messages", "max_completion_tokens", "stream", "temperature"]
            : ["model", "messages", "max_tokens", "stream", "temperature", "system"];
        var body = request.Json;
        var problem = body.FirstOrDefault(member => !known.Contains(member.Key, StringComparer.Ordinal)).Key is { } unknown ? $"{unknown}: Extra inputs are not permitted"
            : body["model"]?.GetValue<string>() is not Model ? "model: unknown"
            : body["stream"]?.GetValue<bool>() == true ? "stream: not asked for here"
            : body[known[2]]?.GetValue<int>() is not > 0 ? $"{known[2]}: has to be at least 1"
            : body["messages"] is not JsonArray { Count: > 0 } messages ? "messages: at least one message is required"
            : messages.Any(message => message!["role"]?.GetValue<string>() is not ("user" or "assistant") && !(isOpenAI && message["role"]?.GetValue<string>() is "system" or "developer")) ? "messages: unexpected role"
            : messages.Any(message => message!["content"]?.GetValue<string>() is not { Length: > 0 }) ? "messages: text content blocks must be non-empty"
            : null;
        return problem is null ? null : Error(400, "invalid_request_error", problem);
    }
}

internal sealed record ChatExchange(string Method, string Path, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();

    /// <summary>All that the model reads.</summary>
    public string Prompt => string.Join('\n', Json["messages"]!.AsArray().Select(message => message!["content"]!.GetValue<string>()).Prepend(Json["system"]?.GetValue<string>() ?? ""));

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

internal sealed record ChatReply(int Status, JsonNode? Body = null)
{
    public string? Text { get; init; }

    public string ContentType { get; init; } = "application/json";

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Bytes after which the connection breaks.</summary>
    public int? CutsAfter { get; init; }

    public bool WaitsForEver { get; init; }

    public ChatReply RetryAfter(int seconds) => this with { Headers = [.. Headers, ("Retry-After", seconds.ToString(CultureInfo.InvariantCulture))] };
}
