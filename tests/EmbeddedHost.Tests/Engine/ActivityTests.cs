using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class ActivityTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_more_activities_run_at_once_than_the_options_allow()
    {
        var running = 0;
        var most = 0;
        var gate = new SemaphoreSlim(0);
        await using var host = await DurableTestHost.StartAsync(
            functions => functions
                .AddOrchestrator("FanOut", async context =>
                {
                    await Task.WhenAll(Enumerable.Range(0, 10).Select(i => context.CallActivityAsync("Wait", i)));
                    return null;
                })
                .AddActivity("Wait", async _ =>
                {
                    InterlockedMax(ref most, Interlocked.Increment(ref running));
                    await gate.WaitAsync(Token);
                    Interlocked.Decrement(ref running);
                    return null;
                }),
            configure: options => options.MaxConcurrentActivityFunctions = 3);

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("FanOut", Token);
        gate.Release(10);
        await host.Client.WaitForInstanceCompletionAsync(id, Token);

        most.ShouldBeLessThanOrEqualTo(3);
    }

    [Fact]
    public async Task An_unknown_activity_fails_the_call_at_once_and_names_those_that_are_there()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Calls", async context =>
            {
                await context.CallActivityAsync("Missing", options: TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromHours(1))));
                return null;
            })
            .AddActivity("Present", (int value) => value));
        var start = host.Time.GetUtcNow();

        var instance = await host.RunAsync("Calls");

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.ErrorMessage.ShouldContain("There is no activity named 'Missing'. Known: Present.");
        host.Time.GetUtcNow().ShouldBe(start);
    }

    [Fact]
    public async Task A_result_of_another_shape_fails_with_a_message_that_names_the_activity_and_the_type()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Calls", async context => await context.CallActivityAsync<int>("Text"))
            .AddActivity("Text", (string? _) => "no number"));

        var instance = await host.RunAsync("Calls");

        instance.FailureDetails!.ErrorMessage.ShouldContain("Cannot read the result of activity 'Text'");
        instance.FailureDetails.ErrorMessage.ShouldContain("System.Int32");
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
