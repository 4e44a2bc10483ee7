using AtomicDevOps.EmbeddedHost.Testing;
using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class ManagementTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_five_simultaneous_starts_of_one_id_exactly_one_succeeds()
    {
        await using var host = await StartAsync();

        var starts = Enumerable.Range(0, 5).Select(i => host.Client.ScheduleNewOrchestrationInstanceAsync(
            "Waits", i, new StartOrchestrationOptions("one"), Token)).ToList();
        await Task.WhenAll(starts.Select(start => start.ContinueWith(static _ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default)));

        starts.Count(start => start.IsCompletedSuccessfully).ShouldBe(1);
        starts.Count(start => start.Exception?.InnerException is OrchestrationAlreadyExistsException).ShouldBe(4);
    }

    [Fact]
    public async Task A_finished_id_can_be_started_again_unless_its_status_is_deduplicated()
    {
        await using var host = await StartAsync();
        var options = new StartOrchestrationOptions("again");
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Ends", 1, options, Token);
        await host.RunUntilIdleAsync(Token);

        await Should.ThrowAsync<OrchestrationAlreadyExistsException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync(
            "Ends", 2, options.WithDedupeStatuses(OrchestrationRuntimeStatus.Completed), Token));
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Ends", 3, options, Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("again")).Output<int>().ShouldBe(3);
    }

    [Fact]
    public async Task A_running_id_is_replaced_when_its_status_is_not_deduplicated()
    {
        await using var host = await StartAsync();
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", 1, new StartOrchestrationOptions("x"), Token);

        await host.Client.ScheduleNewOrchestrationInstanceAsync(
            "Ends", 2, new StartOrchestrationOptions("x") { DedupeStatuses = ["Completed"] }, Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("x")).Output<int>().ShouldBe(2);
    }

    [Fact]
    public async Task A_suspended_instance_keeps_what_arrives_and_handles_it_when_resumed()
    {
        await using var host = await StartAsync();
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token);

        await host.Client.SuspendInstanceAsync(id, "hold", Token);
        await host.Client.RaiseEventAsync(id, "go", 7, Token);
        await host.RestartAsync();
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Suspended);
        await host.Client.ResumeInstanceAsync(id, "go on", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<int>().ShouldBe(7);
    }

    [Theory]
    [InlineData(true, OrchestrationRuntimeStatus.Terminated)]
    [InlineData(false, OrchestrationRuntimeStatus.Running)]
    public async Task Termination_reaches_sub_orchestrations_only_when_recursive(bool recursive, OrchestrationRuntimeStatus child)
    {
        await using var host = await StartAsync();
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Parent", Token);
        await host.RunUntilIdleAsync(Token);

        await host.Client.TerminateInstanceAsync(id, new TerminateInstanceOptions("enough", recursive), Token);
        await host.RunUntilIdleAsync(Token);

        var parent = await host.ReadAsync(id);
        parent.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
        parent.ReadOutputAs<string>().ShouldBe("enough");
        (await host.ReadAsync("child")).RuntimeStatus.ShouldBe(child);
    }

    [Fact]
    public async Task A_terminated_sub_orchestration_fails_its_call()
    {
        await using var host = await StartAsync();
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Parent", Token);
        await host.RunUntilIdleAsync(Token);

        await host.Client.TerminateInstanceAsync("child", "stop", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).FailureDetails!.IsCausedBy<TaskFailedException>().ShouldBeTrue();
    }

    [Fact]
    public async Task A_scheduled_start_waits_for_its_time_keeps_events_and_can_be_terminated()
    {
        await using var host = await StartAsync();
        var at = host.Time.GetUtcNow().AddHours(5);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("a", at), Token);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("b", at), Token);
        await host.Client.RaiseEventAsync("a", "go", 3, Token);
        await host.RestartAsync();
        (await host.ReadAsync("a")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Pending);

        await host.Client.TerminateInstanceAsync("b", "never", Token);
        (await host.ReadAsync("b")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("a")).Output<int>().ShouldBe(3);
        host.Time.GetUtcNow().ShouldBe(at);
    }

    [Fact]
    public async Task Queries_filter_by_status_and_prefix_and_page_by_token()
    {
        await using var host = await StartAsync();
        for (var i = 0; i < 7; i++)
        {
            await host.Client.ScheduleNewOrchestrationInstanceAsync("Ends", i, new StartOrchestrationOptions($"p%:{i}"), Token);
        }

        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", 0, new StartOrchestrationOptions("p%:waits"), Token);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Ends", 0, new StartOrchestrationOptions("pq:other"), Token);
        await host.RunUntilIdleAsync(Token);
        var query = new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Completed], InstanceIdPrefix: "p%:", PageSize: 3);

        var pages = new List<int>();
        var ids = new List<string>();
        await foreach (var page in host.Client.GetAllInstancesAsync(query).AsPages())
        {
            pages.Add(page.Values.Count);
            ids.AddRange(page.Values.Select(instance => instance.InstanceId));
        }

        pages.ShouldBe([3, 3, 1]);
        ids.ShouldBe(Enumerable.Range(0, 7).Select(i => $"p%:{i}"));
    }

    [Fact]
    public async Task Only_finished_instances_are_purged_and_recursively_with_their_children()
    {
        await using var host = await StartAsync();
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Parent", Token);
        await host.RunUntilIdleAsync(Token);
        await Should.ThrowAsync<InvalidOperationException>(() => host.Client.PurgeInstanceAsync(id, Token));

        await host.Client.RaiseEventAsync("child", "go", 1, Token);
        await host.RunUntilIdleAsync(Token);
        var purged = await host.Client.PurgeInstanceAsync(id, new PurgeInstanceOptions(Recursive: true), Token);

        purged.PurgedInstanceCount.ShouldBe(2);
        (await host.Client.GetInstanceAsync("child", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_restart_runs_the_same_orchestrator_with_the_same_input()
    {
        await using var host = await StartAsync();
        var first = await host.RunAsync("Ends", 42);

        var id = await host.Client.RestartAsync(first.InstanceId, restartWithNewInstanceId: true, Token);
        await host.RunUntilIdleAsync(Token);

        id.ShouldNotBe(first.InstanceId);
        (await host.ReadAsync(id)).Output<int>().ShouldBe(42);
    }

    [Fact]
    public async Task Instances_beyond_the_memory_limit_are_replayed_when_needed()
    {
        await using var host = await StartAsync(options => options.MaxInstancesInMemory = 2);
        var ids = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            ids.Add(await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token));
        }

        await host.RunUntilIdleAsync(Token);
        host.Engine.InstancesInMemory.ShouldBeLessThanOrEqualTo(2);
        foreach (var (i, id) in ids.Index())
        {
            await host.Client.RaiseEventAsync(id, "go", i, Token);
        }

        await host.RunUntilIdleAsync(Token);
        foreach (var (i, id) in ids.Index())
        {
            (await host.ReadAsync(id)).Output<int>().ShouldBe(i);
        }

        host.Engine.InstancesInMemory.ShouldBe(0);
    }

    [Fact]
    public async Task Retries_follow_the_policy_in_durable_time()
    {
        await using var host = await StartAsync();

        (await host.RunAsync("Retries")).Output<double[]>().ShouldBe([0, 10, 30, 60, 90]);
    }

    private static Task<DurableTestHost> StartAsync(Action<EmbeddedDurableTaskOptions>? configure = null)
    {
        var attempts = new List<DateTimeOffset>();
        DurableTestHost? host = null;
        return Task.Run(
            async () => host = await DurableTestHost.StartAsync(
                functions => functions
                    .AddOrchestrator("Ends", context => Task.FromResult<object?>(context.GetInput<int>()))
                    .AddOrchestrator("Waits", async context => await context.WaitForExternalEvent<int>("go"))
                    .AddOrchestrator("Parent", async context =>
                        await context.CallSubOrchestratorAsync<int>("Waits", options: new TaskOptions().WithInstanceId("child")))
                    .AddOrchestrator("Retries", async context =>
                    {
                        var policy = new RetryPolicy(5, TimeSpan.FromSeconds(10), 2, TimeSpan.FromSeconds(30));
                        return await context.CallActivityAsync<double[]>("Flaky", options: TaskOptions.FromRetryPolicy(policy));
                    })
                    .AddActivity("Flaky", (object? _) =>
                    {
                        attempts.Add(host!.Time.GetUtcNow());
                        return attempts.Count == 5
                            ? attempts.ConvertAll(at => (at - attempts[0]).TotalSeconds)
                            : throw new IOException("again");
                    }),
                configure: configure),
            Token);
    }
}
