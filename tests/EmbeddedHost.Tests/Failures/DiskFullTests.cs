using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Tests.Failures;

public sealed class DiskFullTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Starts_and_raises_fail_with_the_file_and_the_cure_and_leave_nothing_behind()
    {
        await using var host = await DurableTestHost.StartAsync(AddFunctions);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("waits"), Token);
        await host.RunUntilIdleAsync(Token);

        host.Faults.IsDiskFull = true;
        var start = await Should.ThrowAsync<DurableStoreException>(
            () => host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("refused"), Token));
        var raise = await Should.ThrowAsync<DurableStoreException>(() => host.Client.RaiseEventAsync("waits", "go", "lost", Token));
        host.Faults.IsDiskFull = false;

        foreach (var message in new[] { start.Message, raise.Message })
        {
            message.ShouldContain("durable.db' cannot be written: database or disk is full");
            message.ShouldContain("Free space on its volume");
        }

        await host.Client.RaiseEventAsync("waits", "go", "heard", Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync("waits")).Output<string>().ShouldBe("heard");
        (await host.Client.GetInstanceAsync("refused", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Turns_wait_and_go_on_by_themselves_and_the_log_has_a_line_a_period()
    {
        using var logs = new FunctionsTestHost.LogCollector();
        await using var host = await DurableTestHost.StartAsync(AddFunctions, services => services.CollectIn(logs));
        var activity = host.Faults.HangActivity("Echo", times: 10);
        var ids = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            ids.Add(await host.Client.ScheduleNewOrchestrationInstanceAsync("Echoes", i, cancellation: Token));
        }

        await host.RunUntilIdleAsync(Token);
        host.Faults.IsDiskFull = true;
        activity.Release();
        var end = host.Time.GetUtcNow() + StoreOutage.LogPeriod * 2.5;
        await host.Time.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => host.Time.GetUtcNow() > end && logs.With("cannot be written").Count >= 3);
        var lines = logs.With("cannot be written").Count;
        host.Faults.IsDiskFull = false;
        await host.Time.AdvanceUntilAsync(TimeSpan.FromSeconds(30), () => logs.With("can be written again").Count == 1);
        await host.RunUntilIdleAsync(Token);

        foreach (var (index, id) in ids.Index())
        {
            (await host.ReadAsync(id)).Output<int>().ShouldBe(index);
        }

        lines.ShouldBeInRange(3, 4, "one line a period, for ten instances that are tried again and again");
        logs.With("A turn of instance").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_start_that_succeeds_brings_back_what_waits_without_waiting_for_its_time()
    {
        await using var host = await DurableTestHost.StartAsync(AddFunctions);
        var activity = host.Faults.HangActivity("Echo");
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Echoes", 1, cancellation: Token);
        await host.RunUntilIdleAsync(Token);
        host.Faults.IsDiskFull = true;
        activity.Release();
        await Should.ThrowAsync<DurableStoreException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync("Echoes", 2, cancellation: Token));

        host.Faults.IsDiskFull = false;
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Echoes", 3, cancellation: Token);
        var instance = await host.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token);

        instance.Output<int>().ShouldBe(1);
    }

    [Fact]
    public async Task A_host_stops_while_the_disk_is_full_and_loses_nothing()
    {
        await using var host = await DurableTestHost.StartAsync(AddFunctions);
        var activity = host.Faults.HangActivity("Echo");
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Echoes", 7, cancellation: Token);
        await host.RunUntilIdleAsync(Token);
        host.Faults.IsDiskFull = true;
        activity.Release();

        await host.RestartAsync();
        host.Faults.IsDiskFull = false;
        await host.Time.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => host.Engine.Work.WhenIdleAsync().IsCompleted);

        (await host.ReadAsync(id)).Output<int>().ShouldBe(7);
    }

    [Fact]
    public void What_sqlite_says_of_a_full_disk_comes_as_the_error_with_the_cure()
    {
        var directory = Directory.CreateTempSubdirectory("durable-full-");
        try
        {
            using var database = Database.Open(Path.Combine(directory.FullName, "durable.db"), SqliteOpenMode.ReadWriteCreate);
            database.Execute("CREATE TABLE t (data TEXT); PRAGMA max_page_count = 4");
            var insert = database.Prepare("INSERT INTO t VALUES (?)");

            Should.Throw<DurableStoreException>(() => insert.With(new string('x', 100_000)).Execute())
                .Message.ShouldContain("durable.db' cannot be written: SQLite error 13, database or disk is full. Free space");

            insert.With("fits").Execute().ShouldBe(1);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static void AddFunctions(FunctionRegistry functions) => functions
        .AddActivity("Echo", (int value) => value)
        .AddOrchestrator("Echoes", async context => await context.CallActivityAsync<int>("Echo", context.GetInput<int>()))
        .AddOrchestrator("Waits", async context => await context.WaitForExternalEvent<string>("go"));
}
