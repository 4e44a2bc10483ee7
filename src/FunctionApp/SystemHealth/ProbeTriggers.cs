using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Primitives.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.FunctionApp.SystemHealth;

/// <summary>
/// What container engines and load balancers ask about this process. Whether the agents can work is another question: a tool that is away is
/// cured neither by a restart nor by another instance.
/// </summary>
public sealed class ProbeTriggers(IHostApplicationLifetime lifetime, HealthCheckService checks, TimeProvider clock, ILogger<ProbeTriggers> logger)
{
    /// <summary>Longer than a store takes that works, shorter than probes usually wait.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary><c>GET /api/health/live</c>: 200 as long as the process answers. Restart it where it does not.</summary>
    [Function(nameof(GetLiveness))]
    public static IResult GetLiveness([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/live")] HttpRequest request) =>
        Answer(request, "Live", StatusCodes.Status200OK);

    /// <summary>
    /// <c>GET /api/health/ready</c>: 200 and <c>Ready</c>, or 503 and <c>Starting</c>, <c>Draining</c>, or <c>Unavailable</c> where nothing can be stored.
    /// </summary>
    [Function(nameof(GetReadiness))]
    public async Task<IResult> GetReadiness(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/ready")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var state = lifetime switch
        {
            { ApplicationStopping.IsCancellationRequested: true } => "Draining",
            { ApplicationStarted.IsCancellationRequested: false } => "Starting",
            _ => await CanStoreAsync(client, cancellationToken) ? "Ready" : "Unavailable",
        };
        return Answer(request, state, state is "Ready" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static IResult Answer(HttpRequest request, string status, int code)
    {
        request.HttpContext.Response.Headers.CacheControl = "no-store";
        return Results.Json(new { status }, JsonDefaults.Options, statusCode: code);
    }

    private async Task<bool> CanStoreAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        try
        {
            var report = await checks.CheckHealthAsync(cancellationToken).WaitAsync(Patience, clock, cancellationToken);
            await client.GetInstanceAsync(SystemHealthOrchestration.InstanceId, cancellationToken).WaitAsync(Patience, clock, cancellationToken);
            return report.Status is not HealthStatus.Unhealthy;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning(exception, "The durable store does not answer: this instance tells probes that it is not ready");
            return false;
        }
    }
}
