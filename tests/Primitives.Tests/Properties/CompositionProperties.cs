using AtomicDevOps.Primitives.Compensation;
using AtomicDevOps.Primitives.Observable;
using AtomicDevOps.Primitives.Parallel;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Primitives.Tests.Properties;

public sealed class CompositionProperties
{
    [Fact]
    public void The_same_composition_gives_the_same_result_and_effects_in_both_forms() =>
        Check(Prop.ForAll(Composition.Any, composition =>
        {
            var durable = Run(Form.Orchestration, world => composition.Build(world, "w").WithCompensation());
            var process = Run(Form.Activity, world => composition.Build(world, "w").WithCompensation());
            process.Outcome.ShouldBe(durable.Outcome);
            process.World.Effects.ShouldBe(durable.World.Effects);
        }));

    [Fact]
    public void Sequence_is_associative() =>
        Check(Prop.ForAll(Composition.Any, Composition.Any, Composition.Any, (a, b, c) =>
        {
            foreach (var form in Enum.GetValues<Form>())
            {
                var left = Run(form, world => ((a.Build(world, "a") >> b.Build(world, "b")) >> c.Build(world, "c")).WithCompensation());
                var right = Run(form, world => (a.Build(world, "a") >> (b.Build(world, "b") >> c.Build(world, "c"))).WithCompensation());
                right.Outcome.ShouldBe(left.Outcome);
                right.World.Effects.ShouldBe(left.World.Effects);
            }
        }));

    [Fact]
    public void Identity_changes_nothing_on_either_side() =>
        Check(Prop.ForAll(Composition.Any, composition =>
        {
            foreach (var form in Enum.GetValues<Form>())
            {
                var alone = Run(form, world => composition.Build(world, "w").WithCompensation());
                var before = Run(form, world => (WorkflowFunction.Identity<int>() >> composition.Build(world, "w")).WithCompensation());
                var after = Run(form, world => (composition.Build(world, "w") >> WorkflowFunction.Identity<int>()).WithCompensation());
                before.Outcome.ShouldBe(alone.Outcome);
                after.Outcome.ShouldBe(alone.Outcome);
                before.World.Effects.ShouldBe(alone.World.Effects);
                after.World.Effects.ShouldBe(alone.World.Effects);
            }
        }));

    [Fact]
    public void A_parallel_s_results_depend_neither_on_the_order_of_writing_nor_of_completion() =>
        Check(Prop.ForAll(Arb.From(Branches), Arb.From(Gen.Choose(1, 8)), (branches, width) =>
        {
            foreach (var form in Enum.GetValues<Form>())
            {
                var shuffled = branches.OrderBy(branch => branch.Order).ToArray();
                var written = RunCollecting(form, branches, width);
                var reordered = RunCollecting(form, shuffled, width);
                foreach (var (place, branch) in branches.Index())
                {
                    var other = reordered.Outcomes[Array.IndexOf(shuffled, branch)];
                    other.Value.ShouldBe(written.Outcomes[place].Value);
                    other.Failure?.Message.ShouldBe(written.Outcomes[place].Failure?.Message);
                    written.Outcomes[place].Succeeded.ShouldBe(!branch.Fails);
                }
            }
        }));

    [Fact]
    public void Compensation_undoes_exactly_what_was_done_in_reverse_wherever_it_fails() =>
        Check(Prop.ForAll(Arb.From(Sagas), saga =>
        {
            foreach (var form in Enum.GetValues<Form>())
            {
                for (var failing = 0; failing < saga.Length; failing++)
                {
                    var world = new World();
                    var position = failing;
                    WorkflowPrimitive<int, int> steps = WorkflowFunction.Identity<int>();
                    foreach (var (place, step) in saga.Index())
                    {
                        world.With($"do {place}", (int input) => place == position ? throw new IOException("fails") : input + 1, step.Duration);
                        world.With($"undo {place}", (int input) => step.UndoFails ? throw new TimeoutException($"undo {place}") : input);
                        steps >>= Forms.Call($"do {place}").WithUndo($"step {place}", Forms.Call($"undo {place}"), (input, _) => input);
                    }

                    var run = world.Run(form, steps.WithCompensation(), 100);
                    var done = Enumerable.Range(0, failing).ToList();
                    world.Effects.Select(effect => effect[..effect.IndexOf(" at ")]).ShouldBe(
                        [
                            .. done.Append(failing).Select(place => $"do {place}({100 + place})"),
                            .. done.AsEnumerable().Reverse().Select(place => $"undo {place}({100 + place})"),
                        ]);

                    var exception = run.Exception!.InnerException!;
                    var broken = done.AsEnumerable().Reverse().Where(place => saga[place].UndoFails).Select(place => $"step {place}").ToList();
                    if (broken.Count > 0)
                    {
                        exception.ShouldBeOfType<CompensationFailedException>().UndoFailures.Select(undo => undo.Step).ShouldBe(broken);
                    }
                    else
                    {
                        Failure.From(exception).ErrorType.ShouldBe("System.IO.IOException");
                    }
                }
            }
        }));

