using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AtomicDevOps.EmbeddedHost.Tests.Failures;

public sealed class StoreHealthCheckTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_is_found_by_what_fails_and_its_end_by_a_change_that_is_tried()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions.AddOrchestrator("Empty", _ => Task.FromResult<object?>(null)));
        var check = new StoreHealthCheck(host.Engine);
        var commits = host.Faults.Commits;

        (await StatusAsync(check)).ShouldBe(HealthStatus.Healthy);
        host.Faults.Commits.ShouldBe(commits, "a store that works is not written to");
        host.Faults.IsDiskFull = true;
        await Should.ThrowAsync<DurableStoreException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync("Empty", Token));
        (await StatusAsync(check)).ShouldBe(HealthStatus.Unhealthy);
        host.Faults.IsDiskFull = false;
        (await StatusAsync(check)).ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task An_engine_that_does_not_run_can_store_nothing()
    {
        await using var host = await DurableTestHost.StartAsync(_ => { });
        var check = new StoreHealthCheck(host.Engine);

        await host.Engine.StopAsync(Token);

        (await StatusAsync(check)).ShouldBe(HealthStatus.Unhealthy);
    }

    private static async Task<HealthStatus> StatusAsync(StoreHealthCheck check) => (await check.CheckHealthAsync(new HealthCheckContext(), Token)).Status;
}
