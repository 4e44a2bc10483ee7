using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>
/// Whether what callers bring can be stored. What the engine has seen of its last change is the answer, which costs nothing; only after one
/// that failed a small change is tried.
/// </summary>
internal sealed class StoreHealthCheck(DurableTaskEngine engine) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            if (engine.Store.Outage.IsOn)
            {
                await engine.WriteAsync(new Trial(engine)).WaitAsync(cancellationToken);
            }

            return HealthCheckResult.Healthy();
        }
        catch (Exception exception) when (exception is DurableStoreException or InvalidOperationException)
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }

    private sealed class Trial(DurableTaskEngine engine) : ClientWrite<bool>(engine)
    {
        public override void Apply(StoreSession session) => session.RewriteVersion();

        protected override bool Release() => true;
    }
}
