using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Activities.Tools.Http;

internal static class HttpServiceCollectionExtensions
{
    /// <summary>The <see cref="HttpClient"/> of one service: it follows no redirects and keeps no cookies, since tokens go with its requests.</summary>
    /// <param name="timeout">How long one exchange may take.</param>
    /// <param name="maxAnswerBytes">The largest answer that is held in memory.</param>
    public static IHttpClientBuilder AddServiceClient(
        this IServiceCollection services, string name, Func<IServiceProvider, TimeSpan> timeout, long maxAnswerBytes = int.MaxValue) => services
        .AddHttpClient(name)
        .ConfigureHttpClient((provider, client) =>
        {
            client.Timeout = timeout(provider);
            client.MaxResponseContentBufferSize = maxAnswerBytes;
        })
        .ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
}
