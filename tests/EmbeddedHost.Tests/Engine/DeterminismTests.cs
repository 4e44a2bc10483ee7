using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class DeterminismTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Code_that_changed_under_a_running_instance_fails_it_with_the_event_history_and_code()
    {
        var activity = "Before";
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Changes", async context =>
            {
                await context.CallActivityAsync(activity);
                return await context.WaitForExternalEvent<int>("go");
            })
            .AddActivity("Before", (object? _) => 1)
            .AddActivity("After", (object? _) => 2));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Changes", Token);
        await host.RunUntilIdleAsync(Token);

        activity = "After";
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", 1, Token);
        await host.RunUntilIdleAsync(Token);

        var failure = (await host.ReadAsync(id)).FailureDetails!;
        failure.IsCausedBy<NonDeterministicOrchestrationException>().ShouldBeTrue();
        failure.ErrorMessage.ShouldContain($"instance '{id}'");
        failure.ErrorMessage.ShouldContain("Event 2: history says TaskScheduled { TaskId = 0, Name = Before");
        failure.ErrorMessage.ShouldContain("the code did TaskScheduled { TaskId = 0, Name = After");
    }

    [Fact]
    public async Task Awaiting_what_is_not_durable_fails_the_instance_and_leaves_others_alone()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Sleeps", async context =>
            {
                await Task.Delay(1, CancellationToken.None);
                return await context.WaitForExternalEvent<int>("never");
            })
            .AddOrchestrator("Good", _ => Task.FromResult<object?>(1)));

        var bad = await host.RunAsync("Sleeps");

        bad.FailureDetails!.IsCausedBy<NonDurableAwaitException>().ShouldBeTrue();
        bad.FailureDetails.ErrorMessage.ShouldContain($"instance '{bad.InstanceId}' awaited something that is not durable");
        (await host.RunAsync("Good")).Output<int>().ShouldBe(1);
    }

    [Fact]
    public async Task An_unknown_orchestrator_fails_the_instance_and_names_those_that_are_there()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Present", _ => Task.FromResult<object?>(1)));

        (await host.RunAsync("Missing")).FailureDetails!.ErrorMessage
            .ShouldBe("There is no orchestrator named 'Missing'. Known: Present.");
    }

    [Fact]
    public async Task A_new_guid_is_that_of_the_real_engine_for_the_same_instance_and_time()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Ids", context => Task.FromResult<object?>(new[] { context.NewGuid(), context.NewGuid() })));

        await host.Client.ScheduleNewOrchestrationInstanceAsync("Ids", new StartOrchestrationOptions("known"), Token);
        await host.RunUntilIdleAsync(Token);

        // Version 5 of "known_2026-01-01T00:00:00.0000000Z_0" and "…_1" in the real engine's name space.
        (await host.ReadAsync("known")).Output<Guid[]>().ShouldBe(
            [Guid.Parse("f2ff9f13-a03e-58e5-b14a-78be9f4b509c"), Guid.Parse("4e76ddfd-907b-5169-8fbd-5a3c04398760")]);
    }
}
