using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class EventTests : ConformanceTest
{
    [Fact]
    public async Task Events_raised_before_anyone_waits_are_kept_in_order_and_names_ignore_case()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Collects", async context =>
        {
            await context.CreateTimer(TimeSpan.FromSeconds(2), CancellationToken.None);
            var seen = new List<int>();
            for (var i = 0; i < 4; i++)
            {
                seen.Add(await context.WaitForExternalEvent<int>("Number"));
            }

            return seen;
        }));
        var id = await host.BeginAsync("Collects");
        foreach (var (name, value) in new[] { ("number", 1), ("NUMBER", 2), ("Number", 3), ("nUmBeR", 4) })
        {
            await host.Client.RaiseEventAsync(id, name, value, Token);
        }

        (await host.SettleAsync(id)).Output<int[]>().ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task Events_of_other_names_are_kept_apart()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Picks", async context =>
        {
            var second = await context.WaitForExternalEvent<string>("second");
            var first = await context.WaitForExternalEvent<string>("first");
            return $"{first} {second}";
        }));
        var id = await host.BeginAsync("Picks");
        await host.Client.RaiseEventAsync(id, "first", "1", Token);
        await host.Client.RaiseEventAsync(id, "second", "2", Token);

        (await host.SettleAsync(id)).Output<string>().ShouldBe("1 2");
    }

    [Fact]
    public async Task Each_event_goes_to_one_wait_the_latest_first()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Three", async context =>
        {
            var waits = Enumerable.Range(0, 3).Select(_ => context.WaitForExternalEvent<string>("e")).ToList();
            return await Task.WhenAll(waits);
        }));
        var id = await host.BeginAsync("Three");
        foreach (var payload in new[] { "a", "b", "c" })
        {
            await host.Client.RaiseEventAsync(id, "e", payload, Token);
        }

        (await host.SettleAsync(id)).Output<string[]>().ShouldBe(["c", "b", "a"]);
    }

    [Fact]
    public async Task An_event_without_a_payload_is_the_default_of_the_type()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator(
            "Waits", async context => await context.WaitForExternalEvent<string?>("e") ?? "nothing"));
        var id = await host.BeginAsync("Waits");

        await host.Client.RaiseEventAsync(id, "e", cancellation: Token);

        (await host.SettleAsync(id)).Output<string>().ShouldBe("nothing");
    }

    [Fact]
    public async Task A_timeout_cancels_the_wait()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Waits", async context =>
        {
            var start = context.CurrentUtcDateTime;
            try
            {
                return await context.WaitForExternalEvent<string>("approval", TimeSpan.FromSeconds(3));
            }
            catch (TaskCanceledException)
            {
                return $"gave up after {context.CurrentUtcDateTime - start}";
            }
        }));

        (await host.RunAsync("Waits")).Output<string>().ShouldBe("gave up after 00:00:03");
    }

    [Fact]
    public async Task An_event_in_time_cancels_the_timeout()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator(
            "Waits", context => context.WaitForExternalEvent<string>("approval", TimeSpan.FromDays(3))));
        var id = await host.BeginAsync("Waits");
        await host.Client.RaiseEventAsync(id, "approval", "yes", Token);

        await host.PassAsync(TimeSpan.FromSeconds(1));

        (await host.ReadAsync(id)).Output<string>().ShouldBe("yes");
    }

    [Fact]
    public async Task A_token_cancels_a_wait_with_a_timeout_before_its_time()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Waits", async context =>
        {
            using var source = new CancellationTokenSource();
            var wait = context.WaitForExternalEvent<string>("approval", TimeSpan.FromDays(3), source.Token);
            await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
            Cancel(source);
            try
            {
                return await wait;
            }
            catch (OperationCanceledException)
            {
                return "canceled";
            }
        }));
        var id = await host.BeginAsync("Waits");
        await host.PassAsync(TimeSpan.FromSeconds(2));

        (await host.SettleAsync(id)).Output<string>().ShouldBe("canceled");
    }

    [Fact]
    public async Task A_newer_wait_takes_the_event_that_an_older_canceled_wait_did_not_get()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Waits", async context =>
        {
            using var source = new CancellationTokenSource();
            var first = context.WaitForExternalEvent<string>("e", source.Token);
            Cancel(source);
            return $"{first.IsCanceled} {await context.WaitForExternalEvent<string>("e")}";
        }));
        var id = await host.BeginAsync("Waits");
        await host.SettleAsync();
        await host.Client.RaiseEventAsync(id, "e", "here", Token);

        (await host.SettleAsync(id)).Output<string>().ShouldBe("True here");
    }

    [Fact]
    public async Task An_event_that_no_newer_wait_takes_goes_to_the_canceled_wait_and_is_gone()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Waits", async context =>
        {
            try
            {
                await context.WaitForExternalEvent<string>("e", TimeSpan.FromSeconds(1));
            }
            catch (OperationCanceledException)
            {
                await context.WaitForExternalEvent<int>("go");
            }

            return await context.WaitForExternalEvent<string>("e");
        }));
        var id = await host.BeginAsync("Waits");
        await host.PassAsync(TimeSpan.FromSeconds(2));
        foreach (var payload in new[] { "gone", "kept" })
        {
            await host.Client.RaiseEventAsync(id, "e", payload, Token);
        }

        await host.Client.RaiseEventAsync(id, "go", 1, Token);

        (await host.SettleAsync(id)).Output<string>().ShouldBe("kept");
    }

    [Fact]
    public async Task Waits_for_one_name_with_two_types_are_refused()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Mixed", context =>
        {
            _ = context.WaitForExternalEvent<string>("e");
            return context.WaitForExternalEvent<int>("E");
        }));

        (await host.RunAsync("Mixed")).FailureDetails!.IsCausedBy<ArgumentException>().ShouldBeTrue();
    }

    [Fact]
    public async Task An_event_of_another_shape_fails_the_instance()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Waits", context => context.WaitForExternalEvent<int>("count")));
        var id = await host.BeginAsync("Waits");

        await host.Client.RaiseEventAsync(id, "count", "many", Token);

        (await host.SettleAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
    }

    [Fact]
    public async Task Events_for_no_instance_or_an_ended_one_are_dropped()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Ends", _ => Task.FromResult(1)));
        var ended = await host.RunAsync("Ends");

        await host.Client.RaiseEventAsync("nobody", "e", 1, Token);
        await host.Client.RaiseEventAsync(ended.InstanceId, "e", 1, Token);

        (await host.SettleAsync(ended.InstanceId)).Output<int>().ShouldBe(1);
    }

    [Fact]
    public async Task An_orchestration_sends_events_to_others_and_to_itself()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Receiver", context => context.WaitForExternalEvent<string>("hello"))
            .AddOrchestrator("Sender", context =>
            {
                context.SendEvent("receiver", "HELLO", "from afar");
                context.SendEvent("nobody", "hello", "lost");
                context.SendEvent(context.InstanceId, "me", 5);
                return context.WaitForExternalEvent<int>("me");
            }));
        await host.BeginAsync("Receiver", id: "receiver");

        (await host.RunAsync("Sender")).Output<int>().ShouldBe(5);
        (await host.ReadAsync("receiver")).Output<string>().ShouldBe("from afar");
    }

    [Fact]
    public async Task Events_survive_restarts_and_each_counts_once()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Adds", async context =>
        {
            var sum = 0;
            for (var i = 0; i < 20; i++)
            {
                sum += await context.WaitForExternalEvent<int>("n");
            }

            return sum;
        }));
        var id = await host.BeginAsync("Adds");
        for (var i = 1; i <= 20; i++)
        {
            await host.Client.RaiseEventAsync(id, "n", i, Token);
            if (i % 5 == 0)
            {
                await host.RestartAsync();
            }
        }

        (await host.SettleAsync(id)).Output<int>().ShouldBe(210);
    }
}
