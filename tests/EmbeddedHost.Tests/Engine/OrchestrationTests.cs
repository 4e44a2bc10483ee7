using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class OrchestrationTests
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
                    value = await context.CallActivityAsync<int>("Add", value);
                }

                return value;
            })
            .AddActivity("Add", activity => Task.FromResult<object?>((int)activity.GetInput(typeof(int))! + 1)));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Chain", 10, Token);
        var result = await host.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token);

        result.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed, result.ToString());
        result.ReadOutputAs<int>().ShouldBe(15);
    }

    [Fact]
    public async Task A_timer_of_thirty_days_fires_in_skipped_time_and_survives_a_restart()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Reminder", async context =>
            {
                await context.CreateTimer(TimeSpan.FromDays(30), CancellationToken.None);
                return context.CurrentUtcDateTime;
            }));
        var start = host.Time.GetUtcNow();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Reminder", Token);
        await host.AdvanceAsync(TimeSpan.FromDays(29), Token);
        await host.RestartAsync();
        (await host.Client.GetInstanceAsync(id, Token))!.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        await host.RunUntilIdleAsync(Token);

        var result = (await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Token))!;
        result.ReadOutputAs<DateTime>().ShouldBe(start.UtcDateTime + TimeSpan.FromDays(30));
    }

    [Fact]
    public async Task A_failed_sub_orchestration_fails_the_parent_with_the_chain_of_causes()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Parent", async context => await context.CallSubOrchestratorAsync<string>("Child"))
            .AddOrchestrator("Child", async context => await context.CallActivityAsync<string>("Break"))
            .AddActivity("Break", _ => throw new InvalidDataException("no good")));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Parent", Token);
        await host.RunUntilIdleAsync(Token);

        var failure = (await host.Client.GetInstanceAsync(id, Token))!.FailureDetails!;
        failure.IsCausedBy<TaskFailedException>().ShouldBeTrue();
        failure.InnerFailure!.IsCausedBy<TaskFailedException>().ShouldBeTrue();
        failure.InnerFailure.InnerFailure!.IsCausedBy<InvalidDataException>().ShouldBeTrue();
        failure.InnerFailure.InnerFailure.ErrorMessage.ShouldBe("no good");
    }
}
