using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Tests.Memory;

public sealed class InstanceCacheTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Beyond_the_byte_limit_those_used_least_recently_leave_memory_and_lose_nothing()
    {
        await using var host = await StartAsync(options => options.MaxMemoryBytes = 100_000);
        for (var i = 0; i < 20; i++)
        {
            await StartAndSettleAsync(host, i, new string('x', 10_000));
        }

        host.Engine.BytesInMemory.ShouldBeInRange(50_000, 100_000);
        host.Engine.InstancesInMemory.ShouldBeInRange(2, 9);
        for (var i = 0; i < 20; i++)
        {
            await host.Client.RaiseEventAsync($"{i}", "go", i, Token);
        }

        await host.RunUntilIdleAsync(Token);
        for (var i = 0; i < 20; i++)
        {
            (await host.ReadAsync($"{i}")).Output<int>().ShouldBe(10_000 + i);
        }

        host.Engine.BytesInMemory.ShouldBe(0);
        host.Engine.InstancesInMemory.ShouldBe(0);
    }

    [Fact]
    public async Task An_instance_that_is_over_the_limit_alone_stays_while_it_is_the_one_used_last()
    {
        await using var host = await StartAsync(options => options.MaxMemoryBytes = 1000);

        await StartAndSettleAsync(host, 1, new string('x', 10_000));
        host.Engine.InstancesInMemory.ShouldBe(1);
        await StartAndSettleAsync(host, 2, string.Empty);

        host.Engine.InstancesInMemory.ShouldBe(1);
    }

    [Fact]
    public async Task An_idle_instance_leaves_after_the_idle_time_if_one_is_set()
    {
        await using var host = await StartAsync(options => options.IdleTimeInMemory = TimeSpan.FromSeconds(30));
        await StartAndSettleAsync(host, 1, string.Empty);
        await host.AdvanceAsync(TimeSpan.FromSeconds(20), Token);
        await StartAndSettleAsync(host, 2, string.Empty);
        host.Engine.InstancesInMemory.ShouldBe(2);

        await host.AdvanceAsync(TimeSpan.FromSeconds(10), Token);
        host.Engine.InstancesInMemory.ShouldBe(1);
        await host.AdvanceAsync(TimeSpan.FromSeconds(20), Token);
        host.Engine.InstancesInMemory.ShouldBe(0);

        host.Time.HasTimers.ShouldBeFalse();
        await host.Client.RaiseEventAsync("1", "go", 1, Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync("1")).Output<int>().ShouldBe(1);
    }

    private static async Task StartAndSettleAsync(DurableTestHost host, int id, string input)
    {
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", input, new StartOrchestrationOptions($"{id}"), Token);
        await host.Engine.Work.WhenIdleAsync();
    }

    private static Task<DurableTestHost> StartAsync(Action<EmbeddedDurableTaskOptions> configure) => DurableTestHost.StartAsync(
        functions => functions.AddOrchestrator(
            "Waits", async context => context.GetInput<string>()!.Length + await context.WaitForExternalEvent<int>("go")),
        configure: configure);
}
