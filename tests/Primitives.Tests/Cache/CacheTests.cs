using AtomicDevOps.Primitives.Cache;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Cache;

public sealed class CacheTests
{
    private static readonly CacheOptions<int> AnHour = new() { Key = input => $"{input}", TimeToLive = TimeSpan.FromHours(1) };

    [Fact]
    public async Task A_result_is_made_once_a_key_while_it_lives()
    {
        var world = Counting();
        var process = new SimulatedProcess(world);
        var cached = Forms.Call("work").WithCache(AnHour);
        (await process.Run(cached, 1)).ShouldBe(1);
        (await process.Run(cached, 2)).ShouldBe(2);
        process.Time.Advance(TimeSpan.FromMinutes(59));
        (await process.Run(cached, 1)).ShouldBe(1);
        process.Time.Advance(TimeSpan.FromMinutes(1));
        (await process.Run(cached, 1)).ShouldBe(3);
    }

    [Fact]
    public async Task The_oldest_result_gives_way()
    {
        var world = Counting();
        var process = new SimulatedProcess(world);
        var cached = Forms.Call("work").WithCache(AnHour with { Capacity = 2 });
        foreach (var input in (int[])[1, 2, 3])
        {
            await process.Run(cached, input);
        }

        (await process.Run(cached, 3)).ShouldBe(3);
        (await process.Run(cached, 2)).ShouldBe(2);
        (await process.Run(cached, 1)).ShouldBe(4);
    }

    [Fact]
    public async Task A_renewed_result_does_not_go_with_its_old_one()
    {
        var world = Counting();
        var process = new SimulatedProcess(world);
        var cached = Forms.Call("work").WithCache(AnHour with { Capacity = 2 });
        await process.Run(cached, 1);
        process.Time.Advance(TimeSpan.FromHours(1));
        (await process.Run(cached, 1)).ShouldBe(2);
        (await process.Run(cached, 5)).ShouldBe(3);
        (await process.Run(cached, 1)).ShouldBe(2);
    }

    [Fact]
    public async Task A_failure_is_not_kept()
    {
        var world = new World().With("work", (int input, int call) => call == 1 ? throw new IOException("not yet") : input);
        var process = new SimulatedProcess(world);
        var cached = Forms.Call("work").WithCache(AnHour);
        await Should.ThrowAsync<IOException>(process.Run(cached, 1));
        (await process.Run(cached, 1)).ShouldBe(1);
    }

    [Fact]
    public async Task Callers_at_once_share_one_execution()
    {
        var gate = new TaskCompletionSource();
        var executions = 0;
        var cached = WorkflowFunction.Of(async (int input, WorkflowContext _) =>
        {
            executions++;
            await gate.Task;
            return input;
        }).WithCache(AnHour);
        var process = new SimulatedProcess(new());
        var callers = Enumerable.Range(0, 10).Select(_ => cached.ExecuteAsync(1, process.Context())).ToList();
        callers.ShouldAllBe(caller => !caller.IsCompleted);
        gate.SetResult();
        (await Task.WhenAll(callers)).ShouldAllBe(result => result == 1);
        executions.ShouldBe(1);
    }

    [Fact]
    public async Task Who_waited_for_an_execution_that_failed_tries_for_itself()
    {
        var gate = new TaskCompletionSource();
        var executions = 0;
        var cached = WorkflowFunction.Of(async (int input, WorkflowContext _) =>
        {
            if (++executions > 1)
            {
                return input;
            }

            await gate.Task;
            throw new IOException("the first one fails");
        }).WithCache(AnHour);
        var process = new SimulatedProcess(new());
        var first = cached.ExecuteAsync(1, process.Context());
        var second = cached.ExecuteAsync(1, process.Context());
        gate.SetResult();
        await Should.ThrowAsync<IOException>(first);
        (await second).ShouldBe(1);
    }

    [Fact]
    public async Task One_caller_s_cancellation_is_no_other_s()
    {
        using var source = new CancellationTokenSource();
        var gate = new TaskCompletionSource();
        var cached = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            await gate.Task.WaitAsync(context.CancellationToken);
            return input;
        }).WithCache(AnHour);
        var process = new SimulatedProcess(new());
        var first = cached.ExecuteAsync(1, process.Context(source));
        var second = cached.ExecuteAsync(1, process.Context());
        using var impatient = new CancellationTokenSource();
        var third = cached.ExecuteAsync(1, process.Context(impatient));
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(third);
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(first);
        gate.SetResult();
        (await second).ShouldBe(1);
    }

    [Fact]
    public async Task Nothing_is_given_once_the_token_is_cancelled()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(new SimulatedProcess(new()).Run(Forms.Call("work").WithCache(AnHour), 1, source));
    }

    [Fact]
    public async Task A_process_primitive_can_be_cached()
    {
        var world = Counting();
        var process = new SimulatedProcess(world);
        ProcessPrimitive<int, int> work = Forms.Call("work");
        var cached = work.WithCache(AnHour);
        (await process.Run(cached, 1)).ShouldBe(1);
        (await process.Run(cached, 1)).ShouldBe(1);
    }

    [Fact]
    public void Options_refuse_what_makes_no_sense()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => AnHour with { TimeToLive = TimeSpan.Zero });
        Should.Throw<ArgumentOutOfRangeException>(() => AnHour with { Capacity = 0 });
    }

    private static World Counting() => new World().With("work", (int _, int call) => call);
}
