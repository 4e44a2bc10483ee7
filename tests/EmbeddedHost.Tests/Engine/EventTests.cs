using AtomicDevOps.EmbeddedHost.Testing;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class EventTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_payload_of_another_shape_fails_the_wait_and_names_event_and_instance()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Waits", async context => await context.WaitForExternalEvent<int>("count")));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token);
        await host.Client.RaiseEventAsync(id, "count", "many", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).FailureDetails!.ErrorMessage.ShouldContain($"Cannot read event 'count' of instance '{id}' as System.Int32");
    }
}
