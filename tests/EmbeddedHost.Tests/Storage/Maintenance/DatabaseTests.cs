using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Storage.Maintenance;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Storage.Maintenance;

public sealed class DatabaseTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("maintenance-").FullName;
    private DurableTestHost _host = null!;

    private string DatabasePath => Path.Combine(_host.Engine.Store.Path, DataDirectory.DatabaseFileName);

    private string BackupPath => Path.Combine(_directory, "backup.db");

    public async ValueTask InitializeAsync()
    {
        _host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Echo", async context => await context.CallActivityAsync<string>("Same", context.GetInput<string>()))
            .AddOrchestrator("Wait", async context =>
            {
                await context.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None);
                return null;
            })
            .AddActivity("Same", activity => Task.FromResult(activity.GetInput(typeof(string)))));
        await RunAsync("done", "x");
        await _host.Client.ScheduleNewOrchestrationInstanceAsync("Wait", null, new StartOrchestrationOptions("waits"), TestContext.Current.CancellationToken);
        await _host.Client.WaitForInstanceStartAsync("waits", TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_backup_taken_while_instances_run_holds_one_whole_state()
    {
        var isOver = false;
        var begun = new TaskCompletionSource();
        var load = LoadAsync();
        await begun.Task;

        for (var i = 0; i < 5; i++)
        {
            var copy = Path.Combine(_directory, $"copy{i}.db");
            DatabaseBackup.Write(DatabasePath, copy).ShouldBe(new FileInfo(copy).Length);
            DatabaseCheck.Run(copy).ShouldAllBe(result => result.IsKept);
        }

        Volatile.Write(ref isOver, true);
        await load;

        async Task LoadAsync()
        {
            await Task.Yield();
            for (var i = 0; !Volatile.Read(ref isOver); i++)
            {
                await RunAsync($"load{i}", "x");
                begun.TrySetResult();
            }
        }
    }

    [Fact]
    public void An_engine_goes_on_from_a_backup()
    {
        DatabaseBackup.Write(DatabasePath, Path.Combine(_directory, DataDirectory.DatabaseFileName));

        using var store = EngineStore.Open(_directory, isDurable: true, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

        store.Find("done")!.Value.Status.ShouldBe(OrchestrationRuntimeStatus.Completed);
        store.PendingTimers().ShouldHaveSingleItem();
    }

    [Fact]
    public void A_backup_leaves_nothing_beside_itself_and_only_its_owner_reads_it()
    {
        DatabaseBackup.Write(DatabasePath, BackupPath);

        Directory.EnumerateFileSystemEntries(_directory).ShouldBe([BackupPath]);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(BackupPath).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public void A_backup_overwrites_nothing()
    {
        File.WriteAllText(BackupPath, "precious");

        Should.Throw<DataDirectoryException>(() => DatabaseBackup.Write(DatabasePath, BackupPath)).Message.ShouldContain("exists");
        Should.Throw<DataDirectoryException>(() => DatabaseBackup.Write(DatabasePath, _directory)).Message.ShouldContain("is a directory");
        Should.Throw<DataDirectoryException>(() => DatabaseBackup.Write(DatabasePath, Path.Combine(_directory, "no", "where.db")))
            .Message.ShouldContain("Name a file in a directory that exists");

        File.ReadAllText(BackupPath).ShouldBe("precious");
        Directory.EnumerateFileSystemEntries(_directory).ShouldBe([BackupPath]);
    }

    [Fact]
    public void A_whole_database_keeps_every_rule() => DatabaseCheck.Run(DatabasePath).ShouldAllBe(result => result.IsKept);

    [Theory]
    [InlineData("UPDATE instances SET status = 2 WHERE id = 'done'", "Every instance has a status that there is", "instance done has status 2")]
    [InlineData("DELETE FROM inputs WHERE seq = 1", "Every instance has an input", "instance done")]
    [InlineData("INSERT INTO inputs (seq, data) VALUES (99, NULL)", "Every input belongs to an instance", "input of number 99")]
    [InlineData("INSERT INTO history (seq, turn, at, owed, data) VALUES (99, 0, 0, 0, x'02')", "Every turn belongs to an instance", "turn 0 of number 99")]
    [InlineData("DELETE FROM history WHERE seq = 1 AND turn = 0", "Turns follow each other without a gap", "number 1 has 1 turns up to 1")]
    [InlineData("INSERT INTO timers (seq, task_id, due) VALUES (1, 5, 0)", "Every timer belongs to an instance that has not ended", "timer 5 of number 1")]
    [InlineData("INSERT INTO inbox (message, seq, data) VALUES (7, 1, x'02')", "Every message is for an entity or for an instance that has not ended", "message 7 for number 1")]
    [InlineData("UPDATE history SET data = x'FF' WHERE seq = 1 AND turn = 1", "Every event can be read", "turn 1 of number 1: ")]
    public void A_broken_rule_is_named_with_what_breaks_it(string damage, string rule, string example)
    {
        Change(damage);

        var broken = DatabaseCheck.Run(BackupPath).Where(result => !result.IsKept).ShouldHaveSingleItem();
        broken.Name.ShouldBe(rule);
        broken.Violations.ShouldBe(1);
        broken.Examples.ShouldHaveSingleItem().ShouldStartWith(example);
    }

    [Fact]
    public void A_damaged_file_is_found()
    {
        DatabaseBackup.Write(DatabasePath, BackupPath);
        var bytes = File.ReadAllBytes(BackupPath);
        Array.Fill(bytes, (byte)0xA5, 4096 + 100, bytes.Length - 4096 - 100);
        File.WriteAllBytes(BackupPath, bytes);

        var result = DatabaseCheck.Run(BackupPath).ShouldHaveSingleItem();

        result.IsKept.ShouldBeFalse();
        result.Examples.ShouldNotBeEmpty();
        Should.Throw<DataDirectoryException>(() => DatabaseBackup.Write(BackupPath, Path.Combine(_directory, "second.db")));
        Directory.EnumerateFileSystemEntries(_directory).Select(Path.GetFileName).ShouldBe(["backup.db"]);
    }

    [Fact]
    public void A_database_of_another_schema_is_not_judged()
    {
        Change("PRAGMA user_version = 99");

        Should.Throw<DataDirectoryException>(() => DatabaseCheck.Run(BackupPath)).Message.ShouldContain("has schema version 99");
    }

    [Fact]
    public async Task A_check_does_not_hold_up_the_host()
    {
        using var reader = DatabaseFile.OpenForReading(DatabasePath);
        reader.Execute("BEGIN");
        _ = DatabaseFile.Number(reader, "SELECT count(*) FROM history");

        await RunAsync("meanwhile", "x");

        (await _host.Client.GetInstanceAsync("meanwhile", TestContext.Current.CancellationToken))!.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);
    }

    /// <summary>Makes a copy of the database and changes it.</summary>
    private void Change(string sql)
    {
        DatabaseBackup.Write(DatabasePath, BackupPath);
        using var database = Database.Open(BackupPath, SqliteOpenMode.ReadWrite);
        database.Execute(sql);
    }

    private async Task RunAsync(string id, string input)
    {
        await _host.Client.ScheduleNewOrchestrationInstanceAsync("Echo", input, new StartOrchestrationOptions(id), TestContext.Current.CancellationToken);
        await _host.Client.WaitForInstanceCompletionAsync(id, TestContext.Current.CancellationToken);
    }
}
