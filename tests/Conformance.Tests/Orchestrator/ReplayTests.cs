using System.Globalization;
using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class ReplayTests : ConformanceTest
{
    [Fact]
    public async Task Code_before_the_present_turn_runs_again_as_replay_and_the_rest_does_not()
    {
        var seen = new List<string>();
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Watches", async context =>
        {
            seen.Add($"before {context.IsReplaying}");
            await context.WaitForExternalEvent<int>("go");
            seen.Add($"after {context.IsReplaying}");
            return 1;
        }));
        var id = await host.BeginAsync("Watches");
        await host.SettleAsync();
        seen.ShouldBe(["before False"]);

        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", 1, Token);
        await host.SettleAsync();

        seen.ShouldBe(["before False", "before True", "after False"]);
    }

    [Fact]
    public async Task Replay_safe_loggers_say_each_thing_once()
    {
        using var logs = new LogRecorder();
        var type = typeof(ReplayTests);
        await using var host = await StartAsync(
            tasks => tasks.AddOrchestrator("Logs", async context =>
            {
                ILogger[] loggers =
                [
                    context.CreateReplaySafeLogger("ByName"),
                    context.CreateReplaySafeLogger(type),
                    context.CreateReplaySafeLogger<LogRecorder>(),
                    context.ReplaySafeLoggerFactory.CreateLogger("ByFactory"),
                ];
                for (var i = 0; i < 3; i++)
                {
                    foreach (var logger in loggers)
                    {
                        logger.Log(LogLevel.Information, default, i, null, static (round, _) => string.Create(CultureInfo.InvariantCulture, $"round {round}"));
                    }

                    await context.WaitForExternalEvent<int>("go");
                }

                return 1;
            }),
            logs);
        var id = await host.BeginAsync("Logs");
        for (var i = 0; i < 3; i++)
        {
            await host.SettleAsync();
            await host.RestartAsync();
            await host.Client.RaiseEventAsync(id, "go", i, Token);
        }

        (await host.SettleAsync(id)).Output<int>().ShouldBe(1);

        foreach (var category in new[] { "ByName", type.FullName!, typeof(LogRecorder).FullName!, "ByFactory" })
        {
            logs.Of(category).ShouldBe(["round 0", "round 1", "round 2"], category);
        }
    }

    [Fact]
    public async Task The_clock_stands_still_within_a_turn_is_utc_and_repeats_in_a_replay()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Clock", async context =>
            {
                var times = new List<DateTime> { context.CurrentUtcDateTime };
                for (var i = 0; i < 3; i++)
                {
                    await context.CreateTimer(TimeSpan.FromSeconds(2), CancellationToken.None);
                    times.Add(context.CurrentUtcDateTime);
                    times.Add(context.CurrentUtcDateTime);
                }

                return times;
            }));
        var start = host.Now.UtcDateTime;
        var id = await host.BeginAsync("Clock");
        await host.PassAsync(TimeSpan.FromSeconds(3));
        await host.RestartAsync();

        var times = (await host.SettleAsync(id)).Output<DateTime[]>()!;

        times.ShouldBe(new[] { 0, 2, 2, 4, 4, 6, 6 }.Select(seconds => start.AddSeconds(seconds)));
        times.ShouldAllBe(time => time.Kind == DateTimeKind.Utc);
    }

    [Fact]
    public async Task New_guids_differ_and_repeat_in_a_replay()
    {
        var seen = new List<Guid[]>();
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Ids", async context =>
        {
            Guid[] ids = [context.NewGuid(), context.NewGuid()];
            seen.Add(ids);
            await context.WaitForExternalEvent<int>("go");
            return ids.Append(context.NewGuid()).ToArray();
        }));
        var id = await host.BeginAsync("Ids");
        await host.SettleAsync();
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", 1, Token);

        var ids = (await host.SettleAsync(id)).Output<Guid[]>()!;

        ids.Distinct().Count().ShouldBe(3);
        ids.ShouldAllBe(guid => guid.Version == 5);
        ids.Take(2).ShouldBe(seen[0]);
        seen.Count.ShouldBe(2);
        seen[1].ShouldBe(seen[0]);
    }

    [Fact]
    public async Task An_instance_that_waits_through_many_restarts_takes_up_where_it_was()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Long", async context =>
            {
                var total = 0;
                for (var i = 0; i < 5; i++)
                {
                    total += await context.CallActivityAsync<int>("Echo", i);
                    total += await context.WaitForExternalEvent<int>("n");
                    await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
                    total += await context.CallSubOrchestratorAsync<int>("Child", i);
                }

                return total;
            })
            .AddOrchestrator<int, int>("Child", (context, input) => context.CallActivityAsync<int>("Echo", input))
            .AddActivity("Echo", (int value) => value));
        var id = await host.BeginAsync("Long");
        for (var i = 0; i < 5; i++)
        {
            await host.SettleAsync();
            await host.RestartAsync();
            await host.Client.RaiseEventAsync(id, "n", 100, Token);
        }

        (await host.SettleAsync(id)).Output<int>().ShouldBe(520);
    }

    [Fact]
    public async Task Code_that_changed_under_a_running_instance_fails_it()
    {
        var activity = "Before";
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Changes", async context =>
            {
                await context.CallActivityAsync(activity);
                return await context.WaitForExternalEvent<int>("go");
            })
            .AddActivity("Before", (object? _) => 1)
            .AddActivity("After", (object? _) => 2));
        var id = await host.BeginAsync("Changes");
        await host.SettleAsync();

        activity = "After";
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", 1, Token);

        var failure = (await host.SettleAsync(id)).FailureDetails.ShouldNotBeNull();
        failure.ErrorType.ShouldEndWith("NonDeterministicOrchestrationException");
    }
}
