using System.Globalization;
using AtomicDevOps.LocalForge.Api.Http;

namespace AtomicDevOps.LocalForge.Faults;

/// <summary>Lets the faults in force loose on requests.</summary>
internal sealed class FaultMiddleware(RequestDelegate next, Forge forge)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (http.Request.Path.StartsWithSegments(Administration.AdministrationEndpoints.Prefix, StringComparison.Ordinal)
            || forge.Faults.Next(http.Request.Method, http.Request.Path + http.Request.QueryString) is not { } active)
        {
            await next(http);
            return;
        }

        var fault = active.Fault;
        if (fault.Kind is not (FaultKind.LoseAnswer or FaultKind.HoldAnswer))
        {
            active.Strike();
        }

        switch (fault.Kind)
        {
            case FaultKind.Drop:
                http.Abort();
                break;
            case FaultKind.Slow:
                await WaitAsync(active, http.RequestAborted);
                await next(http);
                break;
            case FaultKind.LoseAnswer:
                await RunWithoutAnswerAsync(http, active);
                break;
            case FaultKind.HoldAnswer:
                await RunAndHoldAnswerAsync(http, active);
                break;
            case FaultKind.PrimaryRateLimit:
                var reset = forge.Options.TimeProvider.GetUtcNow() + fault.Delay;
                http.Response.Headers["x-ratelimit-limit"] = forge.Options.RateLimit.ToString(CultureInfo.InvariantCulture);
                http.Response.Headers["x-ratelimit-remaining"] = "0";
                http.Response.Headers["x-ratelimit-used"] = forge.Options.RateLimit.ToString(CultureInfo.InvariantCulture);
                http.Response.Headers["x-ratelimit-reset"] = reset.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
                http.Response.Headers["x-ratelimit-resource"] = "core";
                await AnswerAsync(http, StatusCodes.Status403Forbidden, "API rate limit exceeded for user.");
                break;
            case FaultKind.SecondaryRateLimit:
                http.Response.Headers.RetryAfter = Math.Ceiling(fault.Delay.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                await AnswerAsync(
                    http, StatusCodes.Status403Forbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.");
                break;
            default:
                await AnswerAsync(http, fault.StatusCode, "The forge was told to answer this.");
                break;
        }
    }

    private static Task AnswerAsync(HttpContext http, int status, string message)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.WriteAsync(new ApiException(status, message).ToJson().ToJsonString(GitHubJson.Options));
    }

    private async Task WaitAsync(ForgeFaults.ActiveFault active, CancellationToken aborted)
    {
        using var delayOrLift = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        var delay = Task.Delay(active.Fault.Delay, forge.Options.TimeProvider, delayOrLift.Token);
        await Task.WhenAny(delay, active.Ended);
        await delayOrLift.CancelAsync();
        aborted.ThrowIfCancellationRequested();
    }

    private async Task RunWithoutAnswerAsync(HttpContext http, ForgeFaults.ActiveFault active)
    {
        using var unread = new MemoryStream();
        http.Response.Body = unread;
        await next(http);
        active.Strike();
        http.Abort();
    }

    private async Task RunAndHoldAnswerAsync(HttpContext http, ForgeFaults.ActiveFault active)
    {
        var body = http.Response.Body;
        using var held = new MemoryStream();
        http.Response.Body = held;
        await next(http);
        active.Strike();
        await active.Ended.WaitAsync(http.RequestAborted);
        http.Response.Body = body;
        held.Position = 0;
        await held.CopyToAsync(body, http.RequestAborted);
    }
}
