using System.Globalization;
using Polly;

namespace AtomicDevOps.Activities.Tools.Http;

/// <param name="Tool">Who asks, for errors.</param>
/// <param name="ClientName">The name of its <see cref="HttpClient"/>.</param>
/// <param name="LimitWait">How long a request may wait for limits, all in all.</param>
internal sealed record HttpService(string Tool, string ClientName, TimeSpan LimitWait)
{
    public TimeSpan FirstRetryDelay { get; init; } = HttpRetry.UsualFirstDelay;

    /// <summary>How many requests may be under way at once; null where that is no matter.</summary>
    public SemaphoreSlim? Concurrency { get; init; }
}

/// <summary>
/// Carries requests to one service: short troubles are met with another try where that is safe, limits are waited for, and what never came
/// through is a clear error. What an answer means is for the call.
/// </summary>
internal sealed class HttpTransport(HttpService service, IHttpClientFactory clients, TimeProvider timeProvider)
{
    private readonly RateLimitGate _gate = new(timeProvider);
    private readonly ResiliencePipeline<HttpResponseMessage> _always =
        HttpRetry.Create(timeProvider, Troubles().Handle<TimeoutException>(), service.FirstRetryDelay);

    private readonly ResiliencePipeline<HttpResponseMessage> _unlessLate = HttpRetry.Create(timeProvider, Troubles(), service.FirstRetryDelay);
    private readonly ResiliencePipeline<HttpResponseMessage> _never = HttpRetry.Create(
        timeProvider, new PredicateBuilder<HttpResponseMessage>().Handle<HttpRequestException>(HttpRetry.WasNeverSent), service.FirstRetryDelay);

    /// <summary>How long the service wants to be left alone; zero when it may be asked.</summary>
    public TimeSpan Pause => _gate.Remaining;

    /// <returns>The answer that the call took; the caller disposes of it.</returns>
    /// <exception cref="ToolUnavailableException">
    /// The service cannot be reached, gives no answer in time (the inner exception is a <see cref="TimeoutException"/>), or wants to be left alone for
    /// longer than may be waited.
    /// </exception>
    /// <exception cref="ToolException">The answer is larger than the client takes, or the call's own verdict.</exception>
    public async Task<HttpResponseMessage> SendAsync(IHttpCall call, CancellationToken cancellationToken)
    {
        var waited = TimeSpan.Zero;
        while (true)
        {
            waited = await _gate.PassAsync(service.Tool, call.Name, waited, service.LimitWait, cancellationToken);
            await call.PrepareAsync(cancellationToken);
            HttpResponseMessage response;
            DateTimeOffset sentAt;
            await (service.Concurrency?.WaitAsync(cancellationToken) ?? Task.CompletedTask);
            try
            {
                waited = await _gate.PassAsync(service.Tool, call.Name, waited, service.LimitWait, cancellationToken);
                sentAt = timeProvider.GetUtcNow();
                response = await ExchangeAsync(call, cancellationToken);
            }
            finally
            {
                service.Concurrency?.Release();
            }

            var isTaken = false;
            try
            {
                var verdict = await call.JudgeAsync(response, cancellationToken);
                if (verdict is { Meaning: AnswerMeaning.Limited, Pause: null })
                {
                    _gate.CloseForUnknown(sentAt);
                }
                else if (verdict.Pause is { } pause)
                {
                    _gate.Close(pause);
                }

                switch (verdict.Meaning)
                {
                    case AnswerMeaning.Taken:
                        _gate.ReportServed(sentAt);
                        isTaken = true;
                        return response;
                    case AnswerMeaning.Refused:
                        throw verdict.Failure!;
                }
            }
            finally
            {
                if (!isTaken)
                {
                    response.Dispose();
                }
            }
        }
    }

    private static PredicateBuilder<HttpResponseMessage> Troubles() => new PredicateBuilder<HttpResponseMessage>()
        .Handle<HttpRequestException>(static exception => exception.HttpRequestError != HttpRequestError.ConfigurationLimitExceeded)
        .HandleResult(static response => (int)response.StatusCode >= 500 && response.Headers.RetryAfter is null);

    private async Task<HttpResponseMessage> ExchangeAsync(IHttpCall call, CancellationToken cancellationToken)
    {
        var client = clients.CreateClient(service.ClientName);
        var pipeline = call.Repetition switch
        {
            Repetition.Always => _always,
            Repetition.UnlessLate => _unlessLate,
            _ => _never,
        };
        try
        {
            return await pipeline.ExecuteAsync(
                async attemptToken =>
                {
                    using var message = call.CreateMessage();
                    message.Headers.UserAgent.ParseAdd("AtomicDevOps");
                    try
                    {
                        return await client.SendAsync(message, call.Completion, attemptToken);
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
            throw new ToolUnavailableException(service.Tool, $"{call.Name} got no answer in time from {call.Address.Authority}.", exception);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new ToolException(
                service.Tool,
                string.Create(CultureInfo.InvariantCulture, $"{call.Name} was answered with more than this client takes, which is {client.MaxResponseContentBufferSize} bytes."),
                exception);
        }
        catch (HttpRequestException exception)
        {
            throw new ToolUnavailableException(
                service.Tool, $"{call.Name}: {call.Address.Authority} cannot be reached, or broke off: {exception.Message}", exception);
        }
    }
}
