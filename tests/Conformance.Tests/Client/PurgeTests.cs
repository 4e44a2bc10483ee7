using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Client;

public sealed class PurgeTests : ConformanceTest
{
    [Fact]
    public async Task A_purged_instance_is_gone_and_its_id_free()
    {
        await using var host = await StartAsync(AddTasks);
        await host.BeginAsync("Ends", 1, "one");
        await host.SettleAsync();

        (await host.Client.PurgeInstanceAsync("one", Token)).PurgedInstanceCount.ShouldBe(1);

        (await host.Client.GetInstanceAsync("one", Token)).ShouldBeNull();
        await host.BeginAsync("Ends", 2, "one");
        (await host.SettleAsync("one")).Output<int>().ShouldBe(2);
    }

    [Fact]
    public async Task An_instance_that_is_not_there_counts_for_nothing()
    {
        await using var host = await StartAsync(AddTasks);

        (await host.Client.PurgeInstanceAsync("nobody", Token)).PurgedInstanceCount.ShouldBe(0);
    }

    [Fact]
    public async Task An_instance_that_has_not_ended_is_not_purged()
    {
        Requires(HostFeature.GuardedPurge);

        await using var host = await StartAsync(AddTasks);
        await host.BeginAsync("Waits", 1, "one");
        await host.SettleAsync();

        await Should.ThrowAsync<InvalidOperationException>(() => host.Client.PurgeInstanceAsync("one", Token));

        await host.Client.RaiseEventAsync("one", "go", 4, Token);
        (await host.SettleAsync("one")).Output<int>().ShouldBe(4);
    }

    [Theory]
    [InlineData(true, new string[0])]
    [InlineData(false, new[] { "child" })]
    public async Task Sub_orchestrations_are_purged_with_it_only_when_recursive(bool recursive, string[] left)
    {
        if (recursive)
        {
            Requires(HostFeature.Recursion);
        }

        await using var host = await StartAsync(AddTasks);
        await host.BeginAsync("Parent", id: "parent");
        await host.SettleAsync();

        var result = await host.Client.PurgeInstanceAsync("parent", new PurgeInstanceOptions(recursive), Token);

        result.PurgedInstanceCount.ShouldBe(2 - left.Length);
        (await host.FindAsync()).ShouldBe(left);
    }

    [Fact]
    public async Task A_purge_by_status_takes_the_ended_instances_of_that_status_alone()
    {
        Requires(HostFeature.GuardedPurge);

        await using var host = await StartAsync(AddTasks);
        await BeginOneOfEachAsync(host);

        var result = await host.Client.PurgeAllInstancesAsync(
            new PurgeInstancesFilter(Statuses: [OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Terminated]), Token);

        result.PurgedInstanceCount.ShouldBe(2);
        (await host.FindAsync()).Order().ShouldBe(["ended", "waiting"]);
    }

    [Fact]
    public async Task A_purge_without_a_filter_takes_all_that_have_ended_and_none_that_have_not()
    {
        Requires(HostFeature.GuardedPurge);

        await using var host = await StartAsync(AddTasks);
        await BeginOneOfEachAsync(host);

        (await host.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), Token)).PurgedInstanceCount.ShouldBe(3);

        (await host.FindAsync()).ShouldBe(["waiting"]);
    }

    [Fact]
    public async Task A_purge_by_time_takes_those_that_were_created_within_it()
    {
        await using var host = await StartAsync(AddTasks);
        var start = host.Now;
        for (var i = 0; i < 5; i++)
        {
            await host.BeginAsync("Ends", i, $"e{i}");
            await host.PassAsync(TimeSpan.FromSeconds(2));
        }

        var result = await host.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(start.AddSeconds(1), start.AddSeconds(5)), Token);

        result.PurgedInstanceCount.ShouldBe(2);
        (await host.FindAsync()).Order().ShouldBe(["e0", "e3", "e4"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_timeout_that_is_not_more_than_zero_is_refused(int seconds)
    {
        await using var host = await StartAsync(AddTasks);

        await Should.ThrowAsync<ArgumentOutOfRangeException>(
            () => host.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter { Timeout = TimeSpan.FromSeconds(seconds) }, Token));
    }

    private static async Task BeginOneOfEachAsync(IDurableHost host)
    {
        await host.BeginAsync("Ends", 1, "ended");
        await host.BeginAsync("Fails", 1, "failed");
        await host.BeginAsync("Waits", 1, "terminated");
        await host.BeginAsync("Waits", 1, "waiting");
        await host.Client.TerminateInstanceAsync("terminated", Token);
        await host.SettleAsync();
    }

    private static void AddTasks(ITaskSet tasks) => tasks
        .AddOrchestrator<int, int>("Ends", (_, input) => Task.FromResult(input))
        .AddOrchestrator<int>("Fails", _ => throw new IOException("broken"))
        .AddOrchestrator<int, int>("Waits", (context, _) => context.WaitForExternalEvent<int>("go"))
        .AddOrchestrator("Parent", context => context.CallSubOrchestratorAsync<int>("Ends", 1, new TaskOptions().WithInstanceId("child")));
}
