using System.Globalization;
using System.Net.Http.Headers;
using AtomicDevOps.Activities.Tools.Http;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Polly;

namespace AtomicDevOps.Activities.Tools.AzureClients;

/// <summary>
/// The one place where requests to Azure are tried again; it stands in for the pipeline's own. Short troubles are tried again within
/// seconds. A limit holds all requests of its kind back until the time that Azure named, and beyond the longest wait allowed the request
/// gives up, so that an orchestration can wait durably.
/// </summary>
internal sealed class AzureRetryPolicy : HttpPipelinePolicy
{
    private const string OnceProperty = "AtomicDevOps.SendOnce";
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(800);

    private readonly string _tool;
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _throttleWait;
    private readonly ResiliencePipeline<Response> _repeatable;
    private readonly ResiliencePipeline<Response> _once;
    private readonly RateLimitGate _reads;
    private readonly RateLimitGate _writes;
    private readonly RateLimitGate _deletes;
    private long _remainingReads = -1;

    /// <param name="tool">Who asks, for errors.</param>
    /// <param name="throttleWait">How long a request may wait for a limit.</param>
    public AzureRetryPolicy(string tool, TimeProvider timeProvider, TimeSpan throttleWait)
    {
        _tool = tool;
        _timeProvider = timeProvider;
        _throttleWait = throttleWait;
        _reads = new RateLimitGate(timeProvider);
        _writes = new RateLimitGate(timeProvider);
        _deletes = new RateLimitGate(timeProvider);
        var troubles = new PredicateBuilder<Response>()
            .Handle<RequestFailedException>(exception => exception.Status == 0)
            .Handle<AzureTimeoutException>()
            .Handle<IOException>()
            .HandleResult(response => response.Status is 408 or >= 500 && !IsLimit(response));
        _repeatable = HttpRetry.Create(timeProvider, troubles, FirstRetryDelay);
        _once = HttpRetry.Create(timeProvider, new PredicateBuilder<Response>().Handle<RequestFailedException>(WasNeverSent), FirstRetryDelay);
    }

    /// <summary>How long Azure wants to be left alone with one kind of request or another; zero when it may be asked for everything.</summary>
    public TimeSpan Pause => new[] { _reads.Remaining, _writes.Remaining, _deletes.Remaining }.Max();

    /// <summary>How many requests that read were left at the last answer that told.</summary>
    public long? RemainingReads => Interlocked.Read(ref _remainingReads) is >= 0 and var left ? left : null;

    /// <summary>Marks a request that does something anew each time that it is sent.</summary>
    public static void SendOnce(HttpMessage message) => message.SetProperty(OnceProperty, true);

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("Azure is called asynchronously only.");

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        var gate = GateOf(message.Request.Method);
        var strategy = message.TryGetProperty(OnceProperty, out _) ? _once : _repeatable;
        var waited = TimeSpan.Zero;
        while (true)
        {
            waited = await gate.PassAsync(
                _tool, $"{message.Request.Method} {message.Request.Uri.Path}", waited, _throttleWait, message.CancellationToken);
            var sentAt = _timeProvider.GetUtcNow();
            var response = await strategy.ExecuteAsync(_ => SendAsync(message, pipeline), message.CancellationToken);
            ReadLimits(response);
            if (!IsLimit(response))
            {
                gate.ReportServed(sentAt);
                return;
            }

            if (ReadRetryAfter(response, _timeProvider) is { } pause)
            {
                gate.Close(pause);
            }
            else
            {
                gate.CloseForUnknown(sentAt);
            }

            response.Dispose();
        }
    }

    /// <summary>How long an answer asks to be left alone, a second at least; nothing where it does not say.</summary>
    public static TimeSpan? ReadRetryAfter(Response response, TimeProvider timeProvider) =>
        response.Headers.TryGetValue("Retry-After", out var value) && RetryConditionHeaderValue.TryParse(value, out var header)
            ? RetryAfter.Read(header, response.Headers.Date, timeProvider)
            : null;

    private static async ValueTask<Response> SendAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        try
        {
            await ProcessNextAsync(message, pipeline);
            return message.Response;
        }
        catch (OperationCanceledException exception) when (!message.CancellationToken.IsCancellationRequested)
        {
            throw new AzureTimeoutException(exception.Message, exception);
        }
    }

    private RateLimitGate GateOf(RequestMethod method) =>
        method == RequestMethod.Get || method == RequestMethod.Head ? _reads
        : method == RequestMethod.Delete ? _deletes
        : _writes;

    private void ReadLimits(Response response)
    {
        if (response.Headers.TryGetValue("x-ms-ratelimit-remaining-subscription-reads", out var text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var left))
        {
            Interlocked.Exchange(ref _remainingReads, left);
        }
    }

    private static bool IsLimit(Response response) => response.Status is 429 || (response.Status is 503 && response.Headers.Contains("Retry-After"));

    private static bool WasNeverSent(RequestFailedException exception) =>
        exception is { Status: 0, InnerException: HttpRequestException failure } && HttpRetry.WasNeverSent(failure);
}

/// <summary>One exchange took longer than it may.</summary>
internal sealed class AzureTimeoutException(string message, Exception innerException) : Exception(message, innerException);
