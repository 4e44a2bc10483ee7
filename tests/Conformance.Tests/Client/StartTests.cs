using AtomicDevOps.Conformance.Tests.Harness;
using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Client;

public sealed class StartTests : ConformanceTest
{
    [Fact]
    public async Task A_start_returns_the_id_that_it_was_given_or_a_new_one()
    {
        await using var host = await StartAsync(AddTasks);

        (await host.BeginAsync("Ends", 1, "mine")).ShouldBe("mine");
        var first = await host.BeginAsync("Ends", 2);
        var second = await host.BeginAsync("Ends", 3);
        first.ShouldNotBeNullOrEmpty();
        first.ShouldNotBe(second);
    }

    [Fact]
    public async Task An_instance_has_its_name_its_input_and_its_times()
    {
        await using var host = await StartAsync(AddTasks);
        var before = host.Now;
        var id = await host.BeginAsync("Waits", "in");
        await host.PassAsync(TimeSpan.FromSeconds(2));
        await host.Client.RaiseEventAsync(id, "go", 1, Token);

        var instance = await host.SettleAsync(id);

        instance.Name.ShouldBe("Waits");
        instance.ReadInputAs<string>().ShouldBe("in");
        instance.CreatedAt.ShouldBeInRange(before, before.AddSeconds(1));
        instance.LastUpdatedAt.ShouldBeGreaterThanOrEqualTo(before.AddSeconds(2));
    }

    [Fact]
    public async Task A_scheduled_start_waits_for_its_time_and_keeps_events()
    {
        Requires(HostFeature.ScheduledStart);

        await using var host = await StartAsync(AddTasks);
        var at = host.Now.AddSeconds(4);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("later", at), Token);
        await host.Client.RaiseEventAsync("later", "go", 3, Token);
        await host.PassAsync(TimeSpan.FromSeconds(2));
        await host.RestartAsync();
        (await host.ReadAsync("later")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Pending);

        var instance = await host.SettleAsync("later");

