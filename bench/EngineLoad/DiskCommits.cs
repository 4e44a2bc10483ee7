using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EngineLoad;

/// <summary>What the disk bears without the engine: SQLite's own commits with <c>synchronous=FULL</c>, one small row each, on one thread.</summary>
internal static class DiskCommits
{
    public const string Workload = "disk-commits";
    private const int WarmUps = 100;
    private const double Seconds = 1;
    private static readonly string Payload = new('x', 100);

    public static Measurement Measure(string directory)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = Path.Combine(directory, "commits.db"), Pooling = false }.ConnectionString);
        connection.Open();
        Execute(connection, "PRAGMA journal_mode = WAL");
        Execute(connection, "PRAGMA synchronous = FULL");
        Execute(connection, "CREATE TABLE commits (number INTEGER PRIMARY KEY, payload TEXT NOT NULL)");
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO commits (payload) VALUES ($payload)";
        insert.Parameters.AddWithValue("$payload", Payload);
        insert.Prepare();
        for (var i = 0; i < WarmUps; i++)
        {
            insert.ExecuteNonQuery();
        }

        var commits = 0;
        var stretch = Stretch.Begin();
        while (stretch.Seconds < Seconds)
        {
            insert.ExecuteNonQuery();
            commits++;
        }

        var (seconds, cpu) = stretch.End();
        using var count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM commits";
        var stored = (int)(long)count.ExecuteScalar()! - WarmUps;
        return new Measurement(
            "sqlite", Workload, commits, seconds, commits / seconds, null, null, null, Measurement.FsyncPerCommit, stored, commits - stored, cpu);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
