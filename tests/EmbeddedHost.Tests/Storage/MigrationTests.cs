using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Storage.Migrations;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Tests.Storage;

public sealed class MigrationTests : IDisposable
{
    private static readonly long At = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private readonly string _path = Directory.CreateTempSubdirectory("durable-store-").FullName;

    [Fact]
    public async Task What_runs_in_a_store_of_version_1_goes_on_after_the_migration()
    {
        var due = At + TimeSpan.FromHours(1).Ticks;
        MakeVersion1(
            $"""
            INSERT INTO instances (seq, id, name, version, status, created_at, updated_at, history_length)
                VALUES (7, 'half', 'Half', '', 0, {At}, {At}, 5);
            INSERT INTO inputs VALUES (7, '10');
            INSERT INTO history (seq, idx, type, task_id, name, version, data, number) VALUES
                (7, 0, 1, NULL, NULL, NULL, NULL, {At}),
                (7, 1, 2, NULL, NULL, NULL, NULL, NULL),
                (7, 2, 12, 0, 'AddOne', '', '10', NULL),
                (7, 3, 1, NULL, NULL, NULL, NULL, {At + 1}),
                (7, 4, 3, 0, NULL, NULL, '11', NULL),
                (7, 5, 12, 1, 'AddOne', '', '11', NULL),
                (7, 6, 14, 2, NULL, NULL, NULL, {due});
            INSERT INTO activities VALUES (7, 1, 5);
            INSERT INTO timers VALUES (7, 2, {due});
            INSERT INTO inbox (seq, type, name, data) VALUES (7, 8, 'add', '100');
            INSERT INTO instances (seq, id, name, version, status, created_at, updated_at, output)
                VALUES (8, 'done', 'Half', '', 1, {At}, {At}, '5');
            INSERT INTO inputs VALUES (8, '3');
            """);

        var runs = 0;
        await using var host = await DurableTestHost.StartAsync(
            functions => functions
                .AddActivity("AddOne", (int value) =>
                {
                    runs++;
                    return value + 1;
                })
                .AddOrchestrator("Half", static async context =>
                {
                    var first = await context.CallActivityAsync<int>("AddOne", context.GetInput<int>());
                    var second = context.CallActivityAsync<int>("AddOne", first);
                    await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    return await second + await context.WaitForExternalEvent<int>("add");
                }),
            configure: options => options.DataDirectory = _path);
        await host.RunUntilIdleAsync(TestContext.Current.CancellationToken);

        (await host.ReadAsync("half")).Output<int>().ShouldBe(112);
        runs.ShouldBe(1, "only the activity that was owed runs");
        (await host.ReadAsync("done")).Output<int>().ShouldBe(5);
    }

    [Fact]
    public void A_migration_that_fails_leaves_the_store_as_it_was()
    {
        MakeVersion1($"INSERT INTO history (seq, idx, type, number) VALUES (1, 0, 1, {At}), (1, 1, 99, NULL);");

        Should.Throw<DataDirectoryException>(() => EngineStore.Open(_path, isDurable: true, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance))
            .Message.ShouldContain("unknown type 99");

        using var database = Database.Open(Path.Combine(_path, "durable.db"), SqliteOpenMode.ReadWrite);
        using var rows = database.Prepare("SELECT (SELECT user_version FROM pragma_user_version), (SELECT COUNT(*) FROM history WHERE idx >= 0)").Query();
        rows.Read().ShouldBeTrue();
        rows.Int32(0).ShouldBe(1);
        rows.Int32(1).ShouldBe(2);
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);

    private void MakeVersion1(string rows)
    {
        using var database = Database.Open(Path.Combine(_path, "durable.db"), SqliteOpenMode.ReadWriteCreate);
        new InitialSchema().Apply(database);
        database.Execute(rows);
        database.Execute("PRAGMA user_version = 1");
    }
}
