using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Client;

public sealed class SuspensionTests : ConformanceTest
{
    [Fact]
    public async Task A_suspended_instance_keeps_what_comes_in_order_and_handles_it_when_resumed()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Collects");
        await host.Client.SuspendInstanceAsync(id, "hold", Token);
        for (var i = 1; i <= 3; i++)
        {
            await host.Client.RaiseEventAsync(id, "n", i, Token);
        }

        await host.RestartAsync();
        (await host.SettleAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Suspended);
        await host.Client.ResumeInstanceAsync(id, "go on", Token);

        (await host.SettleAsync(id)).Output<int[]>().ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_timer_that_is_due_while_suspended_fires_when_resumed()
    {
        await using var host = await StartAsync(AddTasks);
        var start = host.Now.UtcDateTime;
        var id = await host.BeginAsync("Sleeps");
        await host.Client.SuspendInstanceAsync(id, null, Token);
        await host.PassAsync(TimeSpan.FromSeconds(4));
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Suspended);

        await host.Client.ResumeInstanceAsync(id, null, Token);

        (await host.SettleAsync(id)).Output<DateTime>().ShouldBeGreaterThanOrEqualTo(start.AddSeconds(4));
    }

    [Fact]
    public async Task A_resumed_instance_runs_again()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Collects");
        await host.Client.SuspendInstanceAsync(id, Token);
        await host.Client.ResumeInstanceAsync(id, Token);

        (await host.SettleAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
    }

    [Fact]
    public async Task Suspending_twice_needs_one_resumption()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Sleeps");
        await host.Client.SuspendInstanceAsync(id, "once", Token);
        await host.Client.SuspendInstanceAsync(id, "twice", Token);

        await host.Client.ResumeInstanceAsync(id, "once", Token);

        (await host.SettleAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);
    }

    [Fact]
    public async Task Resuming_what_is_not_suspended_and_suspending_what_has_ended_change_nothing()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Sleeps");
        await host.Client.ResumeInstanceAsync(id, "not needed", Token);
        (await host.SettleAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);

        await host.Client.SuspendInstanceAsync(id, "too late", Token);

        (await host.SettleAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);
    }

    [Fact]
    public async Task A_suspended_instance_can_be_terminated()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Collects");
        await host.Client.SuspendInstanceAsync(id, "hold", Token);

        await host.Client.TerminateInstanceAsync(id, "enough", Token);

        var instance = await host.SettleAsync(id);
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
        instance.ReadOutputAs<string>().ShouldBe("enough");
    }

    private static void AddTasks(ITaskSet tasks) => tasks
        .AddOrchestrator("Collects", async context =>
        {
            var seen = new List<int>();
            for (var i = 0; i < 3; i++)
            {
                seen.Add(await context.WaitForExternalEvent<int>("n"));
            }

            return seen;
        })
        .AddOrchestrator("Sleeps", async context =>
        {
            await context.CreateTimer(TimeSpan.FromSeconds(2), CancellationToken.None);
            return context.CurrentUtcDateTime;
        });
}
