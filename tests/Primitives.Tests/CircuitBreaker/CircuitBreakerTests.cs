using AtomicDevOps.Primitives.CircuitBreaker;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.CircuitBreaker;

public sealed class CircuitBreakerTests
{
    private static readonly CircuitBreakerOptions Sensitive = new()
    {
        FailureRatio = 1,
        MinimumThroughput = 2,
        SamplingDuration = TimeSpan.FromSeconds(30),
        BreakDuration = TimeSpan.FromSeconds(10),
    };

    [Fact]
    public async Task Work_that_keeps_failing_is_not_called_until_the_break_is_over()
    {
        var world = new World().With("work", (int input, int call) => call <= 2 ? throw new IOException("down") : input);
        var process = new SimulatedProcess(world);
        var breaker = Forms.Call("work").WithCircuitBreaker(Sensitive, process.Time);
        (await process.Run(breaker, 1).Outcome()).Failure.ShouldBe("System.IO.IOException");
        breaker.IsOpen.ShouldBeFalse();
        (await process.Run(breaker, 1).Outcome()).Failure.ShouldBe("System.IO.IOException");
        breaker.IsOpen.ShouldBeTrue();

        var refused = await Should.ThrowAsync<CircuitOpenException>(process.Run(breaker, 1));
        refused.RetryAfter.ShouldBe(TimeSpan.FromSeconds(10));
        refused.Message.ShouldContain("00:00:10");
        world.Effects.Count.ShouldBe(2);

        process.Time.Advance(TimeSpan.FromSeconds(10));
        (await process.Run(breaker, 1)).ShouldBe(1);
        breaker.IsOpen.ShouldBeFalse();
    }

    [Fact]
    public async Task While_one_call_tries_the_others_are_refused()
    {
        var gate = new TaskCompletionSource<int>();
        var calls = 0;
        var process = new SimulatedProcess(new());
        ProcessPrimitive<int, int> work = WorkflowFunction.Of((int _, WorkflowContext _) =>
            ++calls <= 2 ? Task.FromException<int>(new IOException("down")) : gate.Task);
        var breaker = work.WithCircuitBreaker(Sensitive, process.Time);
        await process.Run(breaker, 1).Outcome();
        await process.Run(breaker, 1).Outcome();
        process.Time.Advance(TimeSpan.FromSeconds(10));

        var trying = breaker.ExecuteAsync(1, process.Context());
        await Should.ThrowAsync<CircuitOpenException>(breaker.ExecuteAsync(1, process.Context()));
        calls.ShouldBe(3);
        gate.SetResult(5);
        (await trying).ShouldBe(5);
    }

    [Fact]
    public async Task Cancellation_and_failures_that_do_not_count_leave_the_circuit_closed()
    {
        using var source = new CancellationTokenSource();
        var process = new SimulatedProcess(new World().With<int, int>("work", _ => throw new IOException("wrong question")));
        var counting = Forms.Call("work").WithCircuitBreaker(Sensitive with { ShouldHandle = failure => !failure.IsCausedBy<IOException>() }, process.Time);
        var cancelled = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            await source.CancelAsync();
            context.CancellationToken.ThrowIfCancellationRequested();
            return input;
        }).WithCircuitBreaker(Sensitive, process.Time);
        for (var call = 0; call < 5; call++)
        {
            (await process.Run(counting, 1).Outcome()).Failure.ShouldBe("System.IO.IOException");
            await Should.ThrowAsync<OperationCanceledException>(process.Run(cancelled, 1, source));
        }

        counting.IsOpen.ShouldBeFalse();
        cancelled.IsOpen.ShouldBeFalse();
    }

    [Fact]
    public async Task A_cancelled_call_without_a_cancelled_token_counts()
    {
        var process = new SimulatedProcess(new World().With<int, int>("work", _ => throw new TaskCanceledException("the tool gave up")));
        var breaker = Forms.Call("work").WithCircuitBreaker(Sensitive, process.Time);
        await process.Run(breaker, 1).Outcome();
        await process.Run(breaker, 1).Outcome();
        breaker.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public void Options_refuse_what_makes_no_sense()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new CircuitBreakerOptions { FailureRatio = 0 }).Message.ShouldContain("above 0");
        Should.Throw<ArgumentOutOfRangeException>(() => new CircuitBreakerOptions { FailureRatio = 1.1 });
        Should.Throw<ArgumentOutOfRangeException>(() => new CircuitBreakerOptions { MinimumThroughput = 1 });
        Should.Throw<ArgumentOutOfRangeException>(() => new CircuitBreakerOptions { SamplingDuration = TimeSpan.FromMilliseconds(499) });
        Should.Throw<ArgumentOutOfRangeException>(() => new CircuitBreakerOptions { BreakDuration = TimeSpan.FromMilliseconds(499) });
        Should.Throw<ArgumentNullException>(() => new CircuitBreakerOptions { ShouldHandle = null! });
    }
}
