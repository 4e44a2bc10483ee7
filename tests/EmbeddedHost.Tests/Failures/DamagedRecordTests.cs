using System.Globalization;
using System.Text;
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

    [Theory]
    [InlineData("UPDATE instances SET tags = '{' WHERE id = 'bad'", true)]
    [InlineData("UPDATE instances SET tags = '{' WHERE id = 'bad'", false)]
    [InlineData("UPDATE instances SET failure = '{' WHERE id = 'bad'", true)]
    [InlineData("UPDATE instances SET failure = '{' WHERE id = 'bad'", false)]
    [InlineData("UPDATE instances SET tags = 'null' WHERE id = 'bad'", false)]
    [InlineData("UPDATE instances SET failure = 'null' WHERE id = 'bad'", false)]
    public async Task A_row_that_cannot_be_read_is_told_with_or_without_payloads_and_leaves_the_others_in_a_query(string damage, bool withPayloads)
    {
        await using var host = await StartWithTwoAsync();
        await DamageAsync(host, damage);

        var all = await host.Client.GetAllInstancesAsync(new OrchestrationQuery { FetchInputsAndOutputs = withPayloads }).ToListAsync(Token);
        var bad = (await host.Client.GetInstanceAsync("bad", withPayloads, Token)).ShouldNotBeNull();

        all.Select(instance => instance.InstanceId).Order(StringComparer.Ordinal).ShouldBe(["bad", "good"]);
        foreach (var told in new[] { bad, all.Single(instance => instance.InstanceId is "bad") })
        {
            told.FailureDetails.ShouldNotBeNull().ErrorMessage.ShouldContain("The row of instance 'bad' cannot be read");
        }

        all.Single(instance => instance.InstanceId is "good").FailureDetails.ShouldBeNull();
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

    [Fact]
    public async Task A_damaged_page_of_a_history_stops_its_instance_which_is_named_with_the_cure_and_no_other()
    {
        string[] good = ["good before", "good after"];
        using var logs = new FunctionsTestHost.LogCollector();
        await using var host = await StartWithHistoriesAsync(logs);
        foreach (var id in (string[])[good[0], "bad", "bad too, by a page that it shares", good[1]])
        {
            await host.Client.ScheduleNewOrchestrationInstanceAsync("Works", new StartOrchestrationOptions(id), Token);
            await host.RunUntilIdleAsync(Token);
        }

        await host.RestartAsync(() => OverwritePageWith("bad, step 20;"));
        foreach (var id in good)
        {
            await host.Client.RaiseEventAsync(id, "go", 1, Token);
        }

        var refused = await Should.ThrowAsync<DurableStoreException>(() => host.Client.RaiseEventAsync("bad", "go", 1, Token));
        // Its turn waits to be taken again, which who calls now does not wait for.
        await Should.ThrowAsync<DurableStoreException>(() => host.Client.RaiseEventAsync("bad", "go", 1, Token));

        foreach (var id in good)
        {
            (await host.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token)).Output<int>().ShouldBe(1);
        }

        refused.Message.ShouldContain("see with 'instances check' how far, and put the last file of 'instances backup' in its place");
        SpinWait.SpinUntil(() => logs.With("A turn of instance 'bad' of orchestrator 'Works' failed").Count > 0, TimeSpan.FromSeconds(30)).ShouldBeTrue();
        var told = logs.With("A turn of instance");
        told.ShouldAllBe(line => line.Contains("A turn of instance 'bad", StringComparison.Ordinal) && line.Contains("'instances backup'", StringComparison.Ordinal));
    }

    /// <summary>Makes nonsense of the page of the database that has a text in it.</summary>
    private void OverwritePageWith(string text)
    {
        var file = Path.Combine(_path, "durable.db");
        int size;
        using (var database = Database.Open(file, SqliteOpenMode.ReadWrite))
        {
            database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            using var rows = database.Prepare("PRAGMA page_size").Query();
            rows.Read().ShouldBeTrue();
            size = rows.Int32(0);
        }

        var bytes = File.ReadAllBytes(file);
        var at = bytes.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(text));
        at.ShouldBeGreaterThan(0);
        bytes.AsSpan(at / size * size, size).Fill(0xFF);
        File.WriteAllBytes(file, bytes);
    }

    private Task<DurableTestHost> StartWithHistoriesAsync(FunctionsTestHost.LogCollector logs) => DurableTestHost.StartAsync(
        functions => functions
            .AddActivity("Pad", (string value) => value.PadRight(1500, '.'))
            .AddOrchestrator("Works", async context =>
            {
                for (var step = 0; step < 40; step++)
                {
                    await context.CallActivityAsync<string>("Pad", string.Create(CultureInfo.InvariantCulture, $"{context.InstanceId}, step {step};"));
                }

                return await context.WaitForExternalEvent<int>("go");
            }),
        services => services.CollectIn(logs),
        options => options.DataDirectory = _path);

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
