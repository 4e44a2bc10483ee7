using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tools.Http;
using AtomicDevOps.Activities.Tools.Logs;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.ChatModel;

/// <summary>
/// Carries requests to the endpoint: the key, limits kept, short troubles retried, answers bounded, and refusals made clear errors.
/// A request that got no answer in time is not sent again: the endpoint may still be at work on it, and every one is paid for.
/// </summary>
internal sealed class ChatModelTransport
{
    public const string Tool = "chat model";
    public const string ClientName = "ChatModel";

    /// <summary>Many times what 65,536 tokens take; more is held in memory for nobody.</summary>
    public const int MaxAnswerBytes = 4 * 1024 * 1024;

    private const int MaxReasonLength = 300;
    private const HttpStatusCode Overloaded = (HttpStatusCode)529;

    private readonly ChatModelOptions _options;
    private readonly ChatProtocol _protocol;
    private readonly SecretRedactor _redactor;
    private readonly TimeProvider _timeProvider;
    private readonly HttpTransport _transport;

    public ChatModelTransport(IHttpClientFactory clients, IOptions<ChatModelOptions> options, SecretRedactor redactor, TimeProvider timeProvider)
    {
        _options = options.Value;
        _protocol = ChatProtocol.For(_options.Provider);
        _redactor = redactor;
        _timeProvider = timeProvider;
        _transport = new HttpTransport(
            new HttpService(Tool, ClientName, _options.ThrottleWait) { FirstRetryDelay = TimeSpan.FromSeconds(1) }, clients, timeProvider);
    }

    public TimeSpan Pause => _transport.Pause;

    /// <param name="body">Null to read.</param>
    /// <exception cref="ToolException">The endpoint refused, or what it said is not JSON.</exception>
    public async Task<JsonElement> SendAsync(string path, JsonObject? body, CancellationToken cancellationToken)
    {
        var uri = new Uri($"{_options.Address.AbsoluteUri.TrimEnd('/')}/{path}");
        try
        {
            using var response = await _transport.SendAsync(
                new Call(this, uri, path, body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body)), cancellationToken);
            return ReadJson(uri, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }
        catch (ToolUnavailableException exception) when (exception.InnerException is TimeoutException)
        {
            throw new ToolTimeoutException(
                Tool, $"{uri.Host} gave no whole answer within {_options.Timeout}; a smaller task, or a longer ChatModel:Timeout, would help.", exception);
        }
    }

    /// <summary>Waiting helps against these, unless it is money that has run out.</summary>
    private static bool IsLimited(HttpStatusCode status, TimeSpan? retryAfter, ChatError error) =>
        !error.IsSpent && (status == HttpStatusCode.TooManyRequests || ((int)status >= 500 && retryAfter is not null));

    private static JsonElement ReadJson(Uri uri, string? mediaType, byte[] body)
    {
        if (mediaType is not "application/json")
        {
            throw new ToolException(
                Tool, $"{uri.Host} answered with {mediaType ?? "content of no type"} where application/json was expected: is ChatModel:Endpoint right?");
        }

        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException exception)
        {
            throw new ToolException(Tool, $"{uri.Host} answered with JSON that is broken ({exception.Message}).", exception);
        }
    }

    private static ChatError ReadError(byte[] body)
    {
        try
        {
            return ChatProtocol.ReadError(JsonElement.Parse(body));
        }
        catch (JsonException)
        {
            return new ChatError("", null, null);
        }
    }

    private ToolException ToException(Uri uri, HttpStatusCode status, ChatError error)
    {
        var said = new string([.. _redactor.Redact(error.Message).Take(MaxReasonLength).Select(character => char.IsControl(character) ? ' ' : character)]);
        var text = string.Create(CultureInfo.InvariantCulture, $"{uri.Host} answered with {(int)status}{(said.Length > 0 ? $": {said}" : "")}");
        return status switch
        {
            _ when error.IsSpent => new ToolException(Tool, $"{text}. The account's quota or spending limit is used up."),
            HttpStatusCode.Unauthorized => new ToolException(Tool, $"{text}. ChatModel:ApiKey is missing, wrong or revoked."),
            HttpStatusCode.Forbidden => new ToolException(Tool, $"{text}. The key may not use this model: check ChatModel:ApiKey and ChatModel:Model."),
            HttpStatusCode.NotFound => new ToolNotFoundException(Tool, $"{text}. Check ChatModel:Endpoint and ChatModel:Model."),
            HttpStatusCode.BadRequest when error.Message.Contains("temperature", StringComparison.OrdinalIgnoreCase) =>
                new ToolException(Tool, $"{text}. The model takes no temperature: set ChatModel:Temperature to nothing."),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest =>
                new ToolException(Tool, $"{text}. It leads elsewhere, which is not followed: ChatModel:Endpoint has to be the address itself."),
            Overloaded or >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout => new ToolUnavailableException(Tool, $"{text}."),
            _ => new ToolException(Tool, $"{text}."),
        };
    }

    private sealed class Call(ChatModelTransport transport, Uri address, string path, byte[]? content) : IHttpCall
    {
        public string Name => $"{Method} {path}";

        public Uri Address => address;

        public Repetition Repetition => Repetition.UnlessLate;

        private HttpMethod Method => content is null ? HttpMethod.Get : HttpMethod.Post;

        public HttpRequestMessage CreateMessage()
        {
            var message = new HttpRequestMessage(Method, address);
            message.Headers.Accept.ParseAdd("application/json");
            transport._protocol.Authorize(message.Headers, transport._options.ApiKey);
            if (content is not null)
            {
                message.Content = new ByteArrayContent(content);
                message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }

            return message;
        }

        public async Task<AnswerVerdict> JudgeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
        {
            if (response.IsSuccessStatusCode)
            {
                return AnswerVerdict.Taken;
            }

            var error = ReadError(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            var retryAfter = RetryAfter.Read(response, transport._timeProvider);
            return IsLimited(response.StatusCode, retryAfter, error)
                ? AnswerVerdict.Limited(retryAfter)
                : AnswerVerdict.Refused(transport.ToException(address, response.StatusCode, error));
        }
    }
}
