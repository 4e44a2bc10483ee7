using Microsoft.Data.Sqlite;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <summary>The engine's files in a data directory, read past the engine.</summary>
internal sealed class StoreFiles(string directory)
{
    public string Database => Path.Combine(directory, "durable.db");

    public string Log => $"{Database}-wal";

    public WriteAheadLog ReadLog() => File.Exists(Log) ? WriteAheadLog.Parse(File.ReadAllBytes(Log)) : WriteAheadLog.Empty;

    /// <summary>What a backup of the files would hold: the database and its log byte for byte, without the shared memory between processes.</summary>
    public StoreFiles CopyTo(string target)
    {
        Directory.CreateDirectory(target);
        var copy = new StoreFiles(target);
        foreach (var (from, to) in new[] { (Database, copy.Database), (Log, copy.Log) })
        {
            if (File.Exists(from))
            {
                File.Copy(from, to);
            }
        }

        return copy;
    }

    /// <summary>Checks a copy, so that the recovery of the log that comes with opening it is left to the worker.</summary>
    public void CheckIntegrity(string scratchDirectory)
    {
        var copy = CopyTo(scratchDirectory);
        try
        {
            copy.CheckIntegrity();
        }
        finally
        {
            Directory.Delete(scratchDirectory, recursive: true);
        }
    }

    private void CheckIntegrity()
    {
        if (!File.Exists(Database))
        {
            return;
        }

        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Database, Pooling = false }.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        command.ExecuteScalar().ShouldBe("ok", Database);
    }
}
