using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Testing;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class DeterminismTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Code_that_changed_under_a_running_instance_fails_it_with_the_event_history_and_code()
    {
        var activity = "Before";
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Changes", async context =>
            {
                await context.CallActivityAsync(activity);
                return await context.WaitForExternalEvent<int>("go");
            })
            .AddActivity("Before", (object? _) => 1)
            .AddActivity("After", (object? _) => 2));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Changes", Token);
        await host.RunUntilIdleAsync(Token);

        activity = "After";
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", 1, Token);
        await host.RunUntilIdleAsync(Token);

        var failure = (await host.ReadAsync(id)).FailureDetails!;
        failure.IsCausedBy<NonDeterministicOrchestrationException>().ShouldBeTrue();
        failure.ErrorMessage.ShouldContain($"instance '{id}'");
        failure.ErrorMessage.ShouldContain("Event 2: history says TaskScheduled { TaskId = 0, Name = Before");
        failure.ErrorMessage.ShouldContain("the code did TaskScheduled { TaskId = 0, Name = After");
    }

    [Fact]
    public async Task Awaiting_what_is_not_durable_fails_the_instance_and_leaves_others_alone()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Sleeps", async context =>
            {
                await Task.Delay(1, CancellationToken.None);
                return await context.WaitForExternalEvent<int>("never");
            })
            .AddOrchestrator("Good", _ => Task.FromResult<object?>(1)));

        var bad = await host.RunAsync("Sleeps");

        bad.FailureDetails!.IsCausedBy<NonDurableAwaitException>().ShouldBeTrue();
        bad.FailureDetails.ErrorMessage.ShouldContain($"instance '{bad.InstanceId}' awaited something that is not durable");
        (await host.RunAsync("Good")).Output<int>().ShouldBe(1);
    }

    [Fact]
    public async Task An_unknown_orchestrator_fails_the_instance_and_names_those_that_are_there()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Present", _ => Task.FromResult<object?>(1)));

        (await host.RunAsync("Missing")).FailureDetails!.ErrorMessage
            .ShouldBe("There is no orchestrator named 'Missing'. Known: Present.");
    }

    [Fact]
    public async Task A_new_guid_is_that_of_the_real_engine_for_the_same_instance_and_time()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Ids", context => Task.FromResult<object?>(new[] { context.NewGuid(), context.NewGuid() })));

        await host.Client.ScheduleNewOrchestrationInstanceAsync("Ids", new StartOrchestrationOptions("known"), Token);
        await host.RunUntilIdleAsync(Token);

        // Version 5 of "known_2026-01-01T00:00:00.0000000Z_0" and "…_1" in the real engine's name space.
        (await host.ReadAsync("known")).Output<Guid[]>().ShouldBe(
            [Guid.Parse("f2ff9f13-a03e-58e5-b14a-78be9f4b509c"), Guid.Parse("4e76ddfd-907b-5169-8fbd-5a3c04398760")]);
    }

    [Fact]
    public void A_replay_of_every_prefix_of_a_history_gives_the_same_decisions()
        => Prop.ForAll(Plans.ToArbitrary(), plan => HoldsAsync(plan).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(30));

    private static Gen<int[]> Plans => Gen.Choose(0, 4).ArrayOf().Where(steps => steps.Length is > 0 and < 8);

    private static async Task<bool> HoldsAsync(int[] plan)
    {
        await using var host = await DurableTestHost.StartAsync(AddPlanFunctions);
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Plan", plan, CancellationToken.None);
        foreach (var _ in plan.Where(step => step == 2))
        {
            await host.Client.RaiseEventAsync(id, "e", 1, CancellationToken.None);
        }

        await host.RunUntilIdleAsync(CancellationToken.None);
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);

        var state = host.Engine.Store.Find(id)!.Value;
        var stored = host.Engine.Store.Load(state.Sequence)!;
        var history = host.Engine.Store.History(state.Sequence).ToList();
        foreach (var (index, next) in history.Index())
        {
            var executor = new OrchestrationExecutor(stored.Identity, host.Engine.Environment, null, static () => { });
            foreach (var turn in history.Take(index))
            {
                executor.Replay(turn);
            }

            var result = executor.RunTurn(next.At, next.Arrivals, isReplay: false);
            HistoryCodec.Write([], result.Decisions).ShouldBe(HistoryCodec.Write([], next.Decisions));
        }

        return true;
    }

    private static void AddPlanFunctions(FunctionRegistry functions) => functions
        .AddActivity("Echo", (int value) => value)
        .AddActivity("Break", (int value) => value < 0 ? value : throw new IOException("broken"))
        .AddOrchestrator("Child", async context => await context.CallActivityAsync<int>("Echo", context.GetInput<int>()))
        .AddOrchestrator("Plan", async context =>
        {
            var total = 0;
            foreach (var step in context.GetInput<int[]>()!)
            {
                total += await StepAsync(context, step);
            }

            return $"{total} {context.NewGuid()}";
        });

    private static async Task<int> StepAsync(TaskOrchestrationContext context, int step)
    {
        switch (step)
        {
            case 0:
                return (await Task.WhenAll(Enumerable.Range(0, 3).Select(i => context.CallActivityAsync<int>("Echo", i)))).Sum();
            case 1:
                await context.CreateTimer(TimeSpan.FromMinutes(5), CancellationToken.None);
                return 1;
            case 2:
                return await context.WaitForExternalEvent<int>("e", TimeSpan.FromHours(1));
            case 3:
                return await context.CallSubOrchestratorAsync<int>("Child", step);
            default:
                try
                {
                    return await context.CallActivityAsync<int>(
                        "Break", 1, TaskOptions.FromRetryPolicy(new RetryPolicy(2, TimeSpan.FromSeconds(5))));
                }
                catch (TaskFailedException)
                {
                    return -1;
                }
        }
    }
}
