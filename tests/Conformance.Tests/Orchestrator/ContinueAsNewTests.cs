using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class ContinueAsNewTests : ConformanceTest
{
    [Fact]
    public async Task Each_execution_gets_the_input_that_the_last_one_gave_and_keeps_id_name_and_tags()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int, int>("Counts", (context, round) =>
        {
            if (round < 100)
            {
                context.ContinueAsNew(round + 1);
            }

            return Task.FromResult(round);
        }));

        var instance = await host.RunAsync(
            "Counts", 0, new StartOrchestrationOptions("counter") { Tags = new Dictionary<string, string> { ["team"] = "blue" } });

        instance.Output<int>().ShouldBe(100);
        instance.InstanceId.ShouldBe("counter");
        instance.Name.ShouldBe("Counts");
        instance.ReadInputAs<int>().ShouldBe(100);
        instance.Tags["team"].ShouldBe("blue");
    }

    [Fact]
    public async Task The_output_of_an_execution_that_continues_is_ignored()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<bool, string>("Continues", (context, isLast) =>
        {
            if (!isLast)
            {
                context.ContinueAsNew(true);
                return Task.FromResult("ignored");
            }

            return Task.FromResult("last");
        }));

        (await host.RunAsync("Continues", false)).Output<string>().ShouldBe("last");
    }

    [Fact]
    public async Task Tasks_of_the_old_execution_end_before_the_new_one_starts()
    {
        var finished = 0;
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator<bool, int>("Continues", (context, isLast) =>
            {
                if (!isLast)
                {
                    _ = context.CallActivityAsync("Work");
                    context.ContinueAsNew(true);
                    return Task.FromResult(0);
                }

                return context.CallActivityAsync<int>("Finished");
            })
            .AddActivity("Work", (object? _) => ++finished)
            .AddActivity("Finished", (object? _) => finished));

        (await host.RunAsync("Continues", false)).Output<int>().ShouldBe(1);
    }

    [Fact]
    public async Task Events_that_nobody_has_waited_for_are_kept_in_order()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<List<int>, List<int>>("Collects", async (context, seen) =>
        {
            seen.Add(await context.WaitForExternalEvent<int>("n"));
            if (seen.Count < 5)
            {
                context.ContinueAsNew(seen);
            }

            return seen;
        }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(
            "Collects", new List<int>(), new StartOrchestrationOptions(StartAt: host.Now.AddSeconds(2)), Token);
        for (var i = 1; i <= 5; i++)
        {
            await host.Client.RaiseEventAsync(id, "n", i, Token);
        }

        (await host.SettleAsync(id)).Output<int[]>().ShouldBe([1, 2, 3, 4, 5]);
    }

    [Theory]
    [InlineData(true, "old")]
    [InlineData(false, "nothing")]
    public async Task Events_that_came_before_are_kept_or_dropped_as_told(bool preserve, string expected)
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int, string>("Continues", async (context, round) =>
        {
            if (round == 0)
            {
                await context.WaitForExternalEvent<int>("go");
                context.ContinueAsNew(1, preserve);
                return string.Empty;
            }

            try
            {
                return await context.WaitForExternalEvent<string>("kept", TimeSpan.FromSeconds(2));
            }
            catch (OperationCanceledException)
            {
                return "nothing";
            }
        }));
        var id = await host.BeginAsync("Continues", 0);
        await host.Client.RaiseEventAsync(id, "kept", "old", Token);
        await host.Client.RaiseEventAsync(id, "go", 1, Token);

        (await host.SettleAsync(id)).Output<string>().ShouldBe(expected);
    }

    [Fact]
    public async Task An_orchestrator_that_throws_after_it_asked_to_continue_fails()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int, int>("Throws", (context, _) =>
        {
            context.ContinueAsNew(1);
            throw new InvalidOperationException("after all");
        }));

        var instance = await host.RunAsync("Throws", 0);

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.ErrorMessage.ShouldBe("after all");
    }

    [Theory]
    [InlineData("2.0", "2.0")]
    [InlineData(null, "1.0")]
    [InlineData(" ", "1.0")]
    public async Task The_next_execution_has_the_new_version_or_else_the_old_one(string? newVersion, string expected)
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int, string>("Moves", (context, round) =>
        {
            if (round == 0)
            {
                context.ContinueAsNew(new ContinueAsNewOptions { NewInput = 1, NewVersion = newVersion });
            }

            return Task.FromResult(context.Version);
        }));

        (await host.RunAsync("Moves", 0, new StartOrchestrationOptions { Version = "1.0" })).Output<string>().ShouldBe(expected);
    }

    [Fact]
    public async Task A_custom_status_that_nobody_sets_anew_stays()
    {
        Requires(HostFeature.CustomStatusOverContinueAsNew);

        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int, string>("Continues", (context, round) =>
        {
            if (round == 0)
            {
                context.SetCustomStatus("first");
                context.ContinueAsNew(1);
                return Task.FromResult(string.Empty);
            }

            return context.WaitForExternalEvent<string>("end");
        }));

        var instance = await host.RunAsync("Continues", 0);

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        instance.ReadCustomStatusAs<string>().ShouldBe("first");
    }
}
