using System.Collections.Concurrent;
using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class ActivityTests : ConformanceTest
{
    [Fact]
    public async Task Activities_in_sequence_pass_their_results_on()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator<int, int>("Chain", async (context, value) =>
            {
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
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("FanOut", async context =>
                await Task.WhenAll(Enumerable.Range(0, 200).Select(i => context.CallActivityAsync<int>("Square", i))))
            .AddActivity("Square", (int value) => value * value));

        (await host.RunAsync("FanOut")).Output<int[]>().ShouldBe(Enumerable.Range(0, 200).Select(i => i * i));
    }

    [Fact]
    public async Task An_activity_knows_its_name_and_the_instance_that_called_it()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Calls", context => context.CallActivityAsync<string>("Who"))
            .AddActivity<object?, string>("Who", (context, _) => Task.FromResult($"{context.Name} for {context.InstanceId}")));

        (await host.RunAsync("Calls", options: new StartOrchestrationOptions("caller"))).Output<string>().ShouldBe("Who for caller");
    }

    [Fact]
    public async Task Orchestrators_and_activities_may_be_classes()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator(nameof(Greeting), new Greeting())
            .AddActivity(nameof(Greet), new Greet()));

        (await host.RunAsync(nameof(Greeting), new[] { "Ada", "Grace" })).Output<string[]>().ShouldBe(["Hello Ada", "Hello Grace"]);
    }

    [Fact]
    public async Task An_activity_without_a_result_and_without_an_input_can_be_called()
    {
        var runs = 0;
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Calls", async context =>
            {
                await context.CallActivityAsync("Nothing");
                return await context.CallActivityAsync<string?>("Nothing");
            })
            .AddActivity<object?, object?>("Nothing", (_, _) =>
            {
                runs++;
                return Task.FromResult<object?>(null);
            }));

        (await host.RunAsync("Calls")).Output<string?>().ShouldBeNull();
        runs.ShouldBe(2);
    }

    [Fact]
    public async Task A_completed_activity_does_not_run_again_in_a_replay()
    {
        var runs = new ConcurrentBag<int>();
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Calls", async context =>
            {
                var first = await context.CallActivityAsync<int>("Count", 1);
                var go = await context.WaitForExternalEvent<int>("go");
                return await context.CallActivityAsync<int>("Count", first + go);
            })
            .AddActivity("Count", (int value) =>
            {
                runs.Add(value);
                return value;
            }));
        var id = await host.BeginAsync("Calls");
        await host.SettleAsync();

        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", 10, Token);

        (await host.SettleAsync(id)).Output<int>().ShouldBe(11);
        runs.Order().ShouldBe([1, 11]);
    }

    [Fact]
    public async Task Options_in_the_place_of_the_input_are_refused()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Calls", context => context.CallActivityAsync<int>("Any", (object)new TaskOptions())));

        (await host.RunAsync("Calls")).FailureDetails!.IsCausedBy<ArgumentException>().ShouldBeTrue();
    }

    [Fact]
    public async Task An_orchestration_ends_only_when_nothing_that_it_started_is_open()
    {
        var finished = new ConcurrentBag<string>();
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Leaves", context =>
            {
                _ = context.CallActivityAsync("Slow", "unawaited");
                _ = context.CreateTimer(TimeSpan.FromSeconds(2), CancellationToken.None);
                return Task.FromResult("done");
            })
            .AddActivity("Slow", (string name) =>
            {
                finished.Add(name);
                return name;
            }));
        var id = await host.BeginAsync("Leaves");
        await host.PassAsync(TimeSpan.FromSeconds(1));
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);

        (await host.SettleAsync(id)).Output<string>().ShouldBe("done");
        finished.ShouldBe(["unawaited"]);
    }

    private sealed class Greeting : TaskOrchestrator<string[], string[]>
    {
        public override Task<string[]> RunAsync(TaskOrchestrationContext context, string[] input) =>
            Task.WhenAll(input.Select(name => context.CallActivityAsync<string>(nameof(Greet), name)));
    }

    private sealed class Greet : TaskActivity<string, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, string input) => Task.FromResult($"Hello {input}");
    }
}
