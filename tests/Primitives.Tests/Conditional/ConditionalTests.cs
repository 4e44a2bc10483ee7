using AtomicDevOps.Primitives.Conditional;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Conditional;

public sealed class ConditionalTests
{
    [Theory, ClassData(typeof(BothForms))]
    public async Task The_predicate_picks_one_of_two(Form form)
    {
        var world = new World().With("even", (int input) => input / 2).With("odd", (int input) => (input * 3) + 1);
        var step = Forms.Call("even").When(input => input % 2 == 0, otherwise: Forms.Call("odd"));
        (await world.Run(form, step, 10)).ShouldBe(5);
        (await world.Run(form, step, 5)).ShouldBe(16);
        world.Effects.Count.ShouldBe(2);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task The_predicate_may_be_a_step(Form form)
    {
        var world = new World().With("is large", (int input) => input > 100).With("fast", (int _) => 1).With("full", (int _) => 2);
        var step = Forms.Call("full").When(new ActivityCall<int, bool>("is large"), otherwise: Forms.Call("fast"));
        (await world.Run(form, step, 101)).ShouldBe(2);
        (await world.Run(form, step, 100)).ShouldBe(1);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Nothing_is_run_when_the_predicate_fails_or_the_token_is_cancelled(Form form)
    {
        using var source = new CancellationTokenSource();
        var world = new World();
        var failing = Forms.Call("a").When(input => throw new IOException("broken"), otherwise: Forms.Call("b"));
        await Should.ThrowAsync<IOException>(world.Run(form, failing, 1));

        var cancelling = Forms.Call("a").When(
            input =>
            {
                source.Cancel();
                return true;
            },
            otherwise: Forms.Call("b"));
        await Should.ThrowAsync<OperationCanceledException>(world.Run(form, cancelling, 1, source));
        world.Effects.ShouldBeEmpty();
    }
}
