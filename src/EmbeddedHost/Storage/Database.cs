using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>One connection to the database with the statements that were prepared on it; used by one thread at a time.</summary>
internal sealed class Database : IDisposable
{
    private const int BusyTimeoutMilliseconds = 10_000;

    /// <summary>SQLITE_LIMIT_LENGTH.</summary>
    private const int LengthLimit = 0;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);

    private Database(SqliteConnection connection) => _connection = connection;

    /// <exception cref="SqliteException">The file cannot be opened, or is no database.</exception>
    public static Database Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            raw.sqlite3_busy_timeout(connection.Handle!, BusyTimeoutMilliseconds);
            return new Database(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public string Path => _connection.DataSource;

    public bool IsInTransaction => raw.sqlite3_get_autocommit(_connection.Handle!) == 0;

    /// <summary>The most bytes of a row, and of a text or blob in it.</summary>
    public int MaxRowBytes
    {
        get => raw.sqlite3_limit(_connection.Handle!, LengthLimit, -1);
        set => raw.sqlite3_limit(_connection.Handle!, LengthLimit, value);
    }

    /// <summary>Runs statements that take no parameters and give no rows.</summary>
    public void Execute(string sql)
    {
        var result = raw.sqlite3_exec(_connection.Handle!, sql);
        if (result != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(result, _connection.Handle!);
        }
    }

    /// <returns>The same statement each time for the same text, owned by this connection.</returns>
    public Statement Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            statement = PrepareOnce(sql);
            _statements.Add(sql, statement);
        }

        return statement;
    }

    /// <returns>A statement that the caller disposes of, for text that is not used again.</returns>
    public Statement PrepareOnce(string sql) => new(_connection.Handle!, sql);

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }
}
