using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Conformance.Tests.Entities;

public sealed class ClientTests : ConformanceTest
{
    private static readonly EntityInstanceId A = new(nameof(Counter), "a");

    [Fact]
    public async Task A_snapshot_has_id_state_and_time_and_no_state_if_that_is_not_asked_for()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>());
        await host.PassAsync(TimeSpan.FromMinutes(3));
        var at = host.Now;
        await host.SignalAsync("Counter", "a", "add", 5);
        await host.PassAsync(TimeSpan.FromMinutes(3));

        var entity = (await host.Client.Entities.GetEntityAsync(A, cancellation: Token)).ShouldNotBeNull();
        entity.Id.ShouldBe(A);
        entity.State!.ReadAs<int>().ShouldBe(5);
        entity.LastModifiedTime.ShouldBe(at);
        entity.LockedBy.ShouldBeNull();
        entity.BacklogQueueSize.ShouldBe(0);
        (await host.Client.Entities.GetEntityAsync(A, includeState: false, Token))!.IncludesState.ShouldBeFalse();
        (await host.Client.Entities.GetEntityAsync<int>(A, cancellation: Token))!.State.ShouldBe(5);
    }

    [Fact]
    public async Task An_entity_that_nobody_has_spoken_to_is_not_there()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>());

        (await host.Client.Entities.GetEntityAsync(A, cancellation: Token)).ShouldBeNull();
        (await host.Client.Entities.GetEntityAsync<int>(A, cancellation: Token)).ShouldBeNull();
    }

    [Fact]
    public async Task The_implicit_delete_takes_the_state_and_the_next_operation_begins_anew()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>());
        await host.SignalAsync("Counter", "a", "add", 5);
        await host.SignalAsync("Counter", "a", "delete");
        await host.SettleAsync();
        (await host.Client.Entities.GetEntityAsync(A, cancellation: Token)).ShouldBeNull();

        await host.SignalAsync("Counter", "a", "add", 2);
        await host.SettleAsync();

        (await host.StateAsync<int>("Counter", "a")).ShouldBe(2);
    }

    [Fact]
    public async Task Queries_filter_by_the_start_of_the_id()
    {
        Requires(HostFeature.PreciseQueries);
        await using var host = await StartWithFruitAsync();

        (await FindAsync(host, new EntityQuery { InstanceIdStartsWith = "counter" })).ShouldBe(["@counter@apple", "@counter@apricot", "@counter@Banana"]);
        (await FindAsync(host, new EntityQuery { InstanceIdStartsWith = "@COUNTER@ap" })).ShouldBe(["@counter@apple", "@counter@apricot"]);
        (await FindAsync(host, new EntityQuery { InstanceIdStartsWith = "counter@b" })).ShouldBeEmpty();
        (await FindAsync(host, new EntityQuery { InstanceIdStartsWith = "log@" })).ShouldBe(["@log@apple"]);
        (await FindAsync(host)).Count.ShouldBe(4);
    }

    [Fact]
    public async Task Queries_filter_by_the_time_of_the_last_change()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>());
        await host.SignalAsync("Counter", "early", "add", 1);
        await host.PassAsync(TimeSpan.FromHours(1));
        var middle = host.Now;
        await host.PassAsync(TimeSpan.FromHours(1));
        await host.SignalAsync("Counter", "late", "add", 1);
        await host.SettleAsync();

        (await FindAsync(host, new EntityQuery { LastModifiedFrom = middle })).ShouldBe(["@counter@late"]);
        (await FindAsync(host, new EntityQuery { LastModifiedTo = middle })).ShouldBe(["@counter@early"]);
    }

    [Fact]
    public async Task Queries_give_states_only_if_asked_and_entities_without_state_only_if_asked()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>());
        await host.SignalAsync("Counter", "kept", "add", 7);
        await host.SignalAsync("Counter", "gone", "delete");
        await host.SettleAsync();

        (await FindAsync(host)).ShouldBe(["@counter@kept"]);
        (await FindAsync(host, new EntityQuery { IncludeTransient = true })).ShouldBe(["@counter@kept", "@counter@gone"], ignoreOrder: true);
        var typed = new List<EntityMetadata<int>>();
        await foreach (var entity in host.Client.Entities.GetAllEntitiesAsync<int>().WithCancellation(Token))
        {
            typed.Add(entity);
        }

        typed.ShouldHaveSingleItem().State.ShouldBe(7);
        await foreach (var entity in host.Client.Entities.GetAllEntitiesAsync(new EntityQuery { IncludeState = false }).WithCancellation(Token))
        {
            entity.IncludesState.ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Pages_follow_each_other_by_continuation_token()
    {
        await using var host = await StartWithFruitAsync();
        var query = new EntityQuery { PageSize = 3 };

        var pages = new List<Page<EntityMetadata>>();
        await foreach (var page in host.Client.Entities.GetAllEntitiesAsync(query).AsPages().WithCancellation(Token))
        {
            pages.Add(page);
        }

        pages.Select(page => page.Values.Count).ShouldBe([3, 1]);
        pages[1].ContinuationToken.ShouldBeNull();
        (await FindAsync(host, query with { ContinuationToken = pages[0].ContinuationToken })).ShouldBe([pages[1].Values[0].Id.ToString()]);
    }

    [Fact]
    public async Task Cleaning_removes_entities_without_state_and_keeps_the_others()
    {
        Requires(HostFeature.PreciseEntities);
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>());
        await host.SignalAsync("Counter", "kept", "add", 7);
        await host.SignalAsync("Counter", "later", "add", 1, new SignalEntityOptions { SignalTime = host.Now.AddHours(1) });
        for (var i = 0; i < 5; i++)
        {
            await host.SignalAsync("Counter", $"gone{i}", "delete");
        }

        await host.PassAsync(TimeSpan.FromMinutes(45));
        var result = await host.Client.Entities.CleanEntityStorageAsync(cancellation: Token);

        result.EmptyEntitiesRemoved.ShouldBe(5);
        result.OrphanedLocksReleased.ShouldBe(0);
        result.ContinuationToken.ShouldBeNull();
        (await FindAsync(host, new EntityQuery { IncludeTransient = true })).ShouldBe(["@counter@kept", "@counter@later"]);
        await host.SettleAsync();
        (await host.StateAsync<int>("Counter", "later")).ShouldBe(1);
        await host.SignalAsync("Counter", "gone1", "add", 3);
        await host.SettleAsync();
        (await host.StateAsync<int>("Counter", "gone1")).ShouldBe(3);
    }

    [Fact]
    public async Task Orchestration_queries_purges_and_waits_know_nothing_of_entities()
    {
        Requires(HostFeature.PreciseQueries);
        await using var host = await StartAsync(tasks => tasks
            .AddEntity<Counter>().AddOrchestrator<int, int>("Started", (_, input) => Task.FromResult(input)));
        await host.SignalAsync("Counter", "a", "add", 7);
        await host.RunAsync("Started", 1, new StartOrchestrationOptions("only"));

        (await host.FindAsync()).ShouldBe(["only"]);
        (await host.Client.ListInstanceIdsAsync(cancellation: Token)).Values.ShouldBe(["only"]);
        (await host.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), null, Token)).PurgedInstanceCount.ShouldBe(1);
        (await host.StateAsync<int>("Counter", "a")).ShouldBe(7);
    }

    [Fact]
    public async Task Ids_of_entities_are_refused_where_those_of_orchestrations_are_asked_for()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>());
        var client = host.Client;
        const string Id = "@counter@a";

        await Should.ThrowAsync<ArgumentException>(() => client.ScheduleNewOrchestrationInstanceAsync("X", new StartOrchestrationOptions(Id), Token));
        await Should.ThrowAsync<ArgumentException>(() => client.RaiseEventAsync(Id, "e", 1, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.TerminateInstanceAsync(Id, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.SuspendInstanceAsync(Id, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.ResumeInstanceAsync(Id, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.GetInstanceAsync(Id, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.WaitForInstanceStartAsync(Id, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.WaitForInstanceCompletionAsync(Id, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.RestartAsync(Id, false, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.RewindInstanceAsync(Id, "why", Token));
        await Should.ThrowAsync<ArgumentException>(async () => await host.FindAsync(new OrchestrationQuery(InstanceIdPrefix: "@counter")));
    }

    private static async Task<IDurableHost> StartWithFruitAsync()
    {
        var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddEntity<Log>());
        await host.SignalAsync("Counter", "apple", "add", 1);
        await host.SignalAsync("Counter", "apricot", "add", 1);
        await host.SignalAsync("Counter", "Banana", "add", 1);
        await host.SignalAsync("Log", "apple", "append", "x");
        await host.SettleAsync();
        return host;
    }

    private static async Task<IReadOnlyList<string>> FindAsync(IDurableHost host, EntityQuery? query = null)
    {
        var found = new List<string>();
        await foreach (var entity in host.Client.Entities.GetAllEntitiesAsync(query).WithCancellation(Token))
        {
            found.Add(entity.Id.ToString());
        }

        return found;
    }
}
