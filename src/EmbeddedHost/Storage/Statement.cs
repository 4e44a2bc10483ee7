using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>
/// A prepared statement, used by one thread at a time. It speaks SQLite's own interface: the boxing and the reader objects of ADO.NET cost
/// more than the small statements that a turn consists of.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private int _bound;

    /// <exception cref="SqliteException">The text is not valid for this database.</exception>
    public Statement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v2(database, sql, out _statement));
    }

    /// <summary>Gives the next parameter its value.</summary>
    public Statement With(long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, ++_bound, value));
        return this;
    }

    /// <inheritdoc cref="With(long)"/>
    public Statement With(long? value) => value is { } number ? With(number) : WithNull();

    /// <inheritdoc cref="With(long)"/>
    public Statement With(string? value)
    {
        if (value is null)
        {
            return WithNull();
        }

        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(value.Length));
        try
        {
            var length = Encoding.UTF8.GetBytes(value, buffer);
            Check(raw.sqlite3_bind_text(_statement, ++_bound, buffer.AsSpan(0, length)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return this;
    }

    /// <inheritdoc cref="With(long)"/>
    public Statement With(ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(_statement, ++_bound, value));
        return this;
    }

    /// <returns>How many rows changed.</returns>
    /// <exception cref="DurableStoreException">The database cannot be used now.</exception>
    public int Execute()
    {
        using var rows = Query();
        rows.Read();
        return raw.sqlite3_changes(_database);
    }

    /// <returns>The rows, to be read and disposed of before the statement is used again.</returns>
    public Rows Query() => new(this);

    public void Dispose() => _statement.Dispose();

    private Statement WithNull()
    {
        Check(raw.sqlite3_bind_null(_statement, ++_bound));
        return this;
    }

    private bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW)
        {
            return true;
        }

        Check(result == raw.SQLITE_DONE ? raw.SQLITE_OK : result);
        return false;
    }

    private void Reset()
    {
        _bound = 0;
        raw.sqlite3_reset(_statement);
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            _bound = 0;
            throw Failure(result);
        }
    }

    private Exception Failure(int result)
    {
        var exception = new SqliteException(
            string.Create(CultureInfo.InvariantCulture, $"SQLite error {result}, {raw.sqlite3_errmsg(_database).utf8_to_string()}"),
            result,
            raw.sqlite3_extended_errcode(_database));
        return DurableStoreException.From(exception, raw.sqlite3_db_filename(_database, "main").utf8_to_string()) ?? (Exception)exception;
    }

    internal readonly ref struct Rows(Statement statement)
    {
        public bool Read() => statement.Step();

        public bool IsNull(int column) => raw.sqlite3_column_type(statement._statement, column) == raw.SQLITE_NULL;

        public long Int64(int column) => raw.sqlite3_column_int64(statement._statement, column);

        public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

        public int Int32(int column) => raw.sqlite3_column_int(statement._statement, column);

        public string Text(int column) => raw.sqlite3_column_text(statement._statement, column).utf8_to_string();

        public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

        /// <returns>Valid until the next row is read.</returns>
        public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(statement._statement, column);

        public void Dispose() => statement.Reset();
    }
}
