using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Failures;

public sealed class BlockedTurnTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Blocks")]
    [InlineData("Spins")]
    public async Task A_turn_that_does_not_return_is_named_and_its_place_is_given_to_others(string orchestrator)
    {
        var logs = new FunctionsTestHost.LogCollector();
        using var entered = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        await using var host = await DurableTestHost.StartAsync(
            functions => functions
                .AddOrchestrator("Blocks", _ =>
                {
                    entered.Release();
                    release.Wait(Token);
                    return Task.FromResult<object?>("blocked");
                })
                .AddOrchestrator("Spins", _ =>
                {
                    entered.Release();
                    while (!release.IsSet)
                    {
                        Thread.SpinWait(100);
                    }

                    return Task.FromResult<object?>("blocked");
                })
                .AddOrchestrator("Good", _ => Task.FromResult<object?>("good")),
            services => services.CollectIn(logs),
            options => options.MaxConcurrentOrchestratorFunctions = 1);
        try
        {
            await host.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, new StartOrchestrationOptions("stuck"), Token);
            await entered.WaitAsync(Token);
            var good = await host.Client.ScheduleNewOrchestrationInstanceAsync("Good", Token);

            host.Time.AdvanceTo(host.Time.GetUtcNow() + TurnWatchdog.Limit);

            (await host.Client.WaitForInstanceCompletionAsync(good, getInputsAndOutputs: true, Token)).Output<string>().ShouldBe("good");
            logs.With("has held its thread for 00:00:10").ShouldHaveSingleItem().ShouldContain($"Instance 'stuck' of orchestrator '{orchestrator}'");
        }
        finally
        {
            release.Set();
        }

        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync("stuck")).Output<string>().ShouldBe("blocked");
        await host.Time.AdvanceUntilAsync(TimeSpan.Zero, () => logs.With("returned after 00:00:10").Count == 1);
    }

    [Fact]
    public async Task The_place_is_taken_back_when_the_turn_returns()
    {
        var running = 0;
        var most = 0;
        using var entered = new SemaphoreSlim(0);
        using var release = new SemaphoreSlim(0);
        await using var host = await DurableTestHost.StartAsync(
            functions => functions.AddOrchestrator("Blocks", _ =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                entered.Release();
                release.Wait(Token);
                Interlocked.Decrement(ref running);
                return Task.FromResult<object?>(null);
            }),
            configure: options => options.MaxConcurrentOrchestratorFunctions = 1);
        for (var i = 0; i < 4; i++)
        {
            await host.Client.ScheduleNewOrchestrationInstanceAsync("Blocks", Token);
        }

        await entered.WaitAsync(Token);
        host.Time.AdvanceTo(host.Time.GetUtcNow() + TurnWatchdog.Limit);
        await entered.WaitAsync(Token);
        release.Release(4);
        await host.RunUntilIdleAsync(Token);

        most.ShouldBe(2);
    }

    [Fact]
    public async Task An_entity_whose_operations_take_long_is_named()
    {
        var logs = new FunctionsTestHost.LogCollector();
        using var entered = new SemaphoreSlim(0);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await DurableTestHost.StartAsync(
            functions => functions.AddEntity("Slow", async _ =>
            {
                entered.Release();
                await release.Task;
            }),
            services => services.CollectIn(logs));
        await host.Client.Entities.SignalEntityAsync(new EntityInstanceId("Slow", "x"), "wait", cancellation: Token);
        await entered.WaitAsync(Token);

        host.Time.AdvanceTo(host.Time.GetUtcNow() + TurnWatchdog.Limit);
        await host.Time.AdvanceUntilAsync(TimeSpan.Zero, () => logs.With("have run for 00:00:10").Count == 1);
        release.SetResult();
        await host.RunUntilIdleAsync(Token);

        logs.With("have run for").ShouldHaveSingleItem().ShouldContain("The operations of '@slow@x', an entity, have");
        await host.Time.AdvanceUntilAsync(TimeSpan.Zero, () => logs.With("'@slow@x', an entity, ended after 00:00:10").Count == 1);
    }

    [Fact]
    public async Task An_idle_host_has_no_watch_set()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Good", _ => Task.FromResult<object?>("good")));
        (await host.RunAsync("Good")).Output<string>().ShouldBe("good");

        host.Time.AdvanceTo(host.Time.GetUtcNow() + TurnWatchdog.Limit);

        host.Time.HasTimers.ShouldBeFalse();
    }
}
