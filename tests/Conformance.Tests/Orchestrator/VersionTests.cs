using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class VersionTests : ConformanceTest
{
    [Theory]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData(null, "")]
    public async Task An_orchestration_knows_the_version_that_it_was_started_with(string? version, string expected)
    {
        await using var host = await StartAsync(AddTasks);

        (await host.RunAsync("Version", options: new StartOrchestrationOptions { Version = version })).Output<string>().ShouldBe(expected);
    }

    [Fact]
    public async Task An_activity_has_the_version_of_its_orchestration_or_that_of_its_call()
    {
        await using var host = await StartAsync(tasks =>
        {
            AddTasks(tasks);
            tasks.AddOrchestrator("Calls", context => Task.WhenAll(
                context.CallActivityAsync<string>("ActivityVersion"),
                context.CallActivityAsync<string>("ActivityVersion", new TaskOptions { Version = "2.0" }),
                context.CallActivityAsync<string>("ActivityVersion", new TaskOptions { Version = TaskVersion.Unversioned })));
        });

        (await host.RunAsync("Calls", options: new StartOrchestrationOptions { Version = "1.0" })).Output<string[]>().ShouldBe(["1.0", "2.0", ""]);
    }

    [Fact]
    public async Task A_sub_orchestration_has_the_version_of_its_call_and_never_that_of_its_caller()
    {
        await using var host = await StartAsync(tasks =>
        {
            AddTasks(tasks);
            tasks.AddOrchestrator("Calls", context => Task.WhenAll(
                context.CallSubOrchestratorAsync<string>("Version"),
                context.CallSubOrchestratorAsync<string>("Version", new SubOrchestrationOptions { Version = "2.0" })));
        });

        (await host.RunAsync("Calls", options: new StartOrchestrationOptions { Version = "1.0" })).Output<string[]>().ShouldBe(["", "2.0"]);
    }

    [Theory]
    [InlineData("1.0", "1.0", 0)]
    [InlineData("1.9", "1.10", -1)]
    [InlineData("2.0.1", "2.0", 1)]
    [InlineData("", "1.0", -1)]
    [InlineData("1.0", "", 1)]
    [InlineData("", "", 0)]
    [InlineData("alpha", "BETA", -1)]
    [InlineData("Alpha", "aLPHA", 0)]
    [InlineData("1.0-beta", "1.0", 1)]
    public async Task Versions_compare_by_their_numbers_or_else_as_text_without_case_and_none_comes_first(string version, string other, int expected)
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<string, int>(
            "Compares", (context, input) => Task.FromResult(Math.Sign(context.CompareVersionTo(input)))));

        (await host.RunAsync("Compares", other, new StartOrchestrationOptions { Version = version })).Output<int>().ShouldBe(expected);
    }

    private static void AddTasks(ITaskSet tasks) => tasks
        .AddOrchestrator("Version", context => Task.FromResult(context.Version))
        .AddActivity<object?, string>("ActivityVersion", (context, _) => Task.FromResult(context.Version));
}