    [Fact]
    public void Compensation_leaves_nothing_done_in_a_composition_of_any_shape() =>
        Check(Prop.ForAll(Composition.Any, composition =>
        {
            foreach (var form in Enum.GetValues<Form>())
            {
                var broken = WorkflowFunction.Of<int, int>((int _) => throw new IOException("the end fails"));
                var run = Run(form, world => (composition.Build(world, "w") >> broken).WithCompensation());
                run.Outcome.Failure.ShouldNotBeNull();
                var (done, undone) = run.World.Undoable;
                undone.Order(StringComparer.Ordinal).ShouldBe(done.Order(StringComparer.Ordinal));
            }
        }));

    [Fact]
    public void Replayed_at_every_prefix_of_its_history_an_orchestration_has_the_same_history() =>
        Check(Prop.ForAll(Composition.Any, composition =>
        {
            var (recorded, outcome, emitted) = RunDurably(composition, after: null, 0);
            for (var prefix = 0; prefix <= recorded.History.Count; prefix++)
            {
                var (replayed, sameOutcome, emittedAgain) = RunDurably(composition, recorded, prefix);
                sameOutcome.ShouldBe(outcome);
                replayed.Actions.ShouldBe(recorded.Actions);
                replayed.History.Select(Shape).ShouldBe(recorded.History.Select(Shape));
                emittedAgain.Count.ShouldBeLessThanOrEqualTo(emitted.Count);
                emittedAgain.ShouldBe(emitted.TakeLast(emittedAgain.Count), "what was emitted before the crash is not emitted again");
            }

            static string Shape(HistoryEvent happened) => $"{happened.Action} {happened.At:O} {happened.Result} {happened.Failure?.ErrorMessage}";
        }));

    private static Gen<Branch[]> Branches =>
        Gen.ArrayOf(
            from seconds in Gen.Choose(1, 50)
            from order in Gen.Choose(0, 1000)
            from fails in Gen.Elements(true, false, false)
            select new Branch(seconds, order, fails))
        .Where(branches => branches.Length > 0)
        .Select(branches => branches.DistinctBy(branch => branch.Seconds).ToArray());

    private static Gen<Step[]> Sagas =>
        Gen.ArrayOf(
            from seconds in Gen.Choose(1, 5)
            from undoFails in Gen.Elements(true, false, false)
            select new Step(TimeSpan.FromSeconds(seconds), undoFails));

    private static void Check(Property property) => FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), property);

    private static (World World, (int Value, string? Failure) Outcome) Run(Form form, Func<World, WorkflowPrimitive<int, int>> build)
    {
        var world = new World();
        var run = world.Run(form, build(world), 1);
        return (world, run.Outcome().Result);
    }

    private static (SimulatedOrchestration Orchestration, (int Value, string? Failure) Outcome, List<string> Emitted) RunDurably(
        Composition composition, SimulatedOrchestration? after, int events)
    {
        var world = new World();
        var orchestration = new SimulatedOrchestration(world);
        if (after is not null)
        {
            orchestration.After(after, events);
        }

        var outcome = orchestration.Run(composition.Build(world, "w").Observed("w").WithCompensation(), 1).Outcome().Result;
        return (orchestration, outcome, world.Logs);
    }

    private static FanOutResult<int> RunCollecting(Form form, Branch[] branches, int width)
    {
        var world = new World();
        var parallel = new ParallelPrimitive<int, int>(branches.Select(branch =>
        {
            var name = $"{branch.Seconds}";
            world.With(name, (int input) => branch.Fails ? throw new IOException(name) : input + branch.Seconds, TimeSpan.FromSeconds(branch.Seconds));
            return Forms.Call(name);
        }));
        return world.Run(form, parallel.Collecting(new() { MaxConcurrency = width }), 1).Result;
    }

    private sealed record Branch(int Seconds, int Order, bool Fails);

    private sealed record Step(TimeSpan Duration, bool UndoFails);
}
