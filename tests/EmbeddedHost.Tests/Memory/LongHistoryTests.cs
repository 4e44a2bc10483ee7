using System.Diagnostics;
using System.Globalization;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using AtomicDevOps.EmbeddedHost.Tests.Failures;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Tests.Memory;

public sealed class LongHistoryTests
{
    private const int EventsOfACall = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_history_of_100_000_events_goes_on_after_a_restart()
    {
        const int Calls = (100_000 / EventsOfACall) + 1;
        await using var host = await StartAsync(null);
        var watch = Stopwatch.StartNew();
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Counts", Calls, cancellation: Token);
        await host.RunUntilIdleAsync(Token);
        var live = watch.Elapsed;

        await host.RestartAsync();
        watch.Restart();
        await host.Client.RaiseEventAsync(id, "go", 1, Token);
        await host.RunUntilIdleAsync(Token);
        var reload = watch.Elapsed;

        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"live {live.TotalMilliseconds:F0} ms, cold {reload.TotalMilliseconds:F0} ms"));
        (await host.ReadAsync(id)).Output<long>().ShouldBe((long)Calls * (Calls - 1) / 2);
        host.Engine.Store.History(host.Engine.Store.Find(id)!.Value.Sequence).Sum(turn => 1 + turn.Events.Count()).ShouldBeGreaterThanOrEqualTo(Calls * EventsOfACall);
    }

    [Fact]
    public async Task A_wait_for_many_names_costs_no_more_with_each_name()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions.AddOrchestrator("Names", async context =>
        {
            for (var i = 0; i < 5000; i++)
            {
                await context.WaitForExternalEvent<int>($"name {i}");
            }

            return "all";
        }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Names", Token);
        await Task.WhenAll(Enumerable.Range(0, 5000).Select(i => host.Client.RaiseEventAsync(id, $"name {i}", i, Token)));
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<string>().ShouldBe("all");
    }

    [Fact]
    public async Task A_long_history_is_warned_of_at_the_limit_and_at_each_doubling_and_not_again_after_a_restart()
    {
        using var logs = new FunctionsTestHost.LogCollector();
        await using var host = await StartAsync(logs);
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Counts", 140, new StartOrchestrationOptions("long"), Token);
        await host.RunUntilIdleAsync(Token);

        var warnings = logs.With("Warning").ToList();
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", 1, Token);
        await host.RunUntilIdleAsync(Token);

        warnings.Count.ShouldBe(3, "at 100, 200 and 400 events");
        warnings.ShouldAllBe(line => line.Contains("The history of instance 'long' of orchestrator 'Counts' has", StringComparison.Ordinal));
        warnings.ShouldAllBe(line => line.Contains("ContinueAsNew", StringComparison.Ordinal));
        logs.With("Warning").Count.ShouldBe(3);
    }

    private static Task<DurableTestHost> StartAsync(FunctionsTestHost.LogCollector? logs) => DurableTestHost.StartAsync(
        functions => functions
            .AddActivity("Echo", (int value) => value)
            .AddOrchestrator("Counts", async context =>
            {
                var sum = 0L;
                for (var i = 0; i < context.GetInput<int>(); i++)
                {
                    sum += await context.CallActivityAsync<int>("Echo", i);
                }

                await context.WaitForExternalEvent<int>("go");
                return sum;
            }),
        services =>
        {
            if (logs is not null)
            {
                services.CollectIn(logs);
            }
        },
        options => options.HistoryLengthWarning = logs is null ? options.HistoryLengthWarning : 100);
}
