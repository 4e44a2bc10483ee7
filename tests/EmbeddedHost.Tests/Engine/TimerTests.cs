using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class TimerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_timer_of_thirty_days_survives_a_restart_and_fires_on_time()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Reminder", async context =>
            {
                await context.CreateTimer(TimeSpan.FromDays(30), CancellationToken.None);
                return context.CurrentUtcDateTime;
            }));
        var start = host.Time.GetUtcNow();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Reminder", Token);
        await host.AdvanceAsync(TimeSpan.FromDays(29), Token);
        await host.RestartAsync();
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<DateTime>().ShouldBe(start.UtcDateTime + TimeSpan.FromDays(30));
    }

    [Fact]
    public async Task A_timer_between_two_milliseconds_fires_at_its_time()
    {
        var wait = TimeSpan.FromTicks((TimeSpan.TicksPerHour * 7) + 1234);
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Precise", async context =>
            {
                var start = context.CurrentUtcDateTime;
                await context.CreateTimer(start + wait, CancellationToken.None);
                return context.CurrentUtcDateTime - start;
            }));

        (await host.RunAsync("Precise")).Output<TimeSpan>().ShouldBe(wait);
    }

    [Fact]
    public async Task Timers_fire_in_the_order_of_their_times()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Sorts", async context =>
            {
                var fired = new List<int>();
                await Task.WhenAll(new[] { 30, 10, 20 }.Select(async minutes =>
                {
                    await context.CreateTimer(TimeSpan.FromMinutes(minutes), CancellationToken.None);
                    fired.Add(minutes);
                }));
                return fired;
            }));

        (await host.RunAsync("Sorts")).Output<int[]>().ShouldBe([10, 20, 30]);
    }

    [Fact]
    public async Task A_timer_in_the_past_fires_at_once()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Past", async context =>
            {
                await context.CreateTimer(context.CurrentUtcDateTime.AddDays(-1), CancellationToken.None);
                return true;
            }));
        var start = host.Time.GetUtcNow();

        (await host.RunAsync("Past")).Output<bool>().ShouldBeTrue();
        host.Time.GetUtcNow().ShouldBe(start);
    }

    [Fact]
    public async Task A_canceled_timer_cancels_its_task_and_no_longer_holds_the_orchestration()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Cancels", async context =>
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
        var start = host.Time.GetUtcNow();

        (await host.RunAsync("Cancels")).Output<string>().ShouldBe("canceled");
        host.Time.GetUtcNow().ShouldBe(start);
        host.Engine.NextDue.ShouldBeNull();
    }

    [Fact]
    public async Task A_cancellation_is_replayed_from_history_after_a_restart()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Cancels", async context =>
            {
                using var source = new CancellationTokenSource();
                var timer = context.CreateTimer(TimeSpan.FromDays(365), source.Token);
                var go = await context.WaitForExternalEvent<string>("go");
                Cancel(source);
                await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                return $"{go} {timer.IsCanceled}";
            }));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Cancels", Token);
        await host.Client.RaiseEventAsync(id, "go", "now", Token);
        await host.RestartAsync();
        await host.AdvanceAsync(TimeSpan.FromMinutes(2), Token);

        (await host.ReadAsync(id)).Output<string>().ShouldBe("now True");
    }

    [Fact]
    public async Task The_clock_of_an_orchestrator_stands_still_within_a_turn_and_repeats_in_replay()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Clock", async context =>
            {
                var times = new List<DateTime> { context.CurrentUtcDateTime };
                for (var i = 0; i < 3; i++)
                {
                    await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    times.Add(context.CurrentUtcDateTime);
                }

                return times;
            }));
        var start = host.Time.GetUtcNow().UtcDateTime;

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Clock", Token);
        await host.AdvanceAsync(TimeSpan.FromMinutes(90), Token);
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<DateTime[]>().ShouldBe(Enumerable.Range(0, 4).Select(i => start.AddHours(i)));
    }

    [Fact]
    public async Task Thirty_days_of_an_eternal_orchestration_pass_in_skipped_time()
    {
        var rounds = 0;
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Eternal", async context =>
            {
                await context.CallActivityAsync("Probe");
                await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                context.SetCustomStatus(context.GetInput<int>() + 1);
                context.ContinueAsNew(context.GetInput<int>() + 1);
                return null;
            })
            .AddActivity("Probe", (object? _) => ++rounds));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Eternal", 0, Token);
        await host.AdvanceAsync(TimeSpan.FromDays(30), Token);

        rounds.ShouldBe(721);
        var instance = await host.ReadAsync(id);
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        instance.ReadCustomStatusAs<int>().ShouldBe(720);
    }

    private static void Cancel(CancellationTokenSource source) => source.Cancel();
}
