using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Testing;

public sealed class FaultInjectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_activity_fails_as_often_as_it_is_told_to()
    {
        await using var host = await StartAsync();
        host.Faults.FailActivity("charge", times: 2);

        (await host.RunAsync("Pays", 3)).Output<string>().ShouldBe("paid");
        (await host.RunAsync("Pays", 1)).Output<string>().ShouldBe("paid");

        host.Faults.FailActivity("Charge", times: 2);
        var instance = await host.RunAsync("Pays", 2);
        instance.FailureDetails!.InnerFailure!.IsCausedBy<InjectedFaultException>().ShouldBeTrue();
        instance.FailureDetails.ErrorMessage.ShouldContain("in its run 6");
    }

    [Fact]
    public async Task An_activity_fails_in_the_runs_that_a_predicate_picks_with_the_exception_of_choice()
    {
        await using var host = await StartAsync();
        host.Faults.FailActivity("Charge", run => run is { Number: 2, SerializedInput: "7" }, static () => new TimeoutException("too slow"));

        (await host.RunAsync("Charges", new[] { 6, 7, 7 })).Output<string[]>().ShouldBe(["6", "System.TimeoutException: too slow", "7"]);
    }

    [Fact]
    public async Task While_an_activity_hangs_timers_fire()
    {
        await using var host = await StartAsync();
        var hung = host.Faults.HangActivity("Charge");

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("GivesUp", Token);
        await host.RunUntilIdleAsync(Token);
        await hung.Reached;
        (await host.ReadAsync(id)).SerializedCustomStatus.ShouldBe("\"gave up\"");
        (await host.ReadAsync(id)).IsCompleted.ShouldBeFalse("the activity is still open");

        hung.Release();
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync(id)).Output<string>().ShouldBe("gave up");
    }

    [Fact]
    public async Task What_hangs_at_a_restart_runs_anew()
    {
        await using var host = await StartAsync();
        var hung = host.Faults.HangActivity("Charge");
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Pays", 1, cancellation: Token);
        await host.RunUntilIdleAsync(Token);
        await hung.Reached;

        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<string>().ShouldBe("paid");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_at_a_commit_keeps_it_only_if_it_was_on_disk(bool afterIt)
    {
        await using var host = await StartAsync();
        host.Faults.CrashAtCommit(1, afterIt);

        await Should.ThrowAsync<SimulatedCrashException>(
            () => host.Client.ScheduleNewOrchestrationInstanceAsync("Pays", 1, new StartOrchestrationOptions("id"), Token));
        host.Faults.HasCrashed.ShouldBeTrue();
        await Should.ThrowAsync<SimulatedCrashException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync("Pays", 1, cancellation: Token));
        await host.RunUntilIdleAsync(Token);
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        host.Faults.HasCrashed.ShouldBeFalse();
        (await host.Client.GetInstanceAsync("id", Token))?.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);
        (await host.Client.GetInstanceAsync("id", Token) is not null).ShouldBe(afterIt);
    }

    [Fact]
    public async Task An_instance_goes_on_after_a_crash_in_its_middle()
    {
        await using var host = await StartAsync();
        host.Faults.CrashAtCommit(4);
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Charges", Enumerable.Range(0, 10), cancellation: Token);
        await host.RunUntilIdleAsync(Token);
        host.Faults.HasCrashed.ShouldBeTrue();

        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<string[]>()!.Length.ShouldBe(10);
    }

    [Fact]
    public async Task Thirty_days_of_an_eternal_orchestration_are_720_hours()
    {
        var runs = 0;
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddActivity("Check", (int hour) =>
            {
                runs++;
                return hour + 1;
            })
            .AddOrchestrator("Hourly", async context =>
            {
                var next = await context.CallActivityAsync<int>("Check", context.GetInput<int>());
                await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                context.ContinueAsNew(next);
                return null;
            }));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Hourly", 0, cancellation: Token);
        await host.AdvanceAsync(TimeSpan.FromDays(30), Token);

        TestContext.Current.TestOutputHelper?.WriteLine($"30 days in {watch.ElapsedMilliseconds} ms");
        runs.ShouldBe((30 * 24) + 1);
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
    }

    private static Task<DurableTestHost> StartAsync() => DurableTestHost.StartAsync(functions => functions
        .AddActivity("Charge", (int amount) => $"{amount}")
        .AddOrchestrator("Pays", async context =>
        {
            await context.CallActivityAsync(
                "Charge", 1, TaskOptions.FromRetryPolicy(new RetryPolicy(context.GetInput<int>(), TimeSpan.FromHours(1))));
            return "paid";
        })
        .AddOrchestrator("Charges", async context =>
        {
            var results = new List<string>();
            foreach (var amount in context.GetInput<int[]>()!)
            {
                try
                {
                    results.Add(await context.CallActivityAsync<string>("Charge", amount));
                }
                catch (TaskFailedException exception)
                {
                    results.Add(exception.FailureDetails.ToString());
                }
            }

            return results;
        })
        .AddOrchestrator("GivesUp", async context =>
        {
            var charge = context.CallActivityAsync<string>("Charge", 1);
            var timeout = context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            var result = await Task.WhenAny(charge, timeout) == timeout ? "gave up" : "paid";
            context.SetCustomStatus(result);
            return result;
        }));
}
