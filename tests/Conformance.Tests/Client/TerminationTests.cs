using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Client;

public sealed class TerminationTests : ConformanceTest
{
    [Fact]
    public async Task A_terminated_instance_ends_with_the_output_that_it_was_given()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Bottom");

        await host.Client.TerminateInstanceAsync(id, new { Why = "enough" }, Token);

        var instance = await host.SettleAsync(id);
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
        instance.IsCompleted.ShouldBeTrue();
        instance.SerializedOutput.ShouldBe("""{"Why":"enough"}""");
        instance.FailureDetails.ShouldBeNull();
    }

    [Fact]
    public async Task What_comes_after_the_termination_is_dropped()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Bottom");
        await host.Client.TerminateInstanceAsync(id, Token);

        await host.Client.RaiseEventAsync(id, "go", 1, Token);
        await host.Client.TerminateInstanceAsync(id, "again", Token);

        var instance = await host.SettleAsync(id);
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
        instance.SerializedOutput.ShouldBeNull();
    }

    [Fact]
    public async Task A_timer_of_a_terminated_instance_wakes_nobody()
    {
        var woken = false;
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Sleeps", async context =>
        {
            await context.CreateTimer(TimeSpan.FromSeconds(2), CancellationToken.None);
            return woken = true;
        }));
        var id = await host.BeginAsync("Sleeps");
        await host.Client.TerminateInstanceAsync(id, Token);

        await host.PassAsync(TimeSpan.FromSeconds(3));

        woken.ShouldBeFalse();
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
    }

    [Theory]
    [InlineData(true, OrchestrationRuntimeStatus.Terminated)]
    [InlineData(false, OrchestrationRuntimeStatus.Running)]
    public async Task Termination_reaches_sub_orchestrations_of_any_depth_only_when_recursive(bool recursive, OrchestrationRuntimeStatus below)
    {
        if (recursive)
        {
            Requires(HostFeature.Recursion);
        }

        await using var host = await StartAsync(AddTasks);
        await host.BeginAsync("Top", id: "top");
        await host.SettleAsync();

        await host.Client.TerminateInstanceAsync("top", new TerminateInstanceOptions("enough", recursive), Token);
        await host.SettleAsync();

        (await host.ReadAsync("top")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
        (await host.ReadAsync("middle")).RuntimeStatus.ShouldBe(below);
        (await host.ReadAsync("bottom")).RuntimeStatus.ShouldBe(below);
    }

    [Fact]
    public async Task A_terminated_sub_orchestration_fails_its_call_and_the_caller_may_go_on()
    {
        await using var host = await StartAsync(tasks =>
        {
            AddTasks(tasks);
            tasks.AddOrchestrator("Catches", async context =>
            {
                try
                {
                    await context.CallSubOrchestratorAsync<int>("Bottom", options: new TaskOptions().WithInstanceId("bottom"));
                    return "no failure";
                }
                catch (TaskFailedException exception)
                {
                    return exception.TaskName;
                }
            });
        });
        var id = await host.BeginAsync("Catches");
        await host.SettleAsync();

        await host.Client.TerminateInstanceAsync("bottom", "stop", Token);

        (await host.SettleAsync(id)).Output<string>().ShouldBe("Bottom");
    }

    [Fact]
    public async Task A_termination_that_the_caller_does_not_catch_fails_it()
    {
        await using var host = await StartAsync(AddTasks);
        await host.BeginAsync("Top", id: "top");
        await host.SettleAsync();

        await host.Client.TerminateInstanceAsync("bottom", "stop", Token);
        await host.SettleAsync();

        (await host.ReadAsync("bottom")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
        (await host.ReadAsync("middle")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        (await host.ReadAsync("top")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
    }

    private static void AddTasks(ITaskSet tasks) => tasks
        .AddOrchestrator("Top", context => context.CallSubOrchestratorAsync<int>("Middle", options: new TaskOptions().WithInstanceId("middle")))
        .AddOrchestrator("Middle", context => context.CallSubOrchestratorAsync<int>("Bottom", options: new TaskOptions().WithInstanceId("bottom")))
        .AddOrchestrator("Bottom", context => context.WaitForExternalEvent<int>("go"));
}
