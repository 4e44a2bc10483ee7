using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

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

    [Fact]
    public async Task A_wait_that_was_cancelled_is_no_longer_something_that_the_orchestrator_waits_for()
    {
        await using var host = await StartAsync(async context =>
        {
            using var cancellation = new CancellationTokenSource();
            var wait = context.WaitForExternalEvent<int>("a", cancellation.Token);
            cancellation.Cancel();
            await new TaskCompletionSource().Task;
            return await wait;
        });

        (await host.RunAsync("Waits")).FailureDetails!.IsCausedBy<NonDurableAwaitException>().ShouldBeTrue();
    }

    [Fact]
    public async Task An_event_that_goes_to_a_cancelled_wait_leaves_the_other_waits_open()
    {
        await using var host = await StartAsync(async context =>
        {
            using var cancellation = new CancellationTokenSource();
            var waits = new[] { context.WaitForExternalEvent<int>("a", cancellation.Token), context.WaitForExternalEvent<int>("a", cancellation.Token) };
            cancellation.Cancel();
            foreach (var wait in waits)
            {
                await wait.ContinueWith(static _ => { }, TaskContinuationOptions.ExecuteSynchronously);
            }

            return await context.WaitForExternalEvent<int>("b");
        });
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token);
        await host.Client.RaiseEventAsync(id, "a", 1, Token);
        await host.Client.RaiseEventAsync(id, "a", 2, Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        await host.Client.RaiseEventAsync(id, "b", 3, Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<int>().ShouldBe(3);
    }

    [Fact]
    public async Task When_all_waits_have_their_events_an_orchestrator_that_still_awaits_awaits_what_is_not_durable()
    {
        await using var host = await StartAsync(async context =>
        {
            await Task.WhenAll(context.WaitForExternalEvent<int>("a"), context.WaitForExternalEvent<int>("a"), context.WaitForExternalEvent<int>("b"));
            await new TaskCompletionSource().Task;
            return null;
        });
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token);
        foreach (var name in new[] { "a", "b" })
        {
            await host.Client.RaiseEventAsync(id, name, 1, Token);
            await host.RunUntilIdleAsync(Token);
            (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        }

        await host.Client.RaiseEventAsync(id, "a", 1, Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).FailureDetails!.IsCausedBy<NonDurableAwaitException>().ShouldBeTrue();
    }

    private static Task<DurableTestHost> StartAsync(Func<TaskOrchestrationContext, Task<object?>> waits)
        => DurableTestHost.StartAsync(functions => functions.AddOrchestrator("Waits", waits));
}
