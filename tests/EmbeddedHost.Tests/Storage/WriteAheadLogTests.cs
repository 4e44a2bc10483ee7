using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Tests.Storage;

public sealed class WriteAheadLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("durable-log-").FullName;

    private string File => Path.Combine(_directory, "durable.db");

    private long LogBytes => new FileInfo(File + "-wal").Length;

    [Fact]
    public void Its_reserve_outlasts_commits_and_leaves_the_database_as_it_was()
    {
        using var database = OpenWithTable();
        var pages = Number(database, "PRAGMA page_count");

        WriteAheadLog.Reserve(database);
        var reserved = LogBytes;
        for (var i = 0; i < 100; i++)
        {
            database.Execute("INSERT INTO rows (data) VALUES (zeroblob(1000))");
        }

        reserved.ShouldBeGreaterThanOrEqualTo(WriteAheadLog.Bytes);
        LogBytes.ShouldBe(reserved);
        Number(database, "SELECT COUNT(*) FROM rows").ShouldBe(100);
        Number(database, "SELECT COUNT(*) FROM sqlite_master").ShouldBe(1);
        Number(database, "PRAGMA page_count").ShouldBeLessThan(pages + 50);
        Number(database, "PRAGMA cache_size").ShouldBe(-2000);
    }

    [Fact]
    public void A_disk_too_full_for_it_is_left_to_the_commits()
    {
        using var database = OpenWithTable();
        database.Execute("PRAGMA max_page_count = 20");

        WriteAheadLog.Reserve(database);
        database.Execute("INSERT INTO rows (data) VALUES (zeroblob(1000))");

        Number(database, "SELECT COUNT(*) FROM rows").ShouldBe(1);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private Database OpenWithTable()
    {
        var database = Database.Open(File, SqliteOpenMode.ReadWriteCreate);
        database.Execute("PRAGMA journal_mode = WAL; CREATE TABLE rows (data BLOB)");
        return database;
    }

    private static long Number(Database database, string sql)
    {
        using var statement = database.PrepareOnce(sql);
        using var rows = statement.Query();
        rows.Read().ShouldBeTrue();
        return rows.Int64(0);
    }
}
