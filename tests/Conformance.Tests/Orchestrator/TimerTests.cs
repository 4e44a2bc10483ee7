using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class TimerTests : ConformanceTest
{
    [Theory]
    [InlineData(0.001)]
    [InlineData(1)]
    [InlineData(3600 * 24 * 7)]
    [InlineData(3600.0 * 24 * 365 * 20)]
    public async Task A_timer_of_any_length_fires_at_its_time(double seconds)
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Waits", async context =>
        {
            var start = context.CurrentUtcDateTime;
            await context.CreateTimer(TimeSpan.FromSeconds(seconds), CancellationToken.None);
            return (context.CurrentUtcDateTime - start).TotalSeconds;
        }));

        (await host.RunAsync("Waits")).Output<double>().ShouldBe(seconds, 0.0001);
    }

    [Fact]
    public async Task A_timer_survives_a_restart()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Waits", async context =>
        {
            await context.CreateTimer(TimeSpan.FromSeconds(3), CancellationToken.None);
            return context.CurrentUtcDateTime;
        }));
        var start = host.Now.UtcDateTime;
        var id = await host.BeginAsync("Waits");
        await host.PassAsync(TimeSpan.FromSeconds(1));

        await host.RestartAsync();
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);

        (await host.SettleAsync(id)).Output<DateTime>().ShouldBe(start.AddSeconds(3));
    }

    [Fact]
    public async Task Timers_fire_in_the_order_of_their_times()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Sorts", async context =>
        {
            var fired = new List<int>();
            await Task.WhenAll(new[] { 3, 1, 2 }.Select(async seconds =>
            {
                await context.CreateTimer(TimeSpan.FromSeconds(seconds), CancellationToken.None);
                fired.Add(seconds);
            }));
            return fired;
        }));

        (await host.RunAsync("Sorts")).Output<int[]>().ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Timers_of_one_time_all_fire()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Together", async context =>
        {
            var at = context.CurrentUtcDateTime.AddSeconds(1);
            var fired = 0;
            await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
            {
                await context.CreateTimer(at, CancellationToken.None);
                fired++;
            }));
            return fired;
        }));

        (await host.RunAsync("Together")).Output<int>().ShouldBe(50);
    }

    [Fact]
    public async Task A_timer_in_the_past_fires_at_once()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Past", async context =>
        {
            await context.CreateTimer(context.CurrentUtcDateTime.AddDays(-1), CancellationToken.None);
            return true;
        }));
        var id = await host.BeginAsync("Past");

        await host.PassAsync(TimeSpan.Zero);

        (await host.ReadAsync(id)).Output<bool>().ShouldBeTrue();
    }

    [Fact]
    public async Task A_canceled_timer_cancels_its_task_and_no_longer_holds_the_orchestration()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Cancels", async context =>
        {
            using var source = new CancellationTokenSource();
            var timer = context.CreateTimer(TimeSpan.FromDays(365), source.Token);
            Cancel(source);
            try
            {
                await timer;
                return "fired";
            }
            catch (TaskCanceledException)
            {
                return "canceled";
            }
        }));
        var id = await host.BeginAsync("Cancels");

        await host.PassAsync(TimeSpan.FromSeconds(1));

        (await host.ReadAsync(id)).Output<string>().ShouldBe("canceled");
    }

    [Fact]
    public async Task A_cancellation_is_repeated_in_a_replay()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Cancels", async context =>
        {
            using var source = new CancellationTokenSource();
            var timer = context.CreateTimer(TimeSpan.FromDays(365), source.Token);
            var go = await context.WaitForExternalEvent<string>("go");
            Cancel(source);
            await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
            return $"{go} {timer.IsCanceled}";
        }));
        var id = await host.BeginAsync("Cancels");
        await host.Client.RaiseEventAsync(id, "go", "now", Token);
        await host.RestartAsync();

        await host.PassAsync(TimeSpan.FromSeconds(2));

        (await host.ReadAsync(id)).Output<string>().ShouldBe("now True");
    }

    [Fact]
    public async Task The_first_of_a_timer_and_an_activity_wins()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Races", async context =>
            {
                using var source = new CancellationTokenSource();
                var timer = context.CreateTimer(TimeSpan.FromDays(1), source.Token);
                var work = context.CallActivityAsync<string>("Work", "fast");
                if (await Task.WhenAny(timer, work) == timer)
                {
                    return "late";
                }

                Cancel(source);
                return await work;
            })
            .AddActivity("Work", (string input) => input));

        (await host.RunAsync("Races")).Output<string>().ShouldBe("fast");
    }

    [Fact]
    public async Task Thirty_days_of_hourly_rounds_run_on_time()
    {
        var rounds = 0;
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator<int, object?>("Eternal", async (context, round) =>
            {
                await context.CallActivityAsync("Probe");
                await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                context.ContinueAsNew(round + 1);
                return null;
            })
            .AddActivity("Probe", (object? _) => ++rounds));
        var id = await host.BeginAsync("Eternal", 0);

        await host.PassAsync(TimeSpan.FromDays(30));

        rounds.ShouldBe(721);
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
    }
}
