using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>Decides by its key whether a request may pass.</summary>
internal sealed class AuthorizationGate(KeyStore keys, FunctionHostOptions options)
{
    public bool MayCall(HttpContext request, AuthorizationLevel level, string functionName) => level switch
    {
        AuthorizationLevel.Anonymous => true,
        AuthorizationLevel.Function => MayPass(request, key => keys.OpensFunction(key, functionName)),
        AuthorizationLevel.System => MayManage(request),
        _ => MayPass(request, keys.OpensAdmin),
    };

    public bool MayManage(HttpContext request) => MayPass(request, keys.OpensSystem);

    private bool MayPass(HttpContext context, Func<string, bool> opens)
    {
        // As in the Functions host, the header goes before the query.
        var shown = context.Request.Headers.TryGetValue("x-functions-key", out var header)
            ? header.ToString()
            : context.Request.Query["code"].ToString();
        return shown.Length > 0 ? opens(shown) : options.AllowAnonymousLoopback && ComesFromThisMachine(context);
    }

    /// <summary>
    /// A loopback peer alone proves little: a page in this machine's browser reaches loopback by a rebound name or a cross-site
    /// request, and a reverse proxy passes strangers on.
    /// </summary>
    private static bool ComesFromThisMachine(HttpContext context)
    {
        var request = context.Request;
        return context.Connection.RemoteIpAddress is { } peer
            && IPAddress.IsLoopback(peer)
            && IsLoopbackHost(request.Host.Host)
            && !request.Headers.ContainsKey("X-Forwarded-For")
            && !request.Headers.ContainsKey("Forwarded")
            && IsOwnOrigin(request);
    }

    private static bool IsOwnOrigin(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0 && site is not ("same-origin" or "none"))
        {
            return false;
        }

        var origin = request.Headers[HeaderNames.Origin].ToString();
        return origin.Length == 0
            || (Uri.TryCreate(origin, UriKind.Absolute, out var address)
                && string.Equals(address.Authority, new Uri($"{request.Scheme}://{request.Host}").Authority, StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsLoopbackHost(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
