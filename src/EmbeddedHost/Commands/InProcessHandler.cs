using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>Hands requests to a request pipeline in this process, without a network.</summary>
internal sealed class InProcessHandler(RequestDelegate pipeline, IServiceProvider services) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        await using var scope = services.CreateAsyncScope();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider, RequestAborted = cancellationToken };
        var address = request.RequestUri!;
        context.Request.Method = request.Method.Method;
        context.Request.Scheme = address.Scheme;
        context.Request.Host = HostString.FromUriComponent(address);
        context.Request.Path = PathString.FromUriComponent(address.AbsolutePath);
        context.Request.QueryString = QueryString.FromUriComponent(address);
        foreach (var (name, values) in request.Headers.Concat(request.Content?.Headers.AsEnumerable() ?? []))
        {
            context.Request.Headers[name] = values.ToArray();
        }

        if (request.Content is { } content)
        {
            context.Request.Body = await content.ReadAsStreamAsync(cancellationToken);
        }

        var body = new MemoryStream();
        context.Response.Body = body;
        await pipeline(context);
        await context.Response.CompleteAsync();
        return Response(context, body, request);
    }

    private static HttpResponseMessage Response(HttpContext context, MemoryStream body, HttpRequestMessage request)
    {
        body.Position = 0;
        var response = new HttpResponseMessage((System.Net.HttpStatusCode)context.Response.StatusCode)
        {
            RequestMessage = request,
            Content = new StreamContent(body),
        };
        foreach (var (name, values) in context.Response.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                response.Content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        return response;
    }
}
