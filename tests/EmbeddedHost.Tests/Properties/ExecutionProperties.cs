using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomicDevOps.EmbeddedHost.Tests.Properties;

public sealed class ExecutionProperties
{
    private static readonly ExecutionEnvironment Environment = MakeEnvironment();

    [Fact]
    public void A_replay_of_every_prefix_of_a_history_gives_the_same_decisions()
        => Prop.ForAll(Step.Plans(most: 6).ToArbitrary(), plan => ReplaysAsync(plan).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void Arrivals_in_any_order_and_in_turns_of_any_size_give_what_they_give_one_a_turn_in_that_order()
        => Prop.ForAll(
                Step.Plans(most: 6).ToArbitrary(),
                Gen.Choose(0, int.MaxValue).ToArbitrary(),
                (plan, seed) => Interleaves(new PlanInput(plan, string.Empty, Fails: false), seed))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static async Task<bool> ReplaysAsync(Step[] plan)
    {
        await using var host = await DurableTestHost.StartAsync(PlanFunctions.AddTo);
        var input = new PlanInput(plan, string.Empty, Fails: false);
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(PlanFunctions.Orchestrator, input, CancellationToken.None);
        for (var i = 0; i < input.Events; i++)
        {
            await host.Client.RaiseEventAsync(id, PlanFunctions.EventName, 1, CancellationToken.None);
        }

        await host.RunUntilIdleAsync(CancellationToken.None);
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);
        await foreach (var instance in host.Client.GetAllInstancesAsync())
        {
            CheckPrefixes(host, host.Engine.Store.Find(instance.InstanceId)!.Value.Sequence);
        }

        return true;
    }

    private static void CheckPrefixes(DurableTestHost host, long sequence)
    {
        var stored = host.Engine.Store.Load(sequence)!;
        var history = host.Engine.Store.History(sequence).ToList();
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
    }

    private static bool Interleaves(PlanInput input, int seed)
    {
        var random = new Random(seed);
        var grouped = new PlanRun(Environment, input);
        while (!grouped.HasEnded)
        {
            grouped.TakeTurn([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => grouped.TakeWaiting(random)).OfType<Arrival>()]);
        }

        var single = new PlanRun(Environment, input);
        foreach (var arrival in grouped.Delivered)
        {
            if (!single.HasEnded)
            {
                single.TakeTurn([arrival]);
            }
        }

        single.Outcome.ShouldBe(grouped.Outcome, $"seed {seed}");
        single.Decided.ShouldBe(grouped.Decided, $"seed {seed}");
        return true;
    }

    private static ExecutionEnvironment MakeEnvironment()
    {
        var functions = new FunctionRegistry();
        PlanFunctions.AddTo(functions);
        return new ExecutionEnvironment(functions, JsonDataConverter.Default, NullLoggerFactory.Instance);
    }
}
