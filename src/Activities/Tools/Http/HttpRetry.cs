using Polly;
using Polly.Retry;

namespace AtomicDevOps.Activities.Tools.Http;

/// <summary>How short troubles of services are met: three more tries within seconds. Limits are for <see cref="RateLimitGate"/>.</summary>
internal static class HttpRetry
{
    public static readonly TimeSpan UsualFirstDelay = TimeSpan.FromMilliseconds(500);

    private const int Retries = 3;

    public static ResiliencePipeline<TResponse> Create<TResponse>(TimeProvider timeProvider, PredicateBuilder<TResponse> shouldHandle, TimeSpan firstDelay) =>
        new ResiliencePipelineBuilder<TResponse> { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions<TResponse>
            {
                ShouldHandle = shouldHandle,
                MaxRetryAttempts = Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = firstDelay,
            })
            .Build();

    /// <summary>Whether the service cannot have seen the request, so that sending it again does no harm.</summary>
    public static bool WasNeverSent(HttpRequestException exception) => exception.HttpRequestError
        is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
}
