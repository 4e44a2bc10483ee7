using System.Globalization;
using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Storage.Maintenance;

/// <summary>The database by its path, beside whatever process has it open.</summary>
internal static class DatabaseFile
{
    /// <summary>Sees one state of the whole file for as long as a transaction is open, and never holds up the writer.</summary>
    /// <exception cref="DataDirectoryException">There is no such file, or it is no database.</exception>
    public static SqliteConnection OpenForReading(string path) => Open(path, SqliteOpenMode.ReadOnly);

    /// <exception cref="DataDirectoryException">There is no such file, or it is no database.</exception>
    public static SqliteConnection OpenForWriting(string path) => Open(path, SqliteOpenMode.ReadWrite);

    public static int SchemaVersion(SqliteConnection connection)
    {
        using var statement = new Statement(connection, "PRAGMA user_version", 0);
        return Convert.ToInt32(statement.Scalar(null), CultureInfo.InvariantCulture);
    }

    /// <summary>What <c>PRAGMA integrity_check</c> finds, at most a hundred lines; nothing if the file is whole.</summary>
    public static IReadOnlyList<string> Damage(SqliteConnection connection, SqliteTransaction? transaction = null)
    {
        try
        {
            using var statement = new Statement(connection, "PRAGMA integrity_check", 0);
            using var reader = statement.Query(transaction);
            var lines = new List<string>();
            while (reader.Read())
            {
                lines.Add(reader.GetString(0));
            }

            return lines is ["ok"] ? [] : lines;
        }
        catch (SqliteException exception)
        {
            return [exception.Message];
        }
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        if (!File.Exists(path))
        {
            throw new DataDirectoryException(
                $"There is no database '{path}'. Start the host once, or set 'Host:DataDirectory' to the directory that it uses.");
        }

        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            _ = SchemaVersion(connection);
            return connection;
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            throw new DataDirectoryException(
                $"'{path}' cannot be opened ({exception.Message}). Run as the user that the host runs as; if the file is damaged, restore it from a backup.",
                exception);
        }
    }
}
