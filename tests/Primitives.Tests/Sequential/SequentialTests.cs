using AtomicDevOps.Primitives.Cache;
using AtomicDevOps.Primitives.Retry;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Sequential;

public sealed class SequentialTests
{
    [Theory, ClassData(typeof(BothForms))]
    public async Task The_output_of_one_is_the_input_of_the_next(Form form)
    {
        var text = WorkflowFunction.Of((int input) => $"#{input}");
        var length = WorkflowFunction.Of((string input) => input.Length);
        (await new World().Run(form, text >> length, 100)).ShouldBe(4);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task What_follows_a_failure_is_not_run(Form form)
    {
        var world = new World().With<int, int>("broken", _ => throw new IOException("broken")).With("next", (int input) => input);
        (await world.Run(form, Forms.Call("broken") >> Forms.Call("next"), 1).Outcome()).Failure.ShouldBe("System.IO.IOException");
        world.Effects.Count.ShouldBe(1);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task What_follows_a_cancellation_is_not_run(Form form)
    {
        using var source = new CancellationTokenSource();
        var world = new World().With("next", (int input) => input);
        var cancelling = WorkflowFunction.Of((int input) =>
        {
            source.Cancel();
            return input;
        });
        await Should.ThrowAsync<OperationCanceledException>(world.Run(form, cancelling >> Forms.Call("next"), 1, source));
        world.Effects.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_process_primitive_composes_with_everything_and_the_whole_is_one()
    {
        var increment = WorkflowFunction.Of((int input) => input + 1);
        ProcessPrimitive<int, int> cached = increment.WithCache(new() { Key = input => $"{input}", TimeToLive = TimeSpan.FromHours(1) });
        ProcessPrimitive<int, int> whole = increment >> cached >> cached >> increment;
        (await new SimulatedProcess(new()).Run(whole, 0)).ShouldBe(4);
    }

    [Fact]
    public async Task A_process_primitive_stops_between_steps_when_cancelled()
    {
        using var source = new CancellationTokenSource();
        ProcessPrimitive<int, int> cancelling = WorkflowFunction.Of((int input) =>
        {
            source.Cancel();
            return input;
        });
        await Should.ThrowAsync<OperationCanceledException>(new SimulatedProcess(new()).Run(cancelling >> cancelling, 0, source));
    }

    [Fact]
    public async Task A_process_primitive_can_be_decorated_with_what_works_in_both_forms()
    {
        var world = new World().With("work", (int input, int call) => call < 3 ? throw new IOException("not yet") : input);
        var cached = Forms.Call("work").WithCache(new() { Key = input => $"{input}", TimeToLive = TimeSpan.FromHours(1) });
        var whole = cached.Decorate(call => call.WithRetry(new() { UseJitter = false }));
        var process = new SimulatedProcess(world);
        (await process.Run(whole, 7)).ShouldBe(7);
        (await process.Run(whole, 7)).ShouldBe(7);
        world.Effects.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_decorated_process_primitive_that_is_smuggled_into_an_orchestration_refuses()
    {
        var cached = Forms.Call("work").WithCache(new() { Key = input => $"{input}", TimeToLive = TimeSpan.FromHours(1) });
        WorkflowPrimitive<int, int>? smuggled = null;
        cached.Decorate(call => smuggled = call);
        var exception = await Should.ThrowAsync<InvalidOperationException>(
            async () => await new World().Run(Form.Orchestration, smuggled!, 1));
        exception.Message.ShouldContain("CachePrimitive");
    }
}
