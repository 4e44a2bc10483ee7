using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class CustomStatusTests : ConformanceTest
{
    [Fact]
    public async Task A_status_shows_while_the_instance_runs_and_the_last_of_a_turn_wins()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Reports");
        (await host.SettleAsync(id)).ReadCustomStatusAs<Progress>().ShouldBe(new Progress("begun", 1));

        await host.Client.RaiseEventAsync(id, "next", cancellation: Token);
        (await host.SettleAsync(id)).ReadCustomStatusAs<Progress>().ShouldBe(new Progress("going", 50));
    }

    [Fact]
    public async Task A_status_survives_a_restart_and_the_end()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Reports");
        await host.Client.RaiseEventAsync(id, "next", cancellation: Token);
        await host.SettleAsync();
        await host.RestartAsync();
        (await host.ReadAsync(id)).ReadCustomStatusAs<Progress>().ShouldBe(new Progress("going", 50));

        await host.Client.RaiseEventAsync(id, "next", cancellation: Token);

        var ended = await host.SettleAsync(id);
        ended.Output<string>().ShouldBe("done");
        ended.ReadCustomStatusAs<Progress>().ShouldBe(new Progress("going", 50));
    }

    [Fact]
    public async Task A_null_takes_the_status_away()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Clears", async context =>
        {
            context.SetCustomStatus("begun");
            await context.WaitForExternalEvent<int>("next");
            context.SetCustomStatus(null);
            return await context.WaitForExternalEvent<int>("next");
        }));
        var id = await host.BeginAsync("Clears");
        (await host.SettleAsync(id)).SerializedCustomStatus.ShouldBe("\"begun\"");

        await host.Client.RaiseEventAsync(id, "next", 1, Token);

        (await host.SettleAsync(id)).SerializedCustomStatus.ShouldBeNull();
    }

    [Fact]
    public async Task A_status_of_an_orchestrator_that_fails_stays()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int>("Fails", context =>
        {
            context.SetCustomStatus("close");
            throw new IOException("broken");
        }));

        var instance = await host.RunAsync("Fails");

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.ReadCustomStatusAs<string>().ShouldBe("close");
    }

    private static void AddTasks(ITaskSet tasks) => tasks.AddOrchestrator("Reports", async context =>
    {
        context.SetCustomStatus(new Progress("begun", 0));
        context.SetCustomStatus(new Progress("begun", 1));
        await context.WaitForExternalEvent<string?>("next");
        context.SetCustomStatus(new Progress("going", 50));
        await context.WaitForExternalEvent<string?>("next");
        return "done";
    });

    private sealed record Progress(string Stage, int Percent);
}
