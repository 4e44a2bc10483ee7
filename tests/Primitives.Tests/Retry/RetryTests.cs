using AtomicDevOps.Primitives.Retry;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Retry;

public sealed class RetryTests
{
    private static readonly RetryOptions EverySecond = new()
    {
        MaxAttempts = 4,
        Backoff = RetryBackoff.Constant,
        Delay = TimeSpan.FromSeconds(1),
        UseJitter = false,
    };

    [Theory, ClassData(typeof(BothForms))]
    public async Task Tries_until_it_succeeds(Form form)
    {
        var world = FailingTimes(2);
        (await world.Run(form, Forms.Call("work").WithRetry(EverySecond), 7)).ShouldBe(7);
        world.Effects.ShouldBe(["work(7) at 00:00:00", "work(7) at 00:00:01", "work(7) at 00:00:02"]);
        world.Logs.Count(log => log.StartsWith("Warning: Attempt")).ShouldBe(2);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Gives_the_last_failure_when_the_attempts_are_used_up(Form form)
    {
        var world = new World().With("work", (int _, int call) => call < 99 ? throw new IOException($"call {call}") : 0);
        var exception = await Should.ThrowAsync<Exception>(world.Run(form, Forms.Call("work").WithRetry(EverySecond), 7));
        Failure.From(exception).Message.ShouldBe("call 4");
        Failure.From(exception).IsCausedBy<IOException>().ShouldBeTrue();
        world.Effects.Count.ShouldBe(4);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Leaves_a_failure_alone_that_it_is_not_to_handle(Form form)
    {
        var world = FailingTimes(2);
        var options = EverySecond with { ShouldHandle = failure => !failure.IsCausedBy<IOException>() };
        await Should.ThrowAsync<Exception>(world.Run(form, Forms.Call("work").WithRetry(options), 7));
        world.Effects.Count.ShouldBe(1);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Begins_no_attempt_after_its_budget(Form form)
    {
        var world = FailingTimes(99);
        var options = EverySecond with { Budget = TimeSpan.FromSeconds(2) };
        await Should.ThrowAsync<Exception>(world.Run(form, Forms.Call("work").WithRetry(options), 7));
        world.Effects.ShouldBe(["work(7) at 00:00:00", "work(7) at 00:00:01", "work(7) at 00:00:02"]);
    }

    [Theory]
    [InlineData(RetryBackoff.Constant, "00:00:01", "00:00:02", "00:00:03")]
    [InlineData(RetryBackoff.Linear, "00:00:01", "00:00:03", "00:00:06")]
    [InlineData(RetryBackoff.Exponential, "00:00:01", "00:00:03", "00:00:07")]
    public async Task Waits_as_its_backoff_says(RetryBackoff backoff, string second, string third, string fourth)
    {
        var world = FailingTimes(3);
        await world.Run(Form.Orchestration, Forms.Call("work").WithRetry(EverySecond with { Backoff = backoff }), 7);
        world.Effects.ShouldBe(["work(7) at 00:00:00", $"work(7) at {second}", $"work(7) at {third}", $"work(7) at {fourth}"]);
    }

    [Fact]
    public async Task Never_waits_longer_than_told()
    {
        var world = FailingTimes(40);
        var options = EverySecond with { MaxAttempts = 41, Backoff = RetryBackoff.Exponential, MaxDelay = TimeSpan.FromSeconds(4) };
        await world.Run(Form.Activity, Forms.Call("work").WithRetry(options), 7);
        world.Effects[^1].ShouldBe($"work(7) at {TimeSpan.FromSeconds(1 + 2 + (38 * 4))}");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Draws_each_wait_from_its_upper_half(Form form)
    {
        var world = FailingTimes(1);
        var options = EverySecond with { Delay = TimeSpan.FromSeconds(10), UseJitter = true };
        await world.Run(form, Forms.Call("work").WithRetry(options), 7);
        var wait = TimeSpan.Parse(world.Effects[1].Split(" at ")[1], System.Globalization.CultureInfo.InvariantCulture);
        wait.ShouldBeInRange(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10));
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Cancellation_is_never_retried(Form form)
    {
        using var source = new CancellationTokenSource();
        var world = new World();
        var attempts = 0;
        var work = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            attempts++;
            source.Cancel();
            await context.DelayAsync(TimeSpan.FromSeconds(1), context.CancellationToken);
            return input;
        });
        await Should.ThrowAsync<OperationCanceledException>(world.Run(form, work.WithRetry(EverySecond), 7, source));
        attempts.ShouldBe(1);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_cancelled_call_without_a_cancelled_token_is_an_ordinary_failure(Form form)
    {
        var world = new World().With("work", (int input, int call) => call == 1 ? throw new TaskCanceledException("the tool gave up") : input);
        (await world.Run(form, Forms.Call("work").WithRetry(EverySecond), 7)).ShouldBe(7);
    }

    [Fact]
    public void Options_refuse_what_makes_no_sense()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new RetryOptions { MaxAttempts = 0 });
        Should.Throw<ArgumentOutOfRangeException>(() => new RetryOptions { Backoff = (RetryBackoff)9 }).Message.ShouldContain("Constant, Linear, Exponential");
        Should.Throw<ArgumentOutOfRangeException>(() => new RetryOptions { Delay = TimeSpan.FromTicks(-1) });
        Should.Throw<ArgumentOutOfRangeException>(() => new RetryOptions { MaxDelay = TimeSpan.FromTicks(-1) });
        Should.Throw<ArgumentOutOfRangeException>(() => new RetryOptions { Budget = TimeSpan.Zero });
        Should.Throw<ArgumentNullException>(() => new RetryOptions { ShouldHandle = null! });
        new RetryOptions { Budget = null }.Budget.ShouldBeNull();
    }

    private static World FailingTimes(int times) =>
        new World().With("work", (int input, int call) => call <= times ? throw new IOException("not yet") : input);
}
