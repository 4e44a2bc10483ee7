using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.Primitives.Compensation;
using AtomicDevOps.Primitives.Observable;
using AtomicDevOps.Primitives.Retry;
using AtomicDevOps.Primitives.Tests.Properties;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Timeout;
using AtomicDevOps.Primitives.Workflow;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;
using EngineEvent = AtomicDevOps.EmbeddedHost.Engine.HistoryEvent;

namespace AtomicDevOps.Primitives.Tests.Engine;

/// <summary>The primitives on the real engine, in skipped time.</summary>
public sealed class EngineTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Replayed_at_every_prefix_of_its_history_an_orchestration_has_the_same_history() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(20),
            Prop.ForAll(Composition.Any, composition =>
            {
                var world = new World { IsPaced = true };
                Task.Run(() => ReplayEverywhereAsync(world, composition.Build(world, "w").Observed("w").WithCompensation()), Token).GetAwaiter().GetResult();
            }));

    [Fact]
    public async Task A_deadline_undoes_what_a_saga_has_done()
    {
        var world = new World().With("create", (int input) => input + 1).With("delete", (int input) => input);
        var hang = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            await context.DelayAsync(TimeSpan.FromDays(30), context.CancellationToken);
            return input;
        });
        var saga = (Forms.Call("create").WithUndo("create", Forms.Call("delete"), (_, output) => output) >> hang).WithCompensation();
        await using var host = await StartAsync(world, saga.WithTimeout(TimeSpan.FromDays(1)));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Composition", 1, Token);
        await host.RunUntilIdleAsync(Token);
        (await OutputAsync(host, id)).ShouldBe(typeof(WorkflowTimeoutException).FullName);
        world.Effects.Select(effect => effect[..effect.IndexOf('(')]).ShouldBe(["create", "delete"]);
        (host.Time.GetUtcNow() - new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)).ShouldBe(TimeSpan.FromDays(1), "the losing timer was cancelled");
    }

    [Fact]
    public async Task A_sub_orchestration_s_failure_keeps_its_cause()
    {
        var world = new World().With<int, int>("broken", _ => throw new FileNotFoundException("gone"));
        var parent = new SubOrchestration<int, int>("Child", (input, context) => $"{context.CorrelationId}:child:{input}");
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Parent", async orchestration =>
            {
                try
                {
                    return await parent.ExecuteAsync(1, new OrchestrationWorkflowContext(orchestration));
                }
                catch (TaskFailedException exception)
                {
                    return Failure.From(exception).IsCausedBy<IOException>();
                }
            })
            .AddOrchestrator("Child", async orchestration =>
                await Forms.Call("broken").ExecuteAsync(1, new OrchestrationWorkflowContext(orchestration)))
            .AddActivity("broken", activity => Task.FromResult(world.Perform("broken", activity.GetInput(typeof(int))))));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("parent"), Token);
        await host.RunUntilIdleAsync(Token);
        (await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Token))!.ReadOutputAs<bool>().ShouldBeTrue();
        (await host.Client.GetInstanceAsync("parent:child:1", Token)).ShouldNotBeNull().RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
    }

    [Fact]
    public async Task A_composition_goes_on_after_a_restart_in_the_middle_of_a_retry_s_wait()
    {
        var world = new World()
            .With("prepare", (int input) => input + 1)
            .With("flaky", (int input, int call) => call == 1 ? throw new IOException("not yet") : input + 1);
        var pipeline = Forms.Call("prepare") >> Forms.Call("flaky").WithRetry(new() { Delay = TimeSpan.FromHours(10), MaxDelay = TimeSpan.FromHours(10) });
        await using var host = await StartAsync(world, pipeline);
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Composition", 1, Token);
        await host.AdvanceAsync(TimeSpan.FromHours(1), Token);
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);
        (await OutputAsync(host, id)).ShouldBe("3");
        world.Effects.Count.ShouldBe(3, "what was done before the restart is not done again");
    }

    private static async Task ReplayEverywhereAsync(World world, WorkflowPrimitive<int, int> primitive)
    {
        await using var host = await StartAsync(world, primitive);
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Composition", 1, Token);
        await host.RunUntilIdleAsync(Token);
        var instance = (await host.Client.GetInstanceAsync(id, Token))!;
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed, instance.FailureDetails?.ToString());

        var store = host.Engine.Store;
        var history = store.History(store.Find(id)!.Value.Sequence).ToList();
        var functions = Register(new FunctionRegistry(), world, primitive);
        var environment = new ExecutionEnvironment(functions, JsonDataConverter.Default, NullLoggerFactory.Instance);
        for (var prefix = 0; prefix <= history.Count; prefix++)
        {
            var foreign = false;
            var executor = new OrchestrationExecutor(new("Composition", id, string.Empty, "1", Parent: null), environment, customStatus: null, () => foreign = true);
            foreach (var turn in history.Take(prefix))
            {
                executor.Replay(turn);
            }

            foreach (var turn in history.Skip(prefix))
            {
                executor.RunTurn(turn.At, turn.Arrivals, isReplay: false).Decisions.Select(Shape).ShouldBe(turn.Decisions.Select(Shape));
            }

            foreign.ShouldBeFalse("a continuation left the orchestrator's thread");
        }

        static string Shape(EngineEvent happened) => $"{happened}";
    }

    private static Task<DurableTestHost> StartAsync(World world, WorkflowPrimitive<int, int> primitive) =>
        DurableTestHost.StartAsync(functions => Register(functions, world, primitive));

    private static FunctionRegistry Register(FunctionRegistry functions, World world, WorkflowPrimitive<int, int> primitive)
    {
        functions.AddOrchestrator("Composition", async orchestration =>
        {
            try
            {
                var output = await primitive.ExecuteAsync(orchestration.GetInput<int>(), new OrchestrationWorkflowContext(orchestration));
                return $"{output}";
            }
            catch (Exception exception)
            {
                return Failure.From(exception).ErrorType;
            }
        });
        foreach (var name in world.Activities)
        {
            functions.AddActivity(name, activity => Task.FromResult(world.Perform(name, activity.GetInput(typeof(int)))));
        }

        return functions;
    }

    private static async Task<string?> OutputAsync(DurableTestHost host, string id) =>
        (await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Token))!.ReadOutputAs<string>();
}
