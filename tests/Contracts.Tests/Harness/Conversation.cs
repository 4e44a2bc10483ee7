using System.Text.RegularExpressions;

namespace AtomicDevOps.Contracts.Tests.Harness;

/// <summary>Requests with their answers, in order.</summary>
internal sealed partial class Conversation(IPlatformUnderTest platform)
{
    private readonly List<JsonText> _exchanges = [];

    public Task GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task PostAsync(string path, string body, params IEnumerable<(string Name, string Value)> headers) => SendAsync(HttpMethod.Post, path, body, headers);

    public Task DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    public void ShouldBeGolden(string name) => JsonText.Array(_exchanges).ShouldBeGolden(name);

    /// <summary>Each request has its own.</summary>
    [GeneratedRegex("\"traceId\":\"[^\"]+\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex TraceId();

    private async Task SendAsync(HttpMethod method, string path, string? body = null, params IEnumerable<(string Name, string Value)> headers)
    {
        const int LongestShown = 1_000;
        using var response = await platform.SendAsync(method, path, body, headers);
        var type = response.Content.Headers.ContentType?.ToString();
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        _exchanges.Add(JsonText.Object(
            ("request", JsonText.Of($"{method} {path}")),
            ("body", body switch
            {
                null => (JsonText?)null,
                { Length: > LongestShown } => JsonText.Of($"{body.Length} characters"),
                _ => JsonText.Of(body),
            }),
            ("status", JsonText.Of((int)response.StatusCode)),
            ("location", response.Headers.Location is { } location ? JsonText.Of(location.ToString()) : null),
            ("contentType", type is null ? null : JsonText.Of(type)),
            ("answer", type?.Contains("json", StringComparison.Ordinal) is true ? new JsonText(TraceId().Replace(answer, "\"traceId\":\"TRACE\"")) : JsonText.Of(answer))));
    }
}
