using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace AtomicDevOps.LocalForge.Api.Http;

/// <summary>What surrounds every API request: who calls, the rate limit, errors as GitHub words them, ETags.</summary>
internal sealed class ApiMiddleware(RequestDelegate next, Forge forge, RateLimiter limiter, ILogger<ApiMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        http.Response.Headers["x-github-request-id"] = http.TraceIdentifier.Replace(':', '-');
        http.Response.Headers["x-github-media-type"] = "github.v3; format=json";
        var body = http.Response.Body;
        using var buffer = new MemoryStream();
        http.Response.Body = buffer;
        try
        {
            await RunAsync(http);
        }
        finally
        {
            http.Response.Body = body;
        }

        await SendAsync(http, buffer);
    }

    private async Task RunAsync(HttpContext http)
    {
        try
        {
            var caller = IdentifyUnlessApp(http);
            http.Features.Set(caller);
            var allowed = limiter.TryTake(caller, http.Request, out var limit);
            http.Features.Set(limit);
            if (!allowed)
            {
                throw ApiException.Forbidden($"API rate limit exceeded for {caller.User?.Login ?? "anonymous"}.");
            }

            await next(http);
            if (http.Response is { StatusCode: StatusCodes.Status404NotFound, ContentType: null })
            {
                throw ApiException.NotFound();
            }
        }
        catch (ApiException problem)
        {
            await AnswerAsync(http, problem);
        }
        catch (BadHttpRequestException problem)
        {
            await AnswerAsync(http, new ApiException(problem.StatusCode, problem.Message));
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            logger.LogError(problem, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
            await AnswerAsync(http, new ApiException(StatusCodes.Status500InternalServerError, "Server Error"));
        }
    }

    /// <summary>Under <c>/app</c> the bearer is a JWT, which the endpoints there check.</summary>
    private Caller IdentifyUnlessApp(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        return Authentication.ReadSecret(header) is { } secret && secret.Count(c => c == '.') == 2
            ? Caller.App
            : Authentication.Identify(forge, http.Request);
    }

    private static Task AnswerAsync(HttpContext http, ApiException problem)
    {
        http.Response.StatusCode = problem.Status;
        http.Response.ContentType = "application/json; charset=utf-8";
        return JsonSerializer.SerializeAsync(http.Response.Body, problem.ToJson(), GitHubJson.Options);
    }

    private static async Task SendAsync(HttpContext http, MemoryStream buffer)
    {
        var request = http.Request;
        var response = http.Response;
        if (HttpMethods.IsGet(request.Method) && response.StatusCode == StatusCodes.Status200OK)
        {
            var etag = $"W/\"{Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)))}\"";
            response.Headers.ETag = etag;
            response.Headers.CacheControl = "private, max-age=60, s-maxage=60";
            response.Headers.Vary = "Accept, Authorization";
            if (request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries).Contains(etag, StringComparer.Ordinal))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                response.ContentType = null;
                buffer.SetLength(0);
                http.Features.Get<RateLimit>()?.GiveBack();
            }
        }

        if (http.Features.Get<RateLimit>() is { } limit)
        {
            response.Headers["x-ratelimit-limit"] = limit.Limit.ToString(CultureInfo.InvariantCulture);
            response.Headers["x-ratelimit-remaining"] = limit.Remaining.ToString(CultureInfo.InvariantCulture);
            response.Headers["x-ratelimit-used"] = limit.Used.ToString(CultureInfo.InvariantCulture);
            response.Headers["x-ratelimit-reset"] = limit.Reset.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            response.Headers["x-ratelimit-resource"] = "core";
        }

        if (response.StatusCode is not (StatusCodes.Status304NotModified or StatusCodes.Status204NoContent))
        {
            response.ContentLength = buffer.Length;
            buffer.Position = 0;
            await buffer.CopyToAsync(response.Body, http.RequestAborted);
        }
    }
}
