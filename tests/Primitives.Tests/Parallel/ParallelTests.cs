using AtomicDevOps.Primitives.Parallel;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Parallel;

public sealed class ParallelTests
{
    [Theory, ClassData(typeof(BothForms))]
    public async Task Branches_run_side_by_side_and_answer_in_the_order_of_writing(Form form)
    {
        var world = World();
        (await world.Run(form, Branch(3) | Branch(1) | Branch(2), 10)).ShouldBe([13, 11, 12]);
        world.Effects.ShouldBe(["after 3(10) at 00:00:00", "after 1(10) at 00:00:00", "after 2(10) at 00:00:00"]);
    }

    [Fact]
    public async Task Further_branches_join_the_same_parallel()
    {
        var left = Branch(1) | Branch(2);
        var right = Branch(3) | Branch(4);
        (await World().Run(Form.Activity, left | Branch(3), 0)).ShouldBe([1, 2, 3]);
        (await World().Run(Form.Activity, Branch(0) | right, 0)).ShouldBe([0, 3, 4]);
        (await World().Run(Form.Activity, left | right, 0)).ShouldBe([1, 2, 3, 4]);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task The_width_limit_holds(Form form)
    {
        var world = World();
        var limited = (Branch(1) | Branch(2) | Branch(3)).With(new() { MaxConcurrency = 2 });
        (await world.Run(form, limited, 0)).ShouldBe([1, 2, 3]);
        world.Effects.ShouldBe(["after 1(0) at 00:00:00", "after 2(0) at 00:00:00", "after 3(0) at 00:00:01"]);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task The_first_failure_cancels_the_others_and_fails_the_whole(Form form)
    {
        var world = World().With<int, int>("broken", _ => throw new IOException("broken"), TimeSpan.FromSeconds(2));
        var steps = (Branch(1) | Forms.Call("broken") | (Branch(4) >> Branch(1)) | Branch(1)).With(new() { MaxConcurrency = 3 });
        var exception = await Should.ThrowAsync<ParallelFailedException>(world.Run(form, steps, 0));
        exception.Failures.ShouldHaveSingleItem().Branch.ShouldBe(1);
        exception.Failures[0].Failure.IsCausedBy<IOException>().ShouldBeTrue();
        exception.Message.ShouldBe("1 of 4 parallel branches failed: #1 System.IO.IOException: broken");
        Failure.From(exception).IsCausedBy<IOException>().ShouldBeTrue();
        world.Effects.Count.ShouldBe(4, "the third branch must not get to its second step");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Branches_that_were_not_begun_before_the_first_failure_never_are(Form form)
    {
        var world = World().With<int, int>("broken", _ => throw new IOException("broken"), TimeSpan.FromSeconds(2));
        var steps = (Forms.Call("broken") | Branch(1)).With(new() { MaxConcurrency = 1 });
        await Should.ThrowAsync<ParallelFailedException>(world.Run(form, steps, 0));
        world.Effects.Count.ShouldBe(1);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Every_failure_is_told_in_the_branches_order(Form form)
    {
        var world = World().With<int, int>("broken", _ => throw new IOException("broken"), TimeSpan.FromSeconds(2));
        var stubborn = WorkflowFunction.Of<int, int>(async (_, context) =>
        {
            await context.WithCancellation(default).DelayAsync(TimeSpan.FromSeconds(9), default);
            throw new TimeoutException("late");
        });
        var exception = await Should.ThrowAsync<ParallelFailedException>(world.Run(form, stubborn | Forms.Call("broken"), 0));
        exception.Failures.Select(failure => failure.Failure.Message).ShouldBe(["late", "broken"]);
        Failure.From(exception).Inner!.Message.ShouldBe("broken", "the first failure in time is the inner exception");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Collecting_keeps_what_succeeded(Form form)
    {
        var world = World().With<int, int>("broken", _ => throw new IOException("broken"), TimeSpan.FromSeconds(2));
        var result = await world.Run(form, (Branch(3) | Forms.Call("broken") | Branch(1)).Collecting(), 0);
        result.Succeeded.ShouldBe([3, 1]);
        result.Failed.ShouldHaveSingleItem().Branch.ShouldBe(1);
        result.Outcomes.Count.ShouldBe(3);
        (await world.Run(form, (Branch(3) | Branch(1)).Collecting(new() { MaxConcurrency = 1 }), 0)).Failed.ShouldBeEmpty();
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Cancellation_is_thrown_in_both_modes(Form form)
    {
        foreach (var steps in (WorkflowPrimitive<int, int>[])[
            (Branch(1) | Cancelling | Branch(5)) >> WorkflowFunction.Of((IReadOnlyList<int> values) => values.Count),
            (Branch(1) | Cancelling | Branch(5)).Collecting() >> WorkflowFunction.Of((FanOutResult<int> values) => values.Outcomes.Count)])
        {
            using var source = new CancellationTokenSource();
            Source.Value = source;
            await Should.ThrowAsync<OperationCanceledException>(World().Run(form, steps, 0, source));
        }
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Nothing_is_begun_once_the_token_is_cancelled(Form form)
    {
        var world = World();
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(world.Run(form, Branch(1) | Branch(2), 0, source));
        world.Effects.ShouldBeEmpty();
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task ForEach_runs_the_step_once_for_each_input(Form form)
    {
        var world = World();
        (await world.Run(form, Branch(1).ForEach(new() { MaxConcurrency = 2 }), [10, 20, 30])).ShouldBe([11, 21, 31]);
        world.Effects[2].ShouldBe("after 1(30) at 00:00:01");
        (await world.Run(form, Branch(1).ForEach(), [])).ShouldBeEmpty();
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task ForEachCollecting_tells_of_each_input_what_it_came_to(Form form)
    {
        var world = new World().With("odd", (int input) => input % 2 == 0 ? throw new IOException("even") : input);
        var result = await world.Run(form, Forms.Call("odd").ForEachCollecting(), [1, 2, 3]);
        result.Succeeded.ShouldBe([1, 3]);
        result.Failed.ShouldHaveSingleItem().Branch.ShouldBe(1);
        (await world.Run(form, Forms.Call("odd").ForEachCollecting(new() { MaxConcurrency = 1 }), [])).Outcomes.ShouldBeEmpty();
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Branches_of_different_types_answer_as_a_tuple(Form form)
    {
        var text = WorkflowFunction.Of((int input) => $"#{input}");
        var flag = WorkflowFunction.Of((int input) => input > 0);
        (await World().Run(form, Branch(1).And(text), 5)).ShouldBe((6, "#5"));
        (await World().Run(form, Branch(1).And(text, flag), 5)).ShouldBe((6, "#5", true));
    }

    [Fact]
    public void A_parallel_needs_branches()
    {
        Should.Throw<ArgumentException>(() => new ParallelPrimitive<int, int>());
        Should.Throw<ArgumentException>(() => new ParallelPrimitive<int, int>(Branch(1), null!));
        Should.Throw<ArgumentOutOfRangeException>(() => new FanOutOptions { MaxConcurrency = 0 }).Message.ShouldContain("at least 1");
        new FanOutOptions { MaxConcurrency = null }.MaxConcurrency.ShouldBeNull();
    }

    private static readonly AsyncLocal<CancellationTokenSource> Source = new();

    private static WorkflowPrimitive<int, int> Cancelling => WorkflowFunction.Of(async (int input, WorkflowContext context) =>
    {
        await context.DelayAsync(TimeSpan.FromSeconds(2), context.CancellationToken);
        Source.Value!.Cancel();
        return input;
    });

    private static WorkflowPrimitive<int, int> Branch(int seconds) => Forms.Call($"after {seconds}");

    private static World World()
    {
        var world = new World();
        for (var seconds = 0; seconds < 6; seconds++)
        {
            var added = seconds;
            world.With($"after {seconds}", (int input) => input + added, TimeSpan.FromSeconds(seconds));
        }

        return world;
    }
}
