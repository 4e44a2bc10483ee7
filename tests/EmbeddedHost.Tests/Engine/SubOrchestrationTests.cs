using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class SubOrchestrationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The real engine drops the second start, and the caller waits for good.</summary>
    [Fact]
    public async Task A_call_with_the_id_of_a_running_instance_fails_and_leaves_that_instance_alone()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Waits", async context => await context.WaitForExternalEvent<int>("go"))
            .AddOrchestrator("Calls", async context =>
                await context.CallSubOrchestratorAsync<int>("Waits", options: new TaskOptions().WithInstanceId("taken"))));
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("taken"), Token);
        await host.RunUntilIdleAsync(Token);

        var caller = await host.RunAsync("Calls");

        caller.FailureDetails!.InnerFailure!.ErrorMessage.ShouldContain("instance ID 'taken' and status 'Running' already exists");
        await host.Client.RaiseEventAsync("taken", "go", 3, Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync("taken")).Output<int>().ShouldBe(3);
    }
}
