using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Client;

public sealed class RestartTests : ConformanceTest
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_restart_runs_the_same_orchestrator_with_the_same_input_under_a_new_id_or_the_old_one(bool newId)
    {
        var runs = 0;
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator<string, string>("Doubles", async (context, input) => $"{input}{input} {await context.CallActivityAsync<int>("Count")}")
            .AddActivity("Count", (object? _) => ++runs));
        var first = await host.RunAsync("Doubles", "ab");

        var id = await host.Client.RestartAsync(first.InstanceId, newId, Token);

        string.Equals(id, first.InstanceId, StringComparison.Ordinal).ShouldBe(!newId);
        var second = await host.SettleAsync(id);
        second.Name.ShouldBe("Doubles");
        second.Output<string>().ShouldBe("abab 2");
        (await host.FindAsync()).Count.ShouldBe(newId ? 2 : 1);
    }

    [Fact]
    public async Task A_failed_and_a_terminated_instance_can_be_restarted()
    {
        var runs = 0;
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator(
            "Fails", context => runs++ == 0 ? throw new IOException("broken") : context.WaitForExternalEvent<int>("go")));
        var id = (await host.RunAsync("Fails")).InstanceId;
        await host.Client.RestartAsync(id, cancellation: Token);
        await host.SettleAsync();
        await host.Client.TerminateInstanceAsync(id, Token);
        await host.SettleAsync();
        await host.Client.RestartAsync(id, cancellation: Token);
        await host.Client.RaiseEventAsync(id, "go", 5, Token);

        (await host.SettleAsync(id)).Output<int>().ShouldBe(5);
    }

    [Fact]
    public async Task An_instance_that_is_not_there_cannot_be_restarted()
    {
        await using var host = await StartAsync(static _ => { });

        await Should.ThrowAsync<ArgumentException>(() => host.Client.RestartAsync("nobody", cancellation: Token));
    }

    [Fact]
    public async Task A_running_instance_cannot_be_restarted_under_its_id_but_under_a_new_one()
    {
        Requires(HostFeature.RestartChecks);

        await using var host = await StartAsync(tasks => tasks.AddOrchestrator("Waits", context => context.WaitForExternalEvent<int>("go")));
        var id = await host.BeginAsync("Waits");
        await host.SettleAsync();

        await Should.ThrowAsync<InvalidOperationException>(() => host.Client.RestartAsync(id, cancellation: Token));
        var copy = await host.Client.RestartAsync(id, restartWithNewInstanceId: true, Token);

        (await host.SettleAsync(copy)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
    }
}
