using Microsoft.AspNetCore.Http;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>The one shape of errors that the host itself answers with (RFC 9457).</summary>
internal static class Problem
{
    public static Task WriteAsync(HttpContext context, int status, string? detail = null) =>
        Results.Problem(statusCode: status, detail: detail).ExecuteAsync(context);
}
