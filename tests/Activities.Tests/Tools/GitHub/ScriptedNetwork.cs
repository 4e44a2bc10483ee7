using System.Net;
using System.Text;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

/// <summary>Answers each request as the test says, and keeps what was asked.</summary>
internal sealed class ScriptedNetwork(Func<SentRequest, HttpResponseMessage> answer) : HttpMessageHandler
{
    private readonly Lock _lock = new();
    private readonly List<SentRequest> _requests = [];

    public IReadOnlyList<SentRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    public static HttpResponseMessage Json(string json, HttpStatusCode status = HttpStatusCode.OK, params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
        {
            response.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        SentRequest sent;
        lock (_lock)
        {
            sent = new SentRequest(
                _requests.Count,
                request.Method.Method,
                request.RequestUri!,
                body,
                request.Headers.ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
            _requests.Add(sent);
        }

        var response = answer(sent);
        response.RequestMessage = request;
        return response;
    }
}

internal sealed record SentRequest(int Index, string Method, Uri Uri, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.TryGetValue(name, out var value) ? value : null;
}
