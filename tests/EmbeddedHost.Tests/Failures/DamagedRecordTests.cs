using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Failures;

public sealed class DamagedRecordTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("durable-damaged-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Theory]
    [InlineData("UPDATE history SET data = x'63' WHERE seq = (SELECT seq FROM instances WHERE id = 'bad')", "Turn 0 of the history")]
    [InlineData("UPDATE history SET data = x'0405' WHERE seq = (SELECT seq FROM instances WHERE id = 'bad')", "Turn 0 of the history")]
    [InlineData("UPDATE history SET data = x'04010661' WHERE seq = (SELECT seq FROM instances WHERE id = 'bad')", "Turn 0 of the history")]
    [InlineData("INSERT INTO inbox (seq, data) SELECT seq, x'63' FROM instances WHERE id = 'bad'", "Message 1 of the inbox")]
    [InlineData("INSERT INTO inbox (seq, data) SELECT seq, x'0c00' FROM instances WHERE id = 'bad'", "Message 1 of the inbox")]
    public async Task A_record_that_cannot_be_read_fails_its_instance_and_no_other(string damage, string told)
    {
        await using var host = await StartWithTwoAsync();
        await DamageAsync(host, damage);
        await host.Client.RaiseEventAsync("bad", "go", 1, Token);
        await host.Client.RaiseEventAsync("good", "go", 1, Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("good")).Output<int>().ShouldBe(1);
        var bad = await host.Client.GetAllInstancesAsync(new OrchestrationQuery { FetchInputsAndOutputs = true }).SingleAsync(instance => instance.InstanceId is "bad", Token);
        bad.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        bad.FailureDetails!.IsCausedBy<UnreadableRecordException>().ShouldBeTrue();
        bad.FailureDetails.ErrorMessage.ShouldContain($"{told} cannot be read from '{Path.Combine(_path, "durable.db")}'");
        bad.FailureDetails.ErrorMessage.ShouldContain("last backup");
    }

    [Theory]
    [InlineData("substr(data, 1, length(data) - 1)", "Failed")]
    [InlineData("x'63'", "Running")]
    [InlineData("x'07'", "Running")]
    [InlineData("x'0703656500'", "Running")]
    public async Task An_entity_skips_a_message_that_cannot_be_read_and_handles_those_behind_it(string data, string caller)
    {
        var logs = new FunctionsTestHost.LogCollector();
        var total = new EntityInstanceId("Total", "x");
        await using var host = await DurableTestHost.StartAsync(
            functions => functions
                .AddEntity("Total", static invocation => invocation.RunAsync(new Total()))
                .AddOrchestrator("Holds", async context =>
                {
                    await using (await context.Entities.LockEntitiesAsync(total))
                    {
                        await context.WaitForExternalEvent<int>("go");
                    }

                    return 0;
                })
                .AddOrchestrator("Calls", async context => await context.Entities.CallEntityAsync<int>(total, "add", 1)),
            services => services.CollectIn(logs),
            options => options.DataDirectory = _path);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Holds", new StartOrchestrationOptions("holder"), Token);
        await host.RunUntilIdleAsync(Token);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Calls", new StartOrchestrationOptions("caller"), Token);
        await host.RunUntilIdleAsync(Token);
        await host.Client.Entities.SignalEntityAsync(total, "add", 5, cancellation: Token);
        var message = host.Engine.Store.FindEntity(total, withState: false)!.Messages[0].MessageId;
        await DamageAsync(host, $"UPDATE inbox SET data = {data} WHERE message = {message}");
        await host.RunUntilIdleAsync(Token);
        await host.Client.RaiseEventAsync("holder", "go", 1, Token);
        await host.RunUntilIdleAsync(Token);

        (await host.Client.Entities.GetEntityAsync<int>(total, cancellation: Token))!.State.ShouldBe(5);
        host.Engine.Store.PendingMessages().ShouldBeEmpty();
        logs.With("is skipped").ShouldHaveSingleItem().ShouldContain($"A message for entity '@total@x' is skipped");
        logs.With("is skipped").Single().ShouldContain($"Message {message} of the inbox cannot be read");
        var ended = await host.ReadAsync("caller");
        ended.RuntimeStatus.ToString().ShouldBe(caller);
        ended.FailureDetails?.InnerFailure?.IsCausedBy<UnreadableRecordException>().ShouldBe(true);
    }

    [Fact]
    public async Task Tags_that_cannot_be_read_are_told_in_queries_and_leave_the_others_in_them()
    {
        await using var host = await StartWithTwoAsync();
        await DamageAsync(host, "UPDATE instances SET tags = '{' WHERE id = 'bad'");

        var all = await host.Client.GetAllInstancesAsync(new OrchestrationQuery { FetchInputsAndOutputs = true }).ToListAsync(Token);

        all.Select(instance => instance.InstanceId).Order(StringComparer.Ordinal).ShouldBe(["bad", "good"]);
        all.Single(instance => instance.InstanceId is "bad").FailureDetails!.ErrorMessage.ShouldContain("The row of instance 'bad' cannot be read");
    }

    [Fact]
    public async Task Messages_and_timers_that_point_at_nothing_are_dropped()
    {
        await using var host = await StartWithTwoAsync();
        await DamageAsync(
            host,
            """
            INSERT INTO inbox (seq, data) SELECT 999, x'070a';
            INSERT INTO timers (seq, task_id, due) VALUES (999, 5, 0), (998, 5, -1);
            INSERT INTO timers (seq, task_id, due) SELECT seq, 77, 0 FROM instances WHERE id = 'good';
            """);
        await host.RunUntilIdleAsync(Token);
        await host.Client.RaiseEventAsync("good", "go", 1, Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("good")).Output<int>().ShouldBe(1);
        host.Engine.Store.PendingMessages().ShouldBeEmpty();
        host.Engine.Store.PendingTimers().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_damaged_page_fails_what_reads_it_with_the_file_and_the_commands_that_help()
    {
        await using var host = await StartWithTwoAsync();
        await host.RestartAsync(() => OverwriteRootOf("inputs"));

        var write = await Should.ThrowAsync<DurableStoreException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token));
        var read = await Should.ThrowAsync<DurableStoreException>(() => host.Client.GetInstanceAsync("bad", getInputsAndOutputs: true, Token));

        foreach (var message in new[] { write.Message, read.Message })
        {
            message.ShouldContain($"The durable store '{Path.Combine(_path, "durable.db")}' cannot be used");
            message.ShouldContain("The file is damaged");
            message.ShouldContain("'instances backup'");
        }
    }

    private sealed class Total : TaskEntity<int>
    {
        public int Add(int amount) => State += amount;
    }

    private void OverwriteRootOf(string table)
    {
        var file = Path.Combine(_path, "durable.db");
        long offset;
        int size;
        using (var database = Database.Open(file, SqliteOpenMode.ReadWrite))
        {
            database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            using var rows = database.Prepare("SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = ?").With(table).Query();
            rows.Read().ShouldBeTrue();
            size = rows.Int32(1);
            offset = (rows.Int64(0) - 1) * size;
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.Position = offset;
        stream.Write([.. Enumerable.Repeat((byte)0xFF, size)]);
    }

    private async Task<DurableTestHost> StartWithTwoAsync()
    {
        var host = await DurableTestHost.StartAsync(
            functions => functions.AddOrchestrator("Waits", async context => await context.WaitForExternalEvent<int>("go")),
            configure: options => options.DataDirectory = _path);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("bad"), Token);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("good"), Token);
        await host.RunUntilIdleAsync(Token);
        return host;
    }

    private async Task DamageAsync(DurableTestHost host, string sql) => await host.RestartAsync(() =>
    {
        using var database = Database.Open(Path.Combine(_path, "durable.db"), SqliteOpenMode.ReadWrite);
        database.Execute(sql);
    });
}
