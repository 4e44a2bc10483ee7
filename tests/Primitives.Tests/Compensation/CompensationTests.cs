using AtomicDevOps.Primitives.Compensation;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Timeout;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Compensation;

public sealed class CompensationTests
{
    [Theory, ClassData(typeof(BothForms))]
    public async Task Nothing_is_undone_after_success(Form form)
    {
        var world = World();
        (await world.Run(form, (Step("a") >> Step("b")).WithCompensation(), 0)).ShouldBe(2);
        world.Effects.Select(NameOf).ShouldBe(["do a", "do b"]);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task What_was_completed_is_undone_last_first_and_the_failure_is_kept(Form form)
    {
        var world = World(failing: "do c");
        var exception = await Should.ThrowAsync<Exception>(world.Run(form, (Step("a") >> Step("b") >> Step("c")).WithCompensation(), 0));
        Failure.From(exception).ErrorType.ShouldBe("System.IO.IOException");
        world.Effects.Select(NameOf).ShouldBe(["do a", "do b", "do c", "undo b", "undo a"]);
        world.Logs.ShouldBe(["Information: Undid b in ", "Information: Undid a in "]);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task An_undo_gets_the_step_s_own_input_and_output(Form form)
    {
        var world = World(failing: "do c");
        await Should.ThrowAsync<Exception>(world.Run(form, (Step("a") >> Step("b") >> Step("c")).WithCompensation(), 5));
        world.Effects.ShouldContain(effect => effect.StartsWith("undo a(506)"));
        world.Effects.ShouldContain(effect => effect.StartsWith("undo b(607)"));
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_failing_undo_stops_no_other_and_is_told_with_the_cause(Form form)
    {
        var world = World("do c", "undo b");
        var exception = await Should.ThrowAsync<CompensationFailedException>(
            world.Run(form, (Step("a") >> Step("b") >> Step("c")).WithCompensation(), 0));
        exception.Cause.Message.ShouldBe("do c is broken");
        exception.UndoFailures.ShouldHaveSingleItem().Step.ShouldBe("b");
        exception.Message.ShouldContain("do c is broken");
        exception.Message.ShouldContain("undo b is broken");
        Failure.From(exception).IsCausedBy<IOException>().ShouldBeTrue();
        world.Effects.Select(NameOf).ShouldBe(["do a", "do b", "do c", "undo b", "undo a"]);
        world.Logs[0].ShouldStartWith("Error: Could not undo b");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Cancellation_undoes_and_does_not_reach_the_undos(Form form)
    {
        var world = World();
        var slow = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            await context.DelayAsync(TimeSpan.FromHours(1), context.CancellationToken);
            return input;
        });
        var saga = (Step("a") >> slow >> Step("b")).WithCompensation();
        await Should.ThrowAsync<WorkflowTimeoutException>(world.Run(form, saga.WithTimeout(TimeSpan.FromMinutes(1)), 0));
        world.Effects.Select(NameOf).ShouldBe(["do a", "undo a"]);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_step_that_has_begun_is_waited_for_and_undone(Form form)
    {
        var world = World();
        var saga = (Step("a") >> Step("b") >> Step("c")).WithCompensation();
        await Should.ThrowAsync<WorkflowTimeoutException>(world.Run(form, saga.WithTimeout(TimeSpan.FromSeconds(1.5)), 0));
        world.Effects.ShouldBe(["do a(0) at 00:00:00", "do b(1) at 00:00:01", "undo b(102) at 00:00:02", "undo a(1) at 00:00:03"]);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Parallel_steps_are_undone_in_the_reverse_of_their_completion(Form form)
    {
        var world = World(failing: "do d");
        var slow = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            await context.DelayAsync(TimeSpan.FromSeconds(10), context.CancellationToken);
            return input;
        });
        var sum = WorkflowFunction.Of((IReadOnlyList<int> values) => values.Sum());
        var saga = (((slow >> Step("a")) | Step("b") | Step("c")) >> sum >> Step("d")).WithCompensation();
        await Should.ThrowAsync<Exception>(world.Run(form, saga, 0));
        world.Effects.Select(NameOf).ShouldBe(["do b", "do c", "do a", "do d", "undo a", "undo c", "undo b"]);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_saga_in_a_saga_hands_its_undos_over_when_it_succeeds(Form form)
    {
        var world = World(failing: "do c");
        var saga = (Step("a") >> (Step("b")).WithCompensation() >> Step("c")).WithCompensation();
        await Should.ThrowAsync<Exception>(world.Run(form, saga, 0));
        world.Effects.Select(NameOf).ShouldBe(["do a", "do b", "do c", "undo b", "undo a"]);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_step_with_an_undo_refuses_to_run_outside_of_a_saga(Form form)
    {
        var world = World();
        var exception = await Should.ThrowAsync<InvalidOperationException>(world.Run(form, Step("a"), 0));
        exception.Message.ShouldContain("'a'");
        exception.Message.ShouldContain("WithCompensation()");
        world.Effects.ShouldBeEmpty();
    }

    internal static string NameOf(string effect) => effect[..effect.IndexOf('(')];

    internal static WorkflowPrimitive<int, int> Step(string name) =>
        Forms.Call($"do {name}").WithUndo(name, Forms.Call($"undo {name}"), (input, output) => (input * 100) + output);

    private static World World(params string[] failing)
    {
        var world = new World();
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            foreach (var activity in new[] { $"do {name}", $"undo {name}" })
            {
                world.With(
                    activity,
                    (int input) => failing.Contains(activity) ? throw new IOException($"{activity} is broken") : input + 1,
                    TimeSpan.FromSeconds(1));
            }
        }

        return world;
    }
}
