using System.Collections.Concurrent;
using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class SubOrchestrationTests : ConformanceTest
{
    [Fact]
    public async Task A_sub_orchestration_gives_its_output_to_the_caller()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator<int, int>("Factorial", async (context, n) =>
                n <= 1 ? 1 : n * await context.CallSubOrchestratorAsync<int>("Factorial", n - 1)));

        (await host.RunAsync("Factorial", 6)).Output<int>().ShouldBe(720);
    }

    [Fact]
    public async Task Sub_orchestrations_run_side_by_side_and_keep_the_order_of_the_calls()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("All", async context =>
                await Task.WhenAll(Enumerable.Range(1, 20).Select(i => context.CallSubOrchestratorAsync<int>("Wait", 21 - i))))
            .AddOrchestrator<int, int>("Wait", async (context, seconds) =>
            {
                await context.CreateTimer(TimeSpan.FromMilliseconds(seconds * 10), CancellationToken.None);
                return seconds;
            }));

        (await host.RunAsync("All")).Output<int[]>().ShouldBe(Enumerable.Range(1, 20).Select(i => 21 - i));
    }

    [Fact]
    public async Task A_sub_orchestration_has_the_id_that_the_caller_gives_it_and_an_instance_of_its_own()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Parent", context => context.CallSubOrchestratorAsync<string>("Child", options: new TaskOptions().WithInstanceId("child-1")))
            .AddOrchestrator("Child", context => Task.FromResult(context.InstanceId)));

        (await host.RunAsync("Parent")).Output<string>().ShouldBe("child-1");
        var child = await host.ReadAsync("child-1");
        child.Name.ShouldBe("Child");
        child.Output<string>().ShouldBe("child-1");
    }

    [Fact]
    public async Task Without_an_id_each_sub_orchestration_gets_one_of_its_own_that_a_replay_repeats()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Parent", async context =>
            {
                var first = await Task.WhenAll(context.CallSubOrchestratorAsync<string>("Child"), context.CallSubOrchestratorAsync<string>("Child"));
                await context.WaitForExternalEvent<int>("go");
                return first;
            })
            .AddOrchestrator("Child", context => Task.FromResult(context.InstanceId)));
        var id = await host.BeginAsync("Parent");
        await host.SettleAsync();
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", 1, Token);

        (await host.SettleAsync(id)).Output<string[]>()!.Distinct().Count().ShouldBe(2);
        (await host.FindAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_sub_orchestration_knows_its_parent_and_a_top_one_has_none()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Parent", async context =>
                new[] { context.Parent?.InstanceId ?? "none", await context.CallSubOrchestratorAsync<string>("Child") })
            .AddOrchestrator("Child", context => Task.FromResult($"{context.Parent!.Name} {context.Parent.InstanceId}")));

        (await host.RunAsync("Parent", options: new StartOrchestrationOptions("top"))).Output<string[]>().ShouldBe(["none", "Parent top"]);
    }

    [Fact]
    public async Task A_failed_sub_orchestration_throws_in_the_caller_which_may_go_on()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Parent", async context =>
            {
                try
                {
                    await context.CallSubOrchestratorAsync("Child");
                    return "no failure";
                }
                catch (TaskFailedException exception)
                {
                    return $"{exception.TaskName} {exception.FailureDetails.ErrorType} {exception.FailureDetails.ErrorMessage}";
                }
            })
            .AddOrchestrator<int>("Child", _ => throw new InvalidOperationException("broken")));

        (await host.RunAsync("Parent")).Output<string>().ShouldBe("Child System.InvalidOperationException broken");
    }

    [Fact]
    public async Task A_failed_sub_orchestration_that_nobody_catches_fails_the_caller_and_its_caller()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Top", context => context.CallSubOrchestratorAsync<int>("Middle"))
            .AddOrchestrator("Middle", context => context.CallSubOrchestratorAsync<int>("Bottom"))
            .AddOrchestrator<int>("Bottom", _ => throw new InvalidOperationException("broken")));

        var failure = (await host.RunAsync("Top")).FailureDetails.ShouldNotBeNull();

        failure.ErrorType.ShouldBe(typeof(TaskFailedException).FullName);
        failure.ErrorMessage.ShouldStartWith("Task 'Middle' (#0) failed with an unhandled exception: Task 'Bottom' (#0) failed");
        failure.InnerFailure!.ErrorType.ShouldBe(typeof(TaskFailedException).FullName);
        failure.InnerFailure.InnerFailure!.ErrorType.ShouldBe(typeof(InvalidOperationException).FullName);
        failure.InnerFailure.InnerFailure.ErrorMessage.ShouldBe("broken");
    }

    [Fact]
    public async Task All_attempts_at_a_sub_orchestration_run_under_one_id()
    {
        var seen = new ConcurrentQueue<string>();
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Parent", context => context.CallSubOrchestratorAsync<int>(
                "Child", options: TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromSeconds(1)))))
            .AddOrchestrator("Child", context => context.CallActivityAsync<int>("Flaky", context.InstanceId))
            .AddActivity("Flaky", (string id) =>
            {
                seen.Enqueue(id);
                return seen.Count == 3 ? 7 : throw new IOException("again");
            }));

        (await host.RunAsync("Parent")).Output<int>().ShouldBe(7);
        seen.Count.ShouldBe(3);
        seen.Distinct().Count().ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_task_of_an_unknown_name_fails_its_call_and_is_not_tried_again(bool isActivity)
    {
        var options = TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromHours(1)));
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Calls", context => isActivity
                ? context.CallActivityAsync<int>("Missing", options: options)
                : context.CallSubOrchestratorAsync<int>("Missing", options: options)));
        var start = host.Now;

        var instance = await host.RunAsync("Calls");

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.ErrorType.ShouldBe(typeof(TaskFailedException).FullName);
        instance.FailureDetails.ErrorMessage.ShouldContain("Missing");
        (host.Now - start).ShouldBeLessThan(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_sub_orchestration_that_continues_as_new_answers_its_caller_in_the_end()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Parent", context => context.CallSubOrchestratorAsync<string>("Child", 0))
            .AddOrchestrator<int, string>("Child", (context, round) =>
            {
                if (round < 5)
                {
                    context.ContinueAsNew(round + 1);
                }

                return Task.FromResult($"round {round} of {context.Parent!.Name}");
            }));

        (await host.RunAsync("Parent")).Output<string>().ShouldBe("round 5 of Parent");
    }
}
