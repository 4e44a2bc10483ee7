using System.Net.Http.Headers;

namespace AtomicDevOps.Activities.Tools.Http;

/// <summary>The header by which a service asks to be left alone: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after.</summary>
internal static class RetryAfter
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    /// <returns>A second at least; null where the answer does not say.</returns>
    public static TimeSpan? Read(HttpResponseMessage response, TimeProvider timeProvider) =>
        Read(response.Headers.RetryAfter, response.Headers.Date, timeProvider);

    /// <param name="serverTime">The answer's own time: the server's clock may differ from this one.</param>
    /// <returns>A second at least; null where the answer does not say.</returns>
    public static TimeSpan? Read(RetryConditionHeaderValue? header, DateTimeOffset? serverTime, TimeProvider timeProvider) => header switch
    {
        { Delta: { } delta } => AtLeastASecond(delta),
        { Date: { } date } => AtLeastASecond(date - (serverTime ?? timeProvider.GetUtcNow())),
        _ => null,
    };

    public static TimeSpan AtLeastASecond(TimeSpan pause) => pause < Shortest ? Shortest : pause;
}
