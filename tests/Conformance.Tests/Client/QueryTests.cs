using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Client;

public sealed class QueryTests : ConformanceTest
{
    [Fact]
    public async Task Without_a_filter_a_query_finds_all()
    {
        await using var host = await StartAsync(AddTasks);
        await BeginManyAsync(host, "Ends", "a", 3);
        await BeginManyAsync(host, "Waits", "b", 2);

        (await host.FindAsync()).Order().ShouldBe(["a0", "a1", "a2", "b0", "b1"]);
    }

    [Fact]
    public async Task Statuses_and_a_prefix_filter_together_and_the_prefix_is_taken_literally()
    {
        Requires(HostFeature.PreciseQueries);

        await using var host = await StartAsync(AddTasks);
        await BeginManyAsync(host, "Ends", "p%:", 3);
        await BeginManyAsync(host, "Waits", "p%:w", 1);
        await BeginManyAsync(host, "Ends", "pq:", 1);
        await BeginManyAsync(host, "Ends", "P%:", 1);

        (await host.FindAsync(new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Completed], InstanceIdPrefix: "p%:"))).Order()
            .ShouldBe(["p%:0", "p%:1", "p%:2"]);
    }

    [Fact]
    public async Task The_times_of_creation_filter_with_their_ends_included()
    {
        await using var host = await StartAsync(AddTasks);
        for (var i = 0; i < 4; i++)
        {
            await host.BeginAsync("Ends", i, $"e{i}");
            await host.PassAsync(TimeSpan.FromSeconds(2));
        }

        var second = (await host.ReadAsync("e1")).CreatedAt;
        var third = (await host.ReadAsync("e2")).CreatedAt;

        (await host.FindAsync(new OrchestrationQuery(second, third))).Order().ShouldBe(["e1", "e2"]);
        (await host.FindAsync(new OrchestrationQuery(CreatedFrom: third))).Order().ShouldBe(["e2", "e3"]);
        (await host.FindAsync(new OrchestrationQuery(CreatedTo: second))).Order().ShouldBe(["e0", "e1"]);
    }

    [Fact]
    public async Task A_query_gives_pages_of_the_size_asked_for_until_a_page_has_no_continuation_token()
    {
        await using var host = await StartAsync(AddTasks);
        await BeginManyAsync(host, "Ends", "e", 7);
        var pages = new List<Microsoft.DurableTask.Page<OrchestrationMetadata>>();

        await foreach (var page in host.Client.GetAllInstancesAsync(new OrchestrationQuery(PageSize: 3)).AsPages().WithCancellation(Token))
        {
            pages.Add(page);
        }

        pages.Select(page => page.Values.Count).ShouldBe([3, 3, 1]);
        pages.Select(page => page.ContinuationToken is null).ShouldBe([false, false, true]);
        pages.SelectMany(page => page.Values).Select(instance => instance.InstanceId).Distinct().Count().ShouldBe(7);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_continuation_token_goes_on_where_its_page_ended(bool inTheQuery)
    {
        await using var host = await StartAsync(AddTasks);
        await BeginManyAsync(host, "Ends", "e", 5);
        var query = new OrchestrationQuery(PageSize: 2);
        var first = await FirstPageAsync(host.Client.GetAllInstancesAsync(query).AsPages());

        var second = await FirstPageAsync(inTheQuery
            ? host.Client.GetAllInstancesAsync(query with { ContinuationToken = first.ContinuationToken }).AsPages()
            : host.Client.GetAllInstancesAsync(query).AsPages(first.ContinuationToken, pageSizeHint: 3));

        second.Values.Count.ShouldBe(inTheQuery ? 2 : 3);
        second.Values.Select(instance => instance.InstanceId).ShouldNotContain(id => first.Values.Any(instance => instance.InstanceId == id));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Inputs_and_outputs_come_only_when_asked_for(bool asked)
    {
        if (!asked)
        {
            Requires(HostFeature.PreciseQueries);
        }

        await using var host = await StartAsync(AddTasks);
        await BeginManyAsync(host, "Ends", "e", 1);

        await foreach (var instance in host.Client.GetAllInstancesAsync(new OrchestrationQuery(FetchInputsAndOutputs: asked)).WithCancellation(Token))
        {
            Check(instance);
        }

        Check((await host.Client.GetInstanceAsync("e0", asked, Token)).ShouldNotBeNull());

        void Check(OrchestrationMetadata instance)
        {
            instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);
            instance.SerializedInput.ShouldBe(asked ? "0" : null);
            instance.SerializedOutput.ShouldBe(asked ? "0" : null);
            if (!asked)
            {
                Should.Throw<InvalidOperationException>(() => instance.ReadInputAs<int>());
                Should.Throw<InvalidOperationException>(() => instance.ReadOutputAs<int>());
                Should.Throw<InvalidOperationException>(() => instance.ReadCustomStatusAs<int>());
            }
        }
    }

    [Fact]
    public async Task An_instance_that_is_not_there_is_null()
    {
        await using var host = await StartAsync(AddTasks);

        (await host.Client.GetInstanceAsync("nobody", Token)).ShouldBeNull();
        (await host.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Failure_details_come_only_when_outputs_are_asked_for()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator<int>("Fails", static _ => throw new InvalidOperationException("no")));
        var failed = await host.RunAsync("Fails");

        failed.FailureDetails.ShouldNotBeNull().ErrorMessage.ShouldBe("no");
        (await host.Client.GetInstanceAsync(failed.InstanceId, Token)).ShouldNotBeNull().FailureDetails.ShouldBeNull();
    }

    [Fact]
    public async Task Ids_are_listed_in_pages_by_status_and_by_the_time_of_their_end()
    {
        Requires(HostFeature.PreciseQueries);

        await using var host = await StartAsync(AddTasks);
        await BeginManyAsync(host, "Waits", "w", 1);
        await BeginManyAsync(host, "Ends", "a", 2);
        await host.PassAsync(TimeSpan.FromHours(1));
        var later = host.Now;
        await BeginManyAsync(host, "Ends", "b", 3);

        (await host.Client.ListInstanceIdsAsync(cancellation: Token)).Values.ShouldBe(["w0", "a0", "a1", "b0", "b1", "b2"], ignoreOrder: true);
        (await host.Client.ListInstanceIdsAsync([OrchestrationRuntimeStatus.Running], cancellation: Token)).Values.ShouldBe(["w0"]);
        (await host.Client.ListInstanceIdsAsync(completedTimeFrom: later, cancellation: Token)).Values.ShouldBe(["b0", "b1", "b2"], ignoreOrder: true);
        var page = await host.Client.ListInstanceIdsAsync(completedTimeTo: later.AddTicks(-1), pageSize: 1, cancellation: Token);
        var next = await host.Client.ListInstanceIdsAsync(completedTimeTo: later.AddTicks(-1), pageSize: 1, lastInstanceKey: page.ContinuationToken, cancellation: Token);
        page.Values.Concat(next.Values).ShouldBe(["a0", "a1"], ignoreOrder: true);
        next.ContinuationToken.ShouldBeNull();
    }

    private static async Task BeginManyAsync(IDurableHost host, string name, string prefix, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await host.BeginAsync(name, i, $"{prefix}{i}");
        }

        await host.SettleAsync();
    }

    private static async Task<T> FirstPageAsync<T>(IAsyncEnumerable<T> pages)
    {
        await foreach (var page in pages.WithCancellation(Token))
        {
            return page;
        }

        throw new InvalidOperationException("The query gave no page.");
    }

    private static void AddTasks(ITaskSet tasks) => tasks
        .AddOrchestrator<int, int>("Ends", (_, input) => Task.FromResult(input))
        .AddOrchestrator<int, int>("Waits", (context, _) => context.WaitForExternalEvent<int>("go"));
}
