using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Polly;
using Polly.Retry;

namespace AtomicDevOps.Activities.Tools.Http;

/// <summary>
/// Carries requests to one service that answers in JSON: short troubles are retried where that is safe, limits are waited for, redirects are not
/// followed, and what never came through is a <see cref="ToolUnavailableException"/>. What a refusal means is for the client of the service.
/// </summary>
/// <param name="clientName">The name of its <see cref="HttpClient"/>.</param>
/// <param name="rateLimitWait">How long a request may wait for limits.</param>
internal sealed class JsonTransport(string tool, string clientName, IHttpClientFactory clients, TimeProvider timeProvider, TimeSpan rateLimitWait)
{
    private const long MaxAnswerBytes = 64 * 1024 * 1024;
    private const int Retries = 3;
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly RateLimitGate _gate = new(timeProvider);
    private readonly ResiliencePipeline<HttpResponseMessage> _repeatable = CreatePipeline(timeProvider, new PredicateBuilder<HttpResponseMessage>()
        .Handle<HttpRequestException>(exception => exception.HttpRequestError != HttpRequestError.ConfigurationLimitExceeded)
        .Handle<TimeoutException>()
        .HandleResult(response => (int)response.StatusCode >= 500 && response.Headers.RetryAfter is null));

    private readonly ResiliencePipeline<HttpResponseMessage> _once = CreatePipeline(timeProvider, new PredicateBuilder<HttpResponseMessage>()
        .Handle<HttpRequestException>(exception => exception.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError));

    /// <summary>How long the service wants to be left alone; zero when it may be asked.</summary>
    public TimeSpan Pause => _gate.Remaining;

    public static void AddClient(IServiceCollection services, string clientName, Func<IServiceProvider, TimeSpan> timeout) =>
        services.AddHttpClient(clientName)
            .ConfigureHttpClient((provider, client) =>
            {
                client.Timeout = timeout(provider);
                client.MaxResponseContentBufferSize = MaxAnswerBytes;
            })
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.All,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            })
            .RemoveAllLoggers()
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);

    /// <returns>The answer, whatever its status, but no limit and no trouble of the service.</returns>
    /// <exception cref="ToolUnavailableException">It cannot be reached, is in trouble, or wants to be left alone for longer than may be waited.</exception>
    /// <exception cref="ToolException">The answer is too large, or says of itself that it is well and is no JSON.</exception>
    public async Task<JsonAnswer> SendAsync(JsonRequest request, CancellationToken cancellationToken)
    {
        var waited = TimeSpan.Zero;
        while (true)
        {
            waited = await PassGateAsync(request, waited, cancellationToken);
            var sentAt = timeProvider.GetUtcNow();
            using var response = await ExchangeAsync(request, cancellationToken);
            var retryAfter = RetryAfter(response);
            if (response.StatusCode == HttpStatusCode.TooManyRequests
                || (response.StatusCode == HttpStatusCode.ServiceUnavailable && retryAfter is not null))
            {
                if (retryAfter is { } pause)
                {
                    _gate.Close(pause);
                }
                else
                {
                    _gate.CloseForUnknown(sentAt);
                }

                continue;
            }

            if ((int)response.StatusCode >= 500 && !IsJsonContent(response))
            {
                throw new ToolUnavailableException(
                    tool, string.Create(CultureInfo.InvariantCulture, $"{request} was answered with {(int)response.StatusCode} {response.ReasonPhrase}."));
            }

            _gate.ReportServed(sentAt);
            return new JsonAnswer(response.StatusCode, Parse(request, response, await response.Content.ReadAsByteArrayAsync(cancellationToken)));
        }
    }

    private static ResiliencePipeline<HttpResponseMessage> CreatePipeline(TimeProvider timeProvider, PredicateBuilder<HttpResponseMessage> shouldHandle) =>
        new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = shouldHandle,
                MaxRetryAttempts = Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstRetryDelay,
            })
            .Build();

    private async Task<TimeSpan> PassGateAsync(JsonRequest request, TimeSpan waited, CancellationToken cancellationToken)
    {
        while (_gate.Remaining is var pause && pause > TimeSpan.Zero)
        {
            waited += pause;
            if (waited > rateLimitWait)
            {
                throw new ToolUnavailableException(
                    tool, string.Create(CultureInfo.InvariantCulture, $"{request} has to wait for the rate limit for another {pause.TotalSeconds:0} s."))
                {
                    RetryAfter = pause,
                };
            }

            await Task.Delay(pause, timeProvider, cancellationToken);
        }

        return waited;
    }

    private async Task<HttpResponseMessage> ExchangeAsync(JsonRequest request, CancellationToken cancellationToken)
    {
        var host = request.Address.Authority;
        try
        {
            return await (request.IsRepeatable ? _repeatable : _once).ExecuteAsync(
                async attemptToken =>
                {
                    using var message = CreateMessage(request);
                    var client = clients.CreateClient(clientName);
                    try
                    {
                        return await client.SendAsync(message, attemptToken);
                    }
                    catch (OperationCanceledException exception) when (exception.InnerException is TimeoutException)
                    {
                        throw new TimeoutException($"No answer within {client.Timeout}.", exception);
                    }
                },
                cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new ToolUnavailableException(tool, $"{request} got no answer in time from {host}.", exception);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new ToolException(tool, $"{request} was answered with more than this client takes.", exception);
        }
        catch (HttpRequestException exception)
        {
            throw new ToolUnavailableException(tool, $"{request}: {host} cannot be reached, or broke off: {exception.Message}", exception);
        }
    }

    private static HttpRequestMessage CreateMessage(JsonRequest request)
    {
        var message = new HttpRequestMessage(request.Method, request.Address);
        message.Headers.Accept.ParseAdd(request.Accept);
        message.Headers.UserAgent.ParseAdd("AtomicDevOps");
        foreach (var (name, value) in request.Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        if (request.Body is { } body)
        {
            message.Content = new ReadOnlyMemoryContent(body.Bytes);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(body.MediaType);
        }

        return message;
    }

    private JsonElement Parse(JsonRequest request, HttpResponseMessage response, byte[] body)
    {
        if (!response.IsSuccessStatusCode && !IsJsonContent(response))
        {
            return default;
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            return response.IsSuccessStatusCode
                ? throw new ToolException(tool, $"{request} was answered with something that is no JSON, or a part of it ({exception.Message}).", exception)
                : default;
        }
    }

    private static bool IsJsonContent(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType is { } type && type.EndsWith("json", StringComparison.OrdinalIgnoreCase);

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => AtLeastASecond(delta),
        { Date: { } date } => AtLeastASecond(date - (response.Headers.Date ?? timeProvider.GetUtcNow())),
        _ => null,
    };

    private static TimeSpan AtLeastASecond(TimeSpan pause) => pause < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : pause;
}
