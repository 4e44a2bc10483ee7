using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Storage.Maintenance;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class RetentionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_finished_instance_is_purged_within_an_hour_after_its_age_and_not_before()
    {
        await using var host = await StartAsync(new RetentionOptions { Completed = TimeSpan.FromDays(7) });
        await RunAsync(host, "Echo", "one");

        await host.AdvanceAsync(TimeSpan.FromDays(7) - TimeSpan.FromMinutes(1), Cancellation);
        (await host.Client.GetInstanceAsync("one", Cancellation)).ShouldNotBeNull();
        await host.AdvanceAsync(TimeSpan.FromMinutes(61), Cancellation);

        (await host.Client.GetInstanceAsync("one", Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task Each_status_has_its_own_age_and_what_has_not_ended_stays()
    {
        await using var host = await StartAsync(
            new RetentionOptions { Completed = TimeSpan.FromDays(1), Failed = TimeSpan.FromDays(10) });
        await RunAsync(host, "Echo", "completed");
        await RunAsync(host, "Fail", "failed");
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Wait", null, new StartOrchestrationOptions("waits"), Cancellation);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Wait", null, new StartOrchestrationOptions("terminated"), Cancellation);
        await host.Client.TerminateInstanceAsync("terminated", Cancellation);
        await host.Client.WaitForInstanceCompletionAsync("terminated", Cancellation);

        await host.AdvanceAsync(TimeSpan.FromDays(2), Cancellation);
        (await IdsAsync(host)).ShouldBe(["failed", "waits", "terminated"]);
        await host.AdvanceAsync(TimeSpan.FromDays(9), Cancellation);
        (await IdsAsync(host)).ShouldBe(["waits", "terminated"]);
    }

    [Fact]
    public async Task Nothing_is_purged_unless_it_is_asked_for()
    {
        await using var host = await StartAsync(new RetentionOptions());
        await RunAsync(host, "Echo", "one");

        await host.AdvanceAsync(TimeSpan.FromDays(1000), Cancellation);

        (await IdsAsync(host)).ShouldBe(["one"]);
    }

    [Fact]
    public async Task The_age_counts_from_the_end_of_an_instance_and_not_from_its_start()
    {
        await using var host = await StartAsync(new RetentionOptions { Completed = TimeSpan.FromDays(5) });
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Wait", null, new StartOrchestrationOptions("waits"), Cancellation);
        await host.Client.WaitForInstanceStartAsync("waits", Cancellation);
        await host.AdvanceAsync(TimeSpan.FromDays(30), Cancellation);
        await host.Client.RaiseEventAsync("waits", "Go", cancellation: Cancellation);
        await host.Client.WaitForInstanceCompletionAsync("waits", Cancellation);

        await host.AdvanceAsync(TimeSpan.FromDays(4), Cancellation);
        (await IdsAsync(host)).ShouldBe(["waits"]);
        await host.AdvanceAsync(TimeSpan.FromDays(2), Cancellation);
        (await IdsAsync(host)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_instances_go_in_batches_of_bounded_size()
    {
        await using var host = await StartAsync(new RetentionOptions { Completed = TimeSpan.Zero });
        await Task.WhenAll(Enumerable.Range(0, 450).Select(i => RunAsync(host, "Echo", $"i{i}")));

        var batches = ExpiredInstances.Find(
            Path.Combine(host.Engine.Store.Path, DataDirectory.DatabaseFileName), OrchestrationRuntimeStatus.Completed, DateTime.MaxValue).ToList();
        await host.AdvanceAsync(TimeSpan.FromMinutes(2), Cancellation);

        batches.Sum(batch => batch.Count).ShouldBe(450);
        batches.SelectMany(batch => batch).Distinct().Count().ShouldBe(450);
        batches.ShouldAllBe(batch => batch.Count <= 100);
        (await IdsAsync(host)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_instance_with_a_long_history_is_a_batch_of_its_own()
    {
        await using var host = await StartAsync(new RetentionOptions());
        await RunAsync(host, "Echo", "short");
        await RunAsync(host, "Long", "long");
        await RunAsync(host, "Echo", "other");

        ExpiredInstances.Find(Path.Combine(host.Engine.Store.Path, DataDirectory.DatabaseFileName), OrchestrationRuntimeStatus.Completed, DateTime.MaxValue)
            .Select(batch => batch.Count).ShouldBe([1, 1, 1]);
    }

    [Fact]
    public async Task The_space_of_purged_instances_is_used_again()
    {
        await using var host = await StartAsync(new RetentionOptions { Completed = TimeSpan.FromHours(2) });
        var file = Path.Combine(host.Engine.Store.Path, DataDirectory.DatabaseFileName);
        var pages = new List<long>();
        for (var day = 0; day < 6; day++)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => RunAsync(host, "Echo", $"day{day}-{i}", new string('x', 2000))));
            using (var database = DatabaseFile.OpenForReading(file))
            {
                pages.Add(DatabaseFile.Number(database, "PRAGMA page_count"));
            }

            await host.AdvanceAsync(TimeSpan.FromDays(1), Cancellation);
        }

        pages[^1].ShouldBeLessThanOrEqualTo(pages[0] * 11 / 10);
    }

    [Fact]
    public void Ages_come_from_the_hosts_configuration()
    {
        using var host = (IDisposable)FunctionsTestHost.CreateBuilder(
            Directory.CreateTempSubdirectory("retention-").FullName,
            new Dictionary<string, string?> { ["Host:Retention:Completed"] = "30.00:00:00", ["Host:Retention:Failed"] = "12:00:00" }).Build();

        ((Microsoft.Extensions.Hosting.IHost)host).Services.GetRequiredService<IOptions<EmbeddedDurableTaskOptions>>().Value.Retention
            .ShouldBe(new RetentionOptions { Completed = TimeSpan.FromDays(30), Failed = TimeSpan.FromHours(12) });
    }

    [Theory]
    [InlineData("a month")]
    [InlineData("-1.00:00:00")]
    public void An_age_that_is_none_is_named_with_the_cure(string age)
    {
        var builder = FunctionsTestHost.CreateBuilder(
            Path.Combine(Path.GetTempPath(), "never-made"), new Dictionary<string, string?> { ["Host:Retention:Failed"] = age });

        Should.Throw<FunctionSetupException>(builder.Build).Message
            .ShouldBe($"Configuration 'Host:Retention:Failed' is '{age}'. Use a time such as 30.00:00:00 (30 days), or leave it out to keep instances for good.");
    }

    private static async Task<DurableTestHost> StartAsync(RetentionOptions retention)
    {
        var host = await DurableTestHost.StartAsync(
            functions => functions
                .AddOrchestrator("Echo", async context => await context.CallActivityAsync<string>("Same", context.GetInput<string>()))
                .AddOrchestrator("Fail", _ => throw new InvalidOperationException("on purpose"))
                .AddOrchestrator("Wait", async context => await context.WaitForExternalEvent<string>("Go", CancellationToken.None))
                .AddOrchestrator("Long", async context =>
                {
                    for (var i = 0; i < 1000; i++)
                    {
                        await context.CallActivityAsync<string>("Same", "x");
                    }

                    return null;
                })
                .AddActivity("Same", activity => Task.FromResult(activity.GetInput(typeof(string)))),
            configure: options => options.Retention = retention);
        await host.Services.GetRequiredService<Retention>().StartAsync(Cancellation);
        return host;
    }

    private static async Task RunAsync(DurableTestHost host, string name, string id, string? input = "x")
    {
        await host.Client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), Cancellation);
        await host.Client.WaitForInstanceCompletionAsync(id, Cancellation);
    }

    private static async Task<List<string>> IdsAsync(DurableTestHost host)
    {
        var ids = new List<string>();
        await foreach (var instance in host.Client.GetAllInstancesAsync())
        {
            ids.Add(instance.InstanceId);
        }

        return ids;
    }
}
