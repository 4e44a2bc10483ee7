using System.Text.Json.Nodes;
using AtomicDevOps.FunctionsHost.Protocol;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.Primitives;

namespace AtomicDevOps.FunctionsHost;

/// <summary>Hands requests to the app's HTTP functions: the call over the channel, the request itself to the address that the worker named.</summary>
internal sealed class HttpFrontEnd : IDisposable
{
    private const string Prefix = "api/";
    private const string InvocationHeader = "x-ms-invocation-id";
    private const string KeyHeader = "x-functions-key";

    private readonly WorkerChannel _channel;
    private readonly Uri _worker;
    private readonly string _client;
    private readonly string? _key;
    private readonly IReadOnlyList<Route> _routes;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    /// <param name="worker">Where the worker takes requests.</param>
    /// <param name="client">What a durable client connects by.</param>
    /// <param name="key">What callers of functions with the level Function have to show; null for nothing.</param>
    public HttpFrontEnd(WorkerChannel channel, Uri worker, string client, string? key, IEnumerable<AppFunction> functions)
    {
        _channel = channel;
        _worker = worker;
        _client = client;
        _key = key;
        _routes = [.. functions.Where(static function => function.TriggerType is "httpTrigger").Select(static function => new Route(function))];
    }

    public async Task ServeAsync(HttpContext context)
    {
        var values = new RouteValueDictionary();
        var route = _routes.FirstOrDefault(route => route.Methods.Contains(context.Request.Method) && route.Matcher.TryMatch(context.Request.Path, values));
        if (route is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
        else if (route.NeedsKey && _key is not null && !IsShown(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        }
        else
        {
            await ForwardAsync(context, route.Function, values);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task ForwardAsync(HttpContext context, AppFunction function, RouteValueDictionary values)
    {
        var invocation = function.Invocation(new Data { Http = new Http() }, _client);
        foreach (var (name, value) in values)
        {
            invocation.TriggerMetadata[name] = new Data { Text = $"{value}" };
        }

        var invoked = _channel.InvokeAsync(invocation, context.RequestAborted);
        using var request = Copy(context.Request);
        request.Headers.Add(InvocationHeader, invocation.Id);
        using var response = await _http.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, value) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (!string.Equals(name, "Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.Headers[name] = new StringValues([.. value]);
            }
        }

        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        await invoked;
    }

    private HttpRequestMessage Copy(HttpRequest request)
    {
        var copy = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(_worker, $"{request.Path.ToUriComponent()}{request.QueryString}"));
        if (request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0)
        {
            copy.Content = new StreamContent(request.Body);
        }

        foreach (var (name, value) in request.Headers)
        {
            if (!copy.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value))
            {
                copy.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value);
            }
        }

        return copy;
    }

    private bool IsShown(HttpRequest request) =>
        string.Equals(request.Headers[KeyHeader], _key, StringComparison.Ordinal) || string.Equals(request.Query["code"], _key, StringComparison.Ordinal);

    private sealed record Route(AppFunction Function)
    {
        public TemplateMatcher Matcher { get; } =
            new(TemplateParser.Parse(Prefix + ((string?)Function.Trigger["route"] ?? Function.Name)), []);

        public HashSet<string> Methods { get; } =
            new(((JsonArray)Function.Trigger["methods"]!).Select(static method => (string)method!), StringComparer.OrdinalIgnoreCase);

        public bool NeedsKey => !string.Equals((string?)Function.Trigger["authLevel"], "Anonymous", StringComparison.OrdinalIgnoreCase);
    }
}
