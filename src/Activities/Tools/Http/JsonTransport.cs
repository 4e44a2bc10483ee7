using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

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

    private readonly HttpTransport _transport = new(new HttpService(tool, clientName, rateLimitWait), clients, timeProvider);

    /// <summary>How long the service wants to be left alone; zero when it may be asked.</summary>
    public TimeSpan Pause => _transport.Pause;

    public static void AddClient(IServiceCollection services, string clientName, Func<IServiceProvider, TimeSpan> timeout) =>
        services.AddServiceClient(clientName, timeout, MaxAnswerBytes).RemoveAllLoggers();

    /// <returns>The answer, whatever its status, but no limit and no trouble of the service.</returns>
    /// <exception cref="ToolUnavailableException">It cannot be reached, is in trouble, or wants to be left alone for longer than may be waited.</exception>
    /// <exception cref="ToolException">The answer is too large, or says of itself that it is well and is no JSON.</exception>
    public async Task<JsonAnswer> SendAsync(JsonRequest request, CancellationToken cancellationToken)
    {
        using var response = await _transport.SendAsync(new JsonCall(tool, request, timeProvider), cancellationToken);
        return new JsonAnswer(response.StatusCode, Parse(request, response, await response.Content.ReadAsByteArrayAsync(cancellationToken)));
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

    private sealed class JsonCall(string tool, JsonRequest request, TimeProvider timeProvider) : IHttpCall
    {
        public string Name => request.Name;

        public Uri Address => request.Address;

        public Repetition Repetition => request.IsRepeatable ? Repetition.Always : Repetition.Never;

        public HttpRequestMessage CreateMessage()
        {
            var message = new HttpRequestMessage(request.Method, request.Address);
            message.Headers.Accept.ParseAdd(request.Accept);
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

        public Task<AnswerVerdict> JudgeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
        {
            var pause = RetryAfter.Read(response, timeProvider);
            return Task.FromResult(response.StatusCode switch
            {
                HttpStatusCode.TooManyRequests => AnswerVerdict.Limited(pause),
                HttpStatusCode.ServiceUnavailable when pause is not null => AnswerVerdict.Limited(pause),
                >= HttpStatusCode.InternalServerError when !IsJsonContent(response) => AnswerVerdict.Refused(new ToolUnavailableException(
                    tool, string.Create(CultureInfo.InvariantCulture, $"{request} was answered with {(int)response.StatusCode} {response.ReasonPhrase}."))),
                _ => AnswerVerdict.Taken,
            });
        }
    }
}
