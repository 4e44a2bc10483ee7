using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Storage.Maintenance;

/// <summary>The database by its path, beside whatever process has it open.</summary>
internal static class DatabaseFile
{
    /// <summary>Reading never holds up the writer.</summary>
    /// <exception cref="DataDirectoryException">There is no such file, or it is no database.</exception>
    public static Database OpenForReading(string path) => Open(path, SqliteOpenMode.ReadOnly);

    /// <exception cref="DataDirectoryException">There is no such file, or it is no database.</exception>
    public static Database OpenForWriting(string path) => Open(path, SqliteOpenMode.ReadWrite);

    public static long Number(Database database, string sql)
    {
        using var statement = database.PrepareOnce(sql);
        using var rows = statement.Query();
        return rows.Read() ? rows.Int64(0) : 0;
    }

    /// <summary>What <c>PRAGMA integrity_check</c> finds, at most a hundred lines; nothing if the file is whole.</summary>
    public static IReadOnlyList<string> Damage(Database database)
    {
        try
        {
            using var statement = database.PrepareOnce("PRAGMA integrity_check");
            using var rows = statement.Query();
            var lines = new List<string>();
            while (rows.Read())
            {
                lines.Add(rows.Text(0));
            }

            return lines is ["ok"] ? [] : lines;
        }
        catch (Exception exception) when (exception is SqliteException or DurableStoreException)
        {
            return [exception.Message];
        }
    }

    private static Database Open(string path, SqliteOpenMode mode)
    {
        if (!File.Exists(path))
        {
            throw new DataDirectoryException(
                $"There is no database '{path}'. Start the host once, or set 'Host:DataDirectory' to the directory that it uses.");
        }

        Database? database = null;
        try
        {
            database = Database.Open(path, mode);
            _ = Number(database, "PRAGMA user_version");
            return database;
        }
        catch (Exception exception) when (exception is SqliteException or DurableStoreException)
        {
            database?.Dispose();
            throw new DataDirectoryException(
                $"'{path}' cannot be opened ({exception.Message}). Run as the user that the host runs as; if the file is damaged, restore it from a backup.",
                exception);
        }
    }
}