        instance.Output<int>().ShouldBe(3);
        instance.LastUpdatedAt.ShouldBeGreaterThanOrEqualTo(at);
    }

    [Fact]
    public async Task A_start_in_the_past_is_a_start_at_once()
    {
        await using var host = await StartAsync(AddTasks);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Ends", 1, new StartOrchestrationOptions("late", host.Now.AddDays(-1)), Token);

        await host.PassAsync(TimeSpan.Zero);

        (await host.ReadAsync("late")).Output<int>().ShouldBe(1);
    }

    [Fact]
    public async Task A_scheduled_start_can_be_terminated()
    {
        Requires(HostFeature.ScheduledStart);

        await using var host = await StartAsync(AddTasks);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Ends", 1, new StartOrchestrationOptions("never", host.Now.AddDays(1)), Token);

        await host.Client.TerminateInstanceAsync("never", "no need", Token);

        (await host.SettleAsync("never")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
    }

    [Fact]
    public async Task Without_dedupe_statuses_an_instance_that_has_not_ended_refuses_a_second_start()
    {
        Requires(HostFeature.DefaultDedupeStatuses);

        await using var host = await StartAsync(AddTasks);
        await host.BeginAsync("Waits", 1, "one");
        await host.SettleAsync();

        await Should.ThrowAsync<OrchestrationAlreadyExistsException>(() => host.BeginAsync("Waits", 2, "one"));

        (await host.ReadAsync("one")).ReadInputAs<int>().ShouldBe(1);
    }

    [Fact]
    public async Task Of_simultaneous_starts_of_one_id_exactly_one_succeeds()
    {
        Requires(HostFeature.DefaultDedupeStatuses);

        await using var host = await StartAsync(AddTasks);
        var starts = Enumerable.Range(0, 5).Select(i => host.BeginAsync("Waits", i, "one")).ToList();

        await Task.WhenAll(starts.Select(start => start.ContinueWith(static _ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default)));

        starts.Count(start => start.IsCompletedSuccessfully).ShouldBe(1);
        starts.Count(start => start.Exception?.InnerException is OrchestrationAlreadyExistsException).ShouldBe(4);
    }

    [Theory]
    [InlineData("Ends", OrchestrationRuntimeStatus.Completed)]
    [InlineData("Fails", OrchestrationRuntimeStatus.Failed)]
    [InlineData("Waits", OrchestrationRuntimeStatus.Running)]
    public async Task An_id_in_a_dedupe_status_is_refused_and_in_any_other_it_starts_anew(string first, OrchestrationRuntimeStatus status)
    {
        await using var host = await StartAsync(AddTasks);
        await host.BeginAsync(first, 1, "one");
        (await host.SettleAsync("one")).RuntimeStatus.ShouldBe(status);
        var options = new StartOrchestrationOptions("one");
        var others = StartOrchestrationOptionsExtensions.ValidDedupeStatuses
            .Where(other => other != status && other != OrchestrationRuntimeStatus.Terminated)
            .ToArray();

        await Should.ThrowAsync<OrchestrationAlreadyExistsException>(
            () => host.Client.ScheduleNewOrchestrationInstanceAsync("Ends", 2, options.WithDedupeStatuses(status), Token));
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Ends", 3, options.WithDedupeStatuses(others), Token);

        (await host.SettleAsync("one")).Output<int>().ShouldBe(3);
        (await host.FindAsync()).ShouldBe(["one"]);
    }

    [Fact]
    public async Task Terminated_as_a_dedupe_status_needs_those_of_running_instances_beside_it()
    {
        Requires(HostFeature.StartChecks);

        await using var host = await StartAsync(AddTasks);

        await Should.ThrowAsync<ArgumentException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync(
            "Ends", 1, new StartOrchestrationOptions("one").WithDedupeStatuses(OrchestrationRuntimeStatus.Terminated), Token));
    }

    [Fact]
    public async Task An_unknown_dedupe_status_is_refused()
    {
        await using var host = await StartAsync(AddTasks);

        await Should.ThrowAsync<ArgumentException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync(
            "Ends", 1, new StartOrchestrationOptions("one") { DedupeStatuses = ["Sleeping"] }, Token));
    }

    [Fact]
    public async Task An_orchestrator_of_an_unknown_name_fails_the_instance()
    {
        await using var host = await StartAsync(AddTasks);

        var instance = await host.RunAsync("Missing");

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.ErrorMessage.ShouldContain("Missing");
    }

    [Fact]
    public async Task The_name_of_an_orchestrator_ignores_case()
    {
        await using var host = await StartAsync(AddTasks);

        (await host.RunAsync("ENDS", 4)).Output<int>().ShouldBe(4);
    }

    [Fact]
    public async Task An_id_that_looks_like_an_entity_is_refused()
    {
        Requires(HostFeature.StartChecks);

        await using var host = await StartAsync(AddTasks);

        await Should.ThrowAsync<ArgumentException>(() => host.BeginAsync("Ends", 1, "@counter@a"));
    }

    [Fact]
    public async Task A_wait_for_the_start_ends_once_the_instance_runs()
    {
        Requires(HostFeature.ScheduledStart);

        await using var host = await StartAsync(AddTasks);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", "in", new StartOrchestrationOptions("one", host.Now.AddSeconds(2)), Token);
        var wait = host.Client.WaitForInstanceStartAsync("one", getInputsAndOutputs: true, Token);
        await host.PassAsync(TimeSpan.FromSeconds(1));
        wait.IsCompleted.ShouldBeFalse();

        await host.PassAsync(TimeSpan.FromSeconds(2));

        var instance = await wait;
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        instance.ReadInputAs<string>().ShouldBe("in");
    }

    [Theory]
    [InlineData("Ends", OrchestrationRuntimeStatus.Completed)]
    [InlineData("Fails", OrchestrationRuntimeStatus.Failed)]
    public async Task A_wait_for_the_end_ends_at_once_when_the_instance_has_ended(string name, OrchestrationRuntimeStatus status)
    {
        await using var host = await StartAsync(AddTasks);
        var id = (await host.RunAsync(name, 1)).InstanceId;

        (await host.Client.WaitForInstanceCompletionAsync(id, Token)).RuntimeStatus.ShouldBe(status);
        (await host.Client.WaitForInstanceStartAsync(id, Token)).RuntimeStatus.ShouldBe(status);
    }

    [Fact]
    public async Task Many_waits_for_one_end_all_get_the_output()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Waits");
        var waits = Enumerable.Range(0, 10).Select(_ => host.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token)).ToList();
        await host.Client.RaiseEventAsync(id, "go", 6, Token);

        (await Task.WhenAll(waits)).ShouldAllBe(instance => instance.ReadOutputAs<int>() == 6);
    }

    [Fact]
    public async Task A_wait_for_the_end_can_be_given_up()
    {
        await using var host = await StartAsync(AddTasks);
        var id = await host.BeginAsync("Waits");
        using var source = new CancellationTokenSource();
        var wait = host.Client.WaitForInstanceCompletionAsync(id, source.Token);

        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => wait);
        await host.Client.RaiseEventAsync(id, "go", 6, Token);
        (await host.SettleAsync(id)).Output<int>().ShouldBe(6);
    }

    private static void AddTasks(ITaskSet tasks) => tasks
        .AddOrchestrator<int, int>("Ends", (_, input) => Task.FromResult(input))
        .AddOrchestrator<int>("Fails", _ => throw new IOException("broken"))
        .AddOrchestrator<object?, int>("Waits", (context, _) => context.WaitForExternalEvent<int>("go"));
}
