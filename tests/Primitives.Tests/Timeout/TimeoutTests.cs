using AtomicDevOps.Primitives.Compensation;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Timeout;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Timeout;

public sealed class TimeoutTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Theory, ClassData(typeof(BothForms))]
    public async Task Work_that_ends_in_time_gives_its_result(Form form)
    {
        var world = new World().With("work", (int input) => input + 1, TimeSpan.FromSeconds(9));
        (await world.Run(form, Forms.Call("work").WithTimeout(Deadline), 1)).ShouldBe(2);
    }

    [Fact]
    public async Task The_deadline_s_timer_is_cancelled_when_the_work_ends_first()
    {
        var world = new World().With("work", (int input) => input, TimeSpan.FromSeconds(9));
        var orchestration = new SimulatedOrchestration(world);
        await orchestration.Run(Forms.Call("work").WithTimeout(Deadline), 1);
        orchestration.Actions.Count(action => action.StartsWith("timer")).ShouldBe(1);
        orchestration.PendingCount.ShouldBe(0);
    }

    [Fact]
    public async Task Work_that_is_done_at_once_needs_no_timer()
    {
        var orchestration = new SimulatedOrchestration(new World());
        await orchestration.Run(WorkflowFunction.Identity<int>().WithTimeout(Deadline), 1);
        orchestration.Actions.ShouldBeEmpty();
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Work_that_takes_too_long_is_cancelled_and_times_out(Form form)
    {
        var world = new World().With("work", (int input) => input, TimeSpan.FromSeconds(11));
        var exception = await Should.ThrowAsync<WorkflowTimeoutException>(world.Run(form, Forms.Call("work").WithTimeout(Deadline), 1));
        exception.Deadline.ShouldBe(Deadline);
        exception.InnerException.ShouldBeNull();
        exception.Message.ShouldContain("00:00:10");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task The_work_s_own_failure_is_not_taken_for_a_timeout(Form form)
    {
        var world = new World().With<int, int>("work", _ => throw new IOException("broken"), TimeSpan.FromSeconds(1));
        var exception = await Should.ThrowAsync<Exception>(world.Run(form, Forms.Call("work").WithTimeout(Deadline), 1));
        Failure.From(exception).IsCausedBy<IOException>().ShouldBeTrue();
        Failure.From(exception).IsCausedBy<TimeoutException>().ShouldBeFalse();
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_failure_while_stopping_is_told_with_the_timeout(Form form)
    {
        var stubborn = WorkflowFunction.Of<int, int>(async (_, context) =>
        {
            try
            {
                await context.DelayAsync(TimeSpan.FromHours(1), context.CancellationToken);
                return 0;
            }
            catch (OperationCanceledException exception)
            {
                throw new IOException("cannot stop", exception);
            }
        });
        var exception = await Should.ThrowAsync<WorkflowTimeoutException>(new World().Run(form, stubborn.WithTimeout(Deadline), 1));
        exception.InnerException.ShouldBeOfType<IOException>();
        exception.Message.ShouldContain("cannot stop");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_result_that_comes_in_spite_of_the_deadline_is_taken(Form form)
    {
        var world = new World().With("create", (int input) => input + 1, TimeSpan.FromSeconds(11)).With("delete", (int input) => input);
        var saga = Forms.Call("create").WithUndo("create", Forms.Call("delete"), (_, output) => output).WithCompensation();
        (await world.Run(form, saga.WithTimeout(Deadline), 1)).ShouldBe(2);
        world.Effects.Count.ShouldBe(1);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Cancellation_from_outside_is_not_taken_for_a_timeout(Form form)
    {
        using var source = new CancellationTokenSource();
        var world = new World();
        var work = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            await context.DelayAsync(TimeSpan.FromSeconds(1), context.CancellationToken);
            source.Cancel();
            await context.DelayAsync(TimeSpan.FromSeconds(1), context.CancellationToken);
            return input;
        });
        await Should.ThrowAsync<OperationCanceledException>(world.Run(form, work.WithTimeout(Deadline), 1, source));
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task A_deadline_may_lie_beyond_the_runtime_s_longest_timer(Form form)
    {
        var world = new World().With("work", (int input) => input, TimeSpan.FromDays(49));
        (await world.Run(form, Forms.Call("work").WithTimeout(TimeSpan.FromDays(100)), 1)).ShouldBe(1);

        var hang = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            await context.DelayAsync(TimeSpan.FromDays(1000), context.CancellationToken);
            return input;
        });
        await Should.ThrowAsync<WorkflowTimeoutException>(world.Run(form, hang.WithTimeout(TimeSpan.FromDays(100)), 1));
    }

    [Fact]
    public void A_deadline_is_positive() =>
        Should.Throw<ArgumentOutOfRangeException>(() => Forms.Call("work").WithTimeout(TimeSpan.Zero));
}
