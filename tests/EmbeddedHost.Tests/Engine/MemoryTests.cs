using AtomicDevOps.EmbeddedHost.Testing;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class MemoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Instances_beyond_the_memory_limit_are_replayed_when_needed()
    {
        await using var host = await DurableTestHost.StartAsync(
            functions => functions.AddOrchestrator("Waits", async context => await context.WaitForExternalEvent<int>("go")),
            configure: options => options.MaxInstancesInMemory = 2);
        var ids = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            ids.Add(await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token));
        }

        await host.RunUntilIdleAsync(Token);
        host.Engine.InstancesInMemory.ShouldBeLessThanOrEqualTo(2);
        foreach (var (i, id) in ids.Index())
        {
            await host.Client.RaiseEventAsync(id, "go", i, Token);
        }

        await host.RunUntilIdleAsync(Token);
        foreach (var (i, id) in ids.Index())
        {
            (await host.ReadAsync(id)).Output<int>().ShouldBe(i);
        }

        host.Engine.InstancesInMemory.ShouldBe(0);
    }
}
