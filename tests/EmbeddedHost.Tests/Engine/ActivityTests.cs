using System.Collections.Concurrent;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class ActivityTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Activities_in_sequence_pass_their_results_on()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Chain", async context =>
            {
                var value = context.GetInput<int>();
                for (var i = 0; i < 5; i++)
                {
                    value = await context.CallActivityAsync<int>("Increment", value);
                }

                return value;
            })
            .AddActivity("Increment", (int value) => value + 1));

        (await host.RunAsync("Chain", 10)).Output<int>().ShouldBe(15);
    }

    [Fact]
    public async Task A_fan_out_gathers_all_results_in_the_order_of_the_calls()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("FanOut", async context =>
                await Task.WhenAll(Enumerable.Range(0, 200).Select(i => context.CallActivityAsync<int>("Square", i))))
            .AddActivity("Square", (int value) => value * value));

        (await host.RunAsync("FanOut")).Output<int[]>().ShouldBe(Enumerable.Range(0, 200).Select(i => i * i));
    }

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
    public async Task A_failed_activity_throws_with_the_details_of_the_failure()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Catches", async context =>
            {
                try
                {
                    await context.CallActivityAsync("Break");
                    return "no failure";
                }
                catch (TaskFailedException exception)
                {
                    var details = exception.FailureDetails;
                    return $"{exception.TaskName}#{exception.TaskId} {details.ErrorType}: {details.ErrorMessage} < {details.InnerFailure!.ErrorType} "
                        + $"{details.IsCausedBy<InvalidOperationException>()} {details.IsCausedBy<Exception>()} {details.IsCausedBy<IOException>()}";
                }
            })
            .AddActivity("Break", _ => throw new InvalidOperationException("broken", new FileNotFoundException("gone"))));

        (await host.RunAsync("Catches")).Output<string>().ShouldBe(
            "Break#0 System.InvalidOperationException: broken < System.IO.FileNotFoundException True True False");
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

    [Fact]
    public async Task Payloads_are_the_json_of_the_real_converter()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Echo", async context => await context.CallActivityAsync<Payload>("Echo", context.GetInput<Payload>()))
            .AddActivity("Echo", (Payload payload) => payload));

        var instance = await host.RunAsync("Echo", new Payload { Name = "é<", Kind = DayOfWeek.Friday, Count = 3 });

        const string Expected = """{"Name":"\u00E9\u003C","Kind":5,"Missing":null,"Count":3}""";
        instance.SerializedInput.ShouldBe(Expected);
        instance.SerializedOutput.ShouldBe(Expected);
    }

    [Fact]
    public async Task Options_in_the_place_of_the_input_are_refused()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Calls", async context => await context.CallActivityAsync<int>("Any", (object)new TaskOptions())));

        var instance = await host.RunAsync("Calls");

        instance.FailureDetails!.IsCausedBy<ArgumentException>().ShouldBeTrue();
    }

    [Fact]
    public async Task An_orchestration_ends_only_when_nothing_that_it_started_is_open()
    {
        var finished = new ConcurrentBag<string>();
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Leaves", context =>
            {
                _ = context.CallActivityAsync("Slow", "unawaited");
                _ = context.CreateTimer(TimeSpan.FromHours(2), CancellationToken.None);
                return Task.FromResult<object?>("done");
            })
            .AddActivity("Slow", (string name) =>
            {
                finished.Add(name);
                return name;
            }));
        var start = host.Time.GetUtcNow();

        (await host.RunAsync("Leaves")).Output<string>().ShouldBe("done");

        finished.ShouldBe(["unawaited"]);
        (host.Time.GetUtcNow() - start).ShouldBe(TimeSpan.FromHours(2));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    private sealed class Payload
    {
        public int Count;

        public string? Name { get; init; }

        public DayOfWeek Kind { get; init; }

        public string? Missing { get; init; }
    }
}
