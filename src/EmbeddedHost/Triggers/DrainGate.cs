using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>While the host stops it goes on answering questions (GET, HEAD, OPTIONS), and refuses everything else as new work.</summary>
internal sealed partial class DrainGate(
    IHostApplicationLifetime lifetime, DurableTaskEngine engine, FunctionHostOptions options, ILogger<DrainGate> logger)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next) => IsStopping && !IsQuestion(context.Request.Method) ? RefuseAsync(context) : next(context);

    private static bool IsQuestion(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <summary>A signal stops the application before the engine; whoever stops the host itself, the other way round.</summary>
    private bool IsStopping => engine.IsDraining || lifetime.ApplicationStopping.IsCancellationRequested;

    private Task RefuseAsync(HttpContext context)
    {
        if (context.GetEndpoint() is { } endpoint)
        {
            LogRefused(logger, endpoint.DisplayName);
        }

        context.Response.Headers.RetryAfter = Math.Max(1, (int)options.DrainTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.Connection = "close";
        return Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The host is stopping and takes no new work. Try again.");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A call of {Endpoint} was answered 503, for the host stops: nothing of it is stored, and whoever called has to call again")]
    private static partial void LogRefused(ILogger logger, string? endpoint);
}
