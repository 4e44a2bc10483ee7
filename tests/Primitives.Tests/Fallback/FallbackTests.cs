using AtomicDevOps.Primitives.Fallback;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Fallback;

public sealed class FallbackTests
{
    [Theory, ClassData(typeof(BothForms))]
    public async Task The_next_alternative_follows_a_failure_and_only_then(Form form)
    {
        var world = World();
        (await world.Run(form, Forms.Call("broken").WithFallback(Forms.Call("works")).WithFallback(Forms.Call("broken")), 1)).ShouldBe(2);
        world.Effects.Count.ShouldBe(2);
        world.Logs.ShouldHaveSingleItem().ShouldStartWith("Warning: Alternative 1 of 2 failed");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task When_all_fail_each_is_told_in_order(Form form)
    {
        var all = new FallbackPrimitive<int, int>([Forms.Call("broken"), Forms.Call("late")]);
        var exception = await Should.ThrowAsync<FallbackFailedException>(World().Run(form, all, 1));
        exception.Failures.Select(failure => failure.Message).ShouldBe(["broken", "late"]);
        exception.Message.ShouldBe("All 2 alternatives failed: System.IO.IOException: broken; System.TimeoutException: late");
        Failure.From(exception).IsCausedBy<TimeoutException>().ShouldBeTrue();
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_failure_that_is_not_to_be_handled_stays_as_it_is(Form form)
    {
        var world = World();
        var options = new FallbackOptions { ShouldHandle = failure => failure.IsCausedBy<TimeoutException>() };
        (await world.Run(form, Forms.Call("broken").WithFallback(Forms.Call("works"), options), 1).Outcome()).Failure.ShouldBe("System.IO.IOException");
        world.Effects.Count.ShouldBe(1);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Cancellation_leads_to_no_alternative(Form form)
    {
        using var source = new CancellationTokenSource();
        var world = World();
        var cancelling = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            source.Cancel();
            await context.DelayAsync(TimeSpan.FromSeconds(1), context.CancellationToken);
            return input;
        });
        await Should.ThrowAsync<OperationCanceledException>(world.Run(form, cancelling.WithFallback(Forms.Call("works")), 1, source));
        world.Effects.ShouldBeEmpty();
    }

    [Fact]
    public void Alternatives_and_predicate_are_needed()
    {
        Should.Throw<ArgumentException>(() => new FallbackPrimitive<int, int>([]));
        Should.Throw<ArgumentException>(() => new FallbackPrimitive<int, int>([Forms.Call("works"), null!]));
        Should.Throw<ArgumentNullException>(() => new FallbackOptions { ShouldHandle = null! });
    }

    private static World World() => new World()
        .With("works", (int input) => input + 1)
        .With<int, int>("broken", _ => throw new IOException("broken"))
        .With<int, int>("late", _ => throw new TimeoutException("late"));
}
