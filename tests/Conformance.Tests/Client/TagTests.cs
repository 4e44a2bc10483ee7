using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;

namespace AtomicDevOps.Conformance.Tests.Client;

public sealed class TagTests : ConformanceTest
{
    private static readonly Dictionary<string, string> Tags = new(StringComparer.Ordinal) { ["team"] = "blue", ["Team"] = "red", ["empty"] = string.Empty };

    [Fact]
    public async Task An_instance_keeps_the_tags_of_its_start_and_queries_show_them()
    {
        Requires(HostFeature.PreciseQueries);

        await using var host = await StartAsync(AddTasks);

        var instance = await host.RunAsync("Ends", options: new StartOrchestrationOptions { Tags = Tags });

        instance.Tags.ShouldBe(Tags, ignoreOrder: true);
        await foreach (var found in host.Client.GetAllInstancesAsync().WithCancellation(Token))
        {
            found.Tags.ShouldBe(Tags, ignoreOrder: true);
        }
    }

    [Fact]
    public async Task An_instance_without_tags_has_none()
    {
        await using var host = await StartAsync(AddTasks);

        (await host.RunAsync("Ends")).Tags.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_sub_orchestration_has_the_tags_of_its_call_and_not_those_of_its_caller(bool retries)
    {
        var retry = retries ? new TaskRetryOptions(new RetryPolicy(2, TimeSpan.FromSeconds(1))) : null;
        await using var host = await StartAsync(tasks =>
        {
            AddTasks(tasks);
            tasks.AddOrchestrator("Parent", context => context.CallSubOrchestratorAsync<int>(
                "Ends", options: new SubOrchestrationOptions(new TaskOptions(retry, Tags), "child")));
        });

        await host.RunAsync("Parent", options: new StartOrchestrationOptions { Tags = new Dictionary<string, string> { ["of"] = "parent" } });

        (await host.ReadAsync("child")).Tags.ShouldBe(Tags, ignoreOrder: true);
    }

    [Fact]
    public async Task An_activity_call_may_have_tags()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator("Calls", context => context.CallActivityAsync<int>("Echo", 3, new TaskOptions(tags: Tags)))
            .AddActivity("Echo", (int value) => value));

        (await host.RunAsync("Calls")).Output<int>().ShouldBe(3);
    }

    private static void AddTasks(ITaskSet tasks) => tasks.AddOrchestrator("Ends", _ => Task.FromResult(1));
}
