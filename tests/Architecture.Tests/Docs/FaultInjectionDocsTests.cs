using System.Reflection;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Architecture.Tests.Docs;

/// <summary>Runs each line of what docs/embedded-host.md says of making things go wrong.</summary>
public sealed class FaultInjectionDocsTests
{
    private static readonly string[] Lines = Page.BlocksOf("docs/embedded-host.md", "csharp")
        .Single(block => block.Contains("host.Faults", StringComparison.Ordinal))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_line_is_run_here() => Lines.Length.ShouldBe(6);

    [Fact]
    public async Task The_next_two_runs_fail()
    {
        await using var host = await StartAsync();
        await RunLineAsync(0, host);

        (await RunThreeTimesAsync(host, "Charge")).ShouldBe([false, false, true]);
    }

    [Fact]
    public async Task The_third_run_fails()
    {
        await using var host = await StartAsync();
        await RunLineAsync(1, host);

        (await RunThreeTimesAsync(host, "Ship")).ShouldBe([true, true, false]);
    }

    [Fact]
    public async Task The_next_run_waits_to_be_released()
    {
        await using var host = await StartAsync();
        var id = string.Empty;

        await RunLineAsync(2, host, async () =>
        {
            id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Runs", "Notify", Token);
            await host.RunUntilIdleAsync(Token);
            (await host.Client.GetInstanceAsync(id, Token)).ShouldNotBeNull().IsCompleted.ShouldBeFalse();
        });

        (await host.Client.WaitForInstanceCompletionAsync(id, Token)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(4, 5)]
    public async Task The_process_dies_at_the_fifth_commit(int line, int stored)
    {
        await using var host = await StartAsync();
        await RunLineAsync(line, host);

        var started = 0;
        await Should.ThrowAsync<SimulatedCrashException>(async () =>
        {
            // A start and its first turn are one commit.
            for (; started < 100; started++)
            {
                await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions($"{started}"), Token);
            }
        });
        await host.RestartAsync();

        (await host.Client.GetAllInstancesAsync(new OrchestrationQuery()).CountAsync(Token)).ShouldBe(stored);
        started.ShouldBe(4);
    }

    [Fact]
    public async Task Nothing_can_be_stored_until_it_is_false_again()
    {
        await using var host = await StartAsync();
        await RunLineAsync(5, host);

        await Should.ThrowAsync<DurableStoreException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token));
        host.Faults.IsDiskFull = false;
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token);
    }

    private static Task<DurableTestHost> StartAsync() => DurableTestHost.StartAsync(functions => functions
        .AddActivity("Charge", _ => Task.FromResult<object?>(1))
        .AddActivity("Ship", _ => Task.FromResult<object?>(1))
        .AddActivity("Notify", _ => Task.FromResult<object?>(1))
        .AddOrchestrator("Runs", async context => await context.CallActivityAsync<int>(context.GetInput<string>()!, 1))
        .AddOrchestrator("Waits", async context => await context.WaitForExternalEvent<int>("go")));

    private static async Task<List<bool>> RunThreeTimesAsync(DurableTestHost host, string activity)
    {
        var completed = new List<bool>();
        for (var run = 0; run < 3; run++)
        {
            var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Runs", activity, Token);
            await host.RunUntilIdleAsync(Token);
            completed.Add((await host.Client.GetInstanceAsync(id, Token))!.RuntimeStatus is OrchestrationRuntimeStatus.Completed);
        }

        return completed;
    }

    /// <param name="meanwhile">Done between the line and the release that its comment speaks of.</param>
    private static async Task RunLineAsync(int line, DurableTestHost host, Func<Task>? meanwhile = null)
    {
        var release = Lines[line].Contains("slow.Release()", StringComparison.Ordinal) ? "slow.Release();" : string.Empty;
        var shown = CSharp.Load(CSharp.Compile(
            $$"""
            using System;
            using System.Threading.Tasks;
            using AtomicDevOps.EmbeddedHost.Testing;

            public static class Shown
            {
                public static async Task RunAsync(DurableTestHost host, Func<Task> meanwhile)
                {
                    {{Lines[line]}}
                    await meanwhile();
                    {{release}}
                }
            }
            """));
        var run = shown.GetType("Shown", throwOnError: true)!.GetMethod("RunAsync")!.CreateDelegate<Func<DurableTestHost, Func<Task>, Task>>();
        await run(host, meanwhile ?? (() => Task.CompletedTask));
    }
}
