using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tools.Logs;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;

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

    private const int Retries = 3;
    private const int MaxReasonLength = 300;
    private const HttpStatusCode Overloaded = (HttpStatusCode)529;
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromSeconds(1);

    private readonly IHttpClientFactory _clients;
    private readonly ChatModelOptions _options;
    private readonly ChatProtocol _protocol;
    private readonly SecretRedactor _redactor;
    private readonly TimeProvider _timeProvider;
    private readonly RateLimitGate _gate;
    private readonly ResiliencePipeline<Answer> _pipeline;

    public ChatModelTransport(IHttpClientFactory clients, IOptions<ChatModelOptions> options, SecretRedactor redactor, TimeProvider timeProvider)
    {
        _clients = clients;
        _options = options.Value;
        _protocol = ChatProtocol.For(_options.Provider);
        _redactor = redactor;
        _timeProvider = timeProvider;
        _gate = new RateLimitGate(timeProvider);
        _pipeline = new ResiliencePipelineBuilder<Answer> { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions<Answer>
            {
                ShouldHandle = new PredicateBuilder<Answer>()
                    .Handle<HttpRequestException>(exception => exception.HttpRequestError != HttpRequestError.ConfigurationLimitExceeded)
                    .HandleResult(answer => (int)answer.Status >= 500 && answer.RetryAfter is null),
                MaxRetryAttempts = Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstRetryDelay,
            })
            .Build();
    }

    public TimeSpan Pause => _gate.Remaining;

    /// <param name="body">Null to read.</param>
    /// <exception cref="ToolException">The endpoint refused, or what it said is not JSON.</exception>
    public async Task<JsonElement> SendAsync(string path, JsonObject? body, CancellationToken cancellationToken)
    {
        var uri = new Uri($"{_options.Address.AbsoluteUri.TrimEnd('/')}/{path}");
        var content = body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body);
        var waited = TimeSpan.Zero;
        while (true)
        {
            waited += await PassGateAsync(uri, waited, cancellationToken);
            var sentAt = _timeProvider.GetUtcNow();
            var answer = await ExchangeAsync(uri, content, cancellationToken);
            if ((int)answer.Status is >= 200 and < 300)
            {
                _gate.ReportServed(sentAt);
                return ReadJson(uri, answer);
            }

            var error = ReadError(answer);
            if (IsLimited(answer, error))
            {
                if (answer.RetryAfter is { } pause)
                {
                    _gate.Close(pause);
                }
                else
                {
                    _gate.CloseForUnknown(sentAt);
                }

                continue;
            }

            throw ToException(uri, answer, error);
        }
    }

    private async Task<TimeSpan> PassGateAsync(Uri uri, TimeSpan waited, CancellationToken cancellationToken)
    {
        var started = waited;
        while (_gate.Remaining is var pause && pause > TimeSpan.Zero)
        {
            waited += pause;
            if (waited > _options.ThrottleWait)
            {
                throw new ToolUnavailableException(
                    Tool, string.Create(CultureInfo.InvariantCulture, $"{uri.Host} limits requests; it may be asked again in {pause.TotalSeconds:0} s."))
                {
                    RetryAfter = pause,
                };
            }

            await Task.Delay(pause, _timeProvider, cancellationToken);
        }

        return waited - started;
    }

    private async Task<Answer> ExchangeAsync(Uri uri, byte[]? content, CancellationToken cancellationToken)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async token => await SendOnceAsync(uri, content, token), cancellationToken);
        }
        catch (OperationCanceledException exception) when (exception.InnerException is TimeoutException)
        {
            throw new ToolTimeoutException(
                Tool, $"{uri.Host} gave no whole answer within {_options.Timeout}; a smaller task, or a longer ChatModel:Timeout, would help.", exception);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new ToolException(Tool, $"{uri.Host} answered with more than {MaxAnswerBytes} bytes; that is no answer to what was asked.", exception);
        }
        catch (HttpRequestException exception)
        {
            throw new ToolUnavailableException(Tool, $"{uri.Host}:{uri.Port} cannot be reached or ends its answers halfway: {exception.Message}", exception);
        }
    }

    private async Task<Answer> SendOnceAsync(Uri uri, byte[]? content, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(content is null ? HttpMethod.Get : HttpMethod.Post, uri);
        message.Headers.Accept.ParseAdd("application/json");
        message.Headers.UserAgent.ParseAdd("AtomicDevOps");
        _protocol.Authorize(message.Headers, _options.ApiKey);
        if (content is not null)
        {
            message.Content = new ByteArrayContent(content);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using var response = await _clients.CreateClient(ClientName).SendAsync(message, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return new Answer(
            response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            await response.Content.ReadAsByteArrayAsync(cancellationToken),
            RetryAfter(response));
    }

    /// <summary>Waiting helps against these, unless it is money that has run out.</summary>
    private static bool IsLimited(Answer answer, ChatError error) =>
        !error.IsSpent && (answer.Status == HttpStatusCode.TooManyRequests || ((int)answer.Status >= 500 && answer.RetryAfter is not null));

    private static JsonElement ReadJson(Uri uri, Answer answer)
    {
        if (answer.MediaType is not "application/json")
        {
            throw new ToolException(
                Tool, $"{uri.Host} answered with {answer.MediaType ?? "content of no type"} where application/json was expected: is ChatModel:Endpoint right?");
        }

        try
        {
            return JsonElement.Parse(answer.Body);
        }
        catch (JsonException exception)
        {
            throw new ToolException(Tool, $"{uri.Host} answered with JSON that is broken ({exception.Message}).", exception);
        }
    }

    private static ChatError ReadError(Answer answer)
    {
        try
        {
            return ChatProtocol.ReadError(JsonElement.Parse(answer.Body));
        }
        catch (JsonException)
        {
            return new ChatError("", null, null);
        }
    }

    private ToolException ToException(Uri uri, Answer answer, ChatError error)
    {
        var said = new string([.. _redactor.Redact(error.Message).Take(MaxReasonLength).Select(character => char.IsControl(character) ? ' ' : character)]);
        var text = string.Create(CultureInfo.InvariantCulture, $"{uri.Host} answered with {(int)answer.Status}{(said.Length > 0 ? $": {said}" : "")}");
        return answer.Status switch
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

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => AtLeastASecond(delta),
        { Date: { } date } => AtLeastASecond(date - (response.Headers.Date ?? _timeProvider.GetUtcNow())),
        _ => null,
    };

    private static TimeSpan AtLeastASecond(TimeSpan pause) => pause < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : pause;

    private sealed record Answer(HttpStatusCode Status, string? MediaType, byte[] Body, TimeSpan? RetryAfter);
}
