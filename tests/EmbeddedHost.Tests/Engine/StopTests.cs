using System.Collections.Concurrent;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

/// <summary>What runs when the host stops may end; what does not is handed back, and its result counts once.</summary>
public sealed class StopTests
{
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_activity_that_ends_within_the_drain_timeout_counts_and_does_not_run_again()
    {
        var site = new Site();
        await using var host = await site.StartAsync(_ => site.Released.Task);
        var stopping = await site.StopInTheMiddleAsync(host);

        site.Released.SetResult("kept");
        await stopping;
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("work")).Output<string>().ShouldBe("kept, after");
        site.Runs.ShouldBe(["Long", "After"]);
    }

    [Fact]
    public async Task Nothing_begins_while_the_host_stops()
    {
        var site = new Site();
        await using var host = await site.StartAsync(_ => site.Released.Task);
        var stopping = await site.StopInTheMiddleAsync(host);

        await host.Client.ScheduleNewOrchestrationInstanceAsync("Work", null, new StartOrchestrationOptions("late"), Token);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waiting", null, new StartOrchestrationOptions("waiting"), Token);
        await host.Client.RaiseEventAsync("waiting", "Go", "went on", Token);
        site.Released.SetResult("kept");
        await stopping;

        site.Runs.ShouldBe(["Long"]);
        (await host.ReadAsync("late")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Pending);
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync("late")).Output<string>().ShouldBe("kept, after");
        (await host.ReadAsync("waiting")).Output<string>().ShouldBe("went on");
        site.Runs.Count(run => run is "Long").ShouldBe(2);
    }

    [Fact]
    public async Task An_activity_that_takes_longer_is_cancelled_and_runs_again_after_the_next_start()
    {
        var site = new Site();
        await using var host = await site.StartAsync(async token =>
        {
            await Task.Delay(site.Runs.Count > 1 ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, token);
            return "second run";
        });
        var stopping = await site.StopInTheMiddleAsync(host);

        host.Time.AdvanceTo(host.Time.GetUtcNow() + DrainTimeout);
        await stopping;
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("work")).Output<string>().ShouldBe("second run, after");
        site.Runs.ShouldBe(["Long", "Long", "After"]);
    }

    [Fact]
    public async Task A_failure_that_comes_of_the_cancellation_does_not_count()
    {
        var site = new Site();
        await using var host = await site.StartAsync(async token =>
        {
            if (site.Runs.Count > 1)
            {
                return "second run";
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new IOException("The connection is gone.");
        });
        var stopping = await site.StopInTheMiddleAsync(host);

        host.Time.AdvanceTo(host.Time.GetUtcNow() + DrainTimeout);
        await stopping;
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("work")).Output<string>().ShouldBe("second run, after");
    }

    [Fact]
    public async Task An_activity_that_heeds_no_cancellation_is_left_behind_and_its_late_result_counts_for_nothing()
    {
        var site = new Site();
        await using var host = await site.StartAsync(_ => site.Runs.Count > 1 ? Task.FromResult("second run") : site.Released.Task);
        var stopping = await site.StopInTheMiddleAsync(host);

        var begun = host.Time.GetUtcNow();
        while (!stopping.IsCompleted)
        {
            host.Time.AdvanceTo(host.Time.GetUtcNow() + TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        (host.Time.GetUtcNow() - begun).ShouldBeGreaterThanOrEqualTo(DrainTimeout + DurableTaskEngine.CancellationGrace);
        var before = host.Engine;
        await host.RestartAsync();
        site.Released.SetResult("too late");
        await before.Work.WhenIdleAsync().WaitAsync(Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("work")).Output<string>().ShouldBe("second run, after");
        site.Runs.ShouldBe(["Long", "Long", "After"]);
    }

    [Fact]
    public async Task A_second_signal_cancels_at_once()
    {
        var site = new Site();
        await using var host = await site.StartAsync(async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return "never";
        });
        var stopping = await site.StopInTheMiddleAsync(host);

        host.Engine.Hurry();

        await stopping;
        (await host.ReadAsync("work")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
    }

    [Fact]
    public async Task An_endless_chain_of_turns_is_held_between_two_commits_and_goes_on_after_the_next_start()
    {
        var executions = 0;
        await using var host = await DurableTestHost.StartAsync(functions => functions.AddOrchestrator("Eternal", context =>
        {
            Interlocked.Increment(ref executions);
            context.ContinueAsNew(context.GetInput<int>() + 1);
            return Task.FromResult<object?>(null);
        }));
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Eternal", 1, new StartOrchestrationOptions("eternal"), Token);
        SpinWait.SpinUntil(() => Volatile.Read(ref executions) > 10);

        await host.Engine.StoppingAsync(Token).WaitAsync(Token);

        var held = Volatile.Read(ref executions);
        (await host.ReadAsync("eternal")).ReadInputAs<int>().ShouldBeInRange(held, held + 1);
        await host.RestartAsync();
        SpinWait.SpinUntil(() => Volatile.Read(ref executions) > held + 10);
    }

    [Fact]
    public async Task Signals_between_entities_stay_in_their_inboxes_until_the_next_start()
    {
        var hops = 0;
        await using var host = await DurableTestHost.StartAsync(functions => functions.AddEntity(
            "ball", invocation => invocation.RunAsync(new Ball(() => Interlocked.Increment(ref hops)))));
        await host.Client.Entities.SignalEntityAsync(new EntityInstanceId("ball", "one"), "Hit", cancellation: Token);
        SpinWait.SpinUntil(() => Volatile.Read(ref hops) > 10);

        await host.Engine.StoppingAsync(Token).WaitAsync(Token);

        var held = Volatile.Read(ref hops);
        await host.RestartAsync();
        SpinWait.SpinUntil(() => Volatile.Read(ref hops) > held + 10);
    }

    [Fact]
    public async Task Timers_that_come_due_while_the_host_stops_fire_after_the_next_start()
    {
        var site = new Site();
        await using var host = await site.StartAsync(_ => site.Released.Task);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Sleeping", null, new StartOrchestrationOptions("sleeping"), Token);
        var stopping = await site.StopInTheMiddleAsync(host);

        host.Time.AdvanceTo(host.Time.GetUtcNow() + TimeSpan.FromSeconds(20));
        site.Released.SetResult("kept");
        await stopping;

        (await host.ReadAsync("sleeping")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync("sleeping")).Output<string>().ShouldBe("awake");
    }

    private sealed class Ball(Action hit) : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation)
        {
            hit();
            operation.Context.SignalEntity(new EntityInstanceId("ball", operation.Context.Id.Key is "one" ? "two" : "one"), "Hit");
            return ValueTask.FromResult<object?>(null);
        }
    }

    private sealed class Site
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<string> Runs { get; } = [];

        public TaskCompletionSource<string> Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <param name="run">The long activity.</param>
        public Task<DurableTestHost> StartAsync(Func<CancellationToken, Task<string>> run) => DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Work", async context => $"{await context.CallActivityAsync<string>("Long")}, {await context.CallActivityAsync<string>("After")}")
            .AddOrchestrator("Waiting", async context => await context.WaitForExternalEvent<string>("Go"))
            .AddOrchestrator("Sleeping", async context =>
            {
                await context.CreateTimer(TimeSpan.FromSeconds(10), CancellationToken.None);
                return "awake";
            })
            .AddActivity("Long", async activity =>
            {
                Runs.Enqueue("Long");
                _begun.TrySetResult();
                return await run(activity.CancellationToken);
            })
            .AddActivity("After", _ =>
            {
                Runs.Enqueue("After");
                return Task.FromResult<object?>("after");
            }));

        /// <returns>The stop, which has begun while the long activity runs.</returns>
        public async Task<Task> StopInTheMiddleAsync(DurableTestHost host)
        {
            await host.Client.ScheduleNewOrchestrationInstanceAsync("Work", null, new StartOrchestrationOptions("work"), Token);
            await _begun.Task.WaitAsync(Token);
            return host.Engine.StoppingAsync(CancellationToken.None);
        }
    }
}
