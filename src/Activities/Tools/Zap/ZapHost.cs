namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>A ZAP that was started for one scan, at a place that only its handler reaches.</summary>
/// <param name="Address">Where its API listens, as seen from that place.</param>
/// <param name="ApiKey">Its <c>api.key</c>.</param>
/// <param name="Handler">Carries requests to that place.</param>
public sealed record ZapHost(Uri Address, string ApiKey, HttpMessageHandler Handler);

internal sealed class ZapHostClients(ZapHost host, TimeSpan timeout) : IHttpClientFactory
{
    public HttpClient CreateClient(string name) => new(host.Handler, disposeHandler: false) { Timeout = timeout };
}
