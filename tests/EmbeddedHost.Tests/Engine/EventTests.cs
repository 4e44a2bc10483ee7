using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class EventTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_raised_before_anyone_waits_are_kept_in_order_and_names_ignore_case()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Collects", async context =>
            {
                await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                var seen = new List<int>();
                for (var i = 0; i < 4; i++)
                {
                    seen.Add(await context.WaitForExternalEvent<int>("Number"));
                }

                return seen;
            }));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Collects", Token);
        foreach (var (name, value) in new[] { ("number", 1), ("NUMBER", 2), ("Number", 3), ("nUmBeR", 4) })
        {
            await host.Client.RaiseEventAsync(id, name, value, Token);
        }

        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<int[]>().ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task Each_event_goes_to_one_waiter_the_latest_first()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Two", async context =>
            {
                var first = context.WaitForExternalEvent<string>("e");
                var second = context.WaitForExternalEvent<string>("e");
                return $"{await first} {await second}";
            }));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Two", Token);
        await host.Client.RaiseEventAsync(id, "e", "a", Token);
        await host.Client.RaiseEventAsync(id, "e", "b", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<string>().ShouldBe("b a");
    }

    [Fact]
    public async Task A_timeout_cancels_the_wait()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Waits", async context =>
            {
                try
                {
                    return await context.WaitForExternalEvent<string>("approval", TimeSpan.FromDays(3));
                }
                catch (OperationCanceledException)
                {
                    return $"gave up after {context.CurrentUtcDateTime - context.GetInput<DateTime>()}";
                }
            }));

        (await host.RunAsync("Waits", host.Time.GetUtcNow().UtcDateTime)).Output<string>().ShouldBe("gave up after 3.00:00:00");
    }

    [Fact]
    public async Task An_event_in_time_cancels_the_timeout()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Waits", async context => await context.WaitForExternalEvent<string>("approval", TimeSpan.FromDays(3))));
        var start = host.Time.GetUtcNow();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token);
        await host.Client.RaiseEventAsync(id, "approval", "yes", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<string>().ShouldBe("yes");
        host.Time.GetUtcNow().ShouldBe(start);
    }

    [Fact]
    public async Task Waits_for_one_name_with_two_types_are_refused()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Mixed", async context =>
            {
                _ = context.WaitForExternalEvent<string>("e");
                return await context.WaitForExternalEvent<int>("e");
            }));

        (await host.RunAsync("Mixed")).FailureDetails!.IsCausedBy<ArgumentException>().ShouldBeTrue();
    }

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
    public async Task Events_for_no_instance_or_an_ended_one_are_dropped()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Ends", _ => Task.FromResult<object?>(1)));
        var ended = await host.RunAsync("Ends");

        await host.Client.RaiseEventAsync("nobody", "e", 1, Token);
        await host.Client.RaiseEventAsync(ended.InstanceId, "e", 1, Token);

        (await host.ReadAsync(ended.InstanceId)).Output<int>().ShouldBe(1);
    }

    [Fact]
    public async Task An_orchestration_sends_events_to_others_and_to_itself()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Receiver", async context => await context.WaitForExternalEvent<string>("hello"))
            .AddOrchestrator("Sender", async context =>
            {
                context.SendEvent("receiver", "HELLO", "from afar");
                context.SendEvent("nobody", "hello", "lost");
                context.SendEvent(context.InstanceId, "me", 5);
                return await context.WaitForExternalEvent<int>("me");
            }));

        await host.Client.ScheduleNewOrchestrationInstanceAsync("Receiver", new StartOrchestrationOptions("receiver"), Token);
        (await host.RunAsync("Sender")).Output<int>().ShouldBe(5);

        (await host.ReadAsync("receiver")).Output<string>().ShouldBe("from afar");
    }

    [Fact]
    public async Task An_acknowledged_event_survives_a_restart()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Adds", async context =>
            {
                var sum = 0;
                for (var i = 0; i < 20; i++)
                {
                    sum += await context.WaitForExternalEvent<int>("n");
                }

                return sum;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Adds", Token);

        for (var i = 1; i <= 20; i++)
        {
            await host.Client.RaiseEventAsync(id, "n", i, Token);
            if (i % 5 == 0)
            {
                await host.RestartAsync();
            }
        }

        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync(id)).Output<int>().ShouldBe(210);
    }

    [Fact]
    public async Task Continue_as_new_keeps_events_that_nobody_has_waited_for()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Counter", async context =>
            {
                var seen = context.GetInput<List<int>>()!;
                seen.Add(await context.WaitForExternalEvent<int>("n"));
                if (seen.Count == 5)
                {
                    return seen;
                }

                context.ContinueAsNew(seen);
                return null;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(
            "Counter", new List<int>(), new StartOrchestrationOptions(StartAt: host.Time.GetUtcNow().AddHours(1)), Token);

        for (var i = 1; i <= 5; i++)
        {
            await host.Client.RaiseEventAsync(id, "n", i, Token);
        }

        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync(id)).Output<int[]>().ShouldBe([1, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task Continue_as_new_drops_those_events_when_told_so()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Forgets", async context =>
            {
                if (context.GetInput<int>() == 0)
                {
                    await context.WaitForExternalEvent<int>("go");
                    context.ContinueAsNew(1, preserveUnprocessedEvents: false);
                    return null;
                }

                try
                {
                    return await context.WaitForExternalEvent<string>("kept", TimeSpan.FromHours(1));
                }
                catch (OperationCanceledException)
                {
                    return "nothing";
                }
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Forgets", 0, Token);

        await host.Client.RaiseEventAsync(id, "kept", "old", Token);
        await host.Client.RaiseEventAsync(id, "go", 1, Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<string>().ShouldBe("nothing");
    }

    [Fact]
    public async Task A_status_that_nobody_sets_anew_outlives_continue_as_new()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Eternal", async context =>
            {
                if (context.GetInput<int>() == 0)
                {
                    context.SetCustomStatus("first");
                    context.ContinueAsNew(1);
                    return null;
                }

                return await context.WaitForExternalEvent<string>("end");
            }));

        var instance = await host.RunAsync("Eternal", 0);

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        instance.ReadCustomStatusAs<string>().ShouldBe("first");
        instance.ReadInputAs<int>().ShouldBe(1);
    }
}
