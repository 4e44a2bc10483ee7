using System.Globalization;
using System.Text;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The instances of one data directory: one writer, any number of readers.</summary>
internal sealed class EngineStore : IDisposable
{
    private const string MetadataColumns =
        "i.seq, i.id, i.name, i.status, i.created_at, i.updated_at, i.tags, i.failure, i.output, i.custom_status";

    private readonly DataDirectory _directory;
    private readonly string _readConnectionString;
    private readonly StoreWriter _writer;

    private EngineStore(DataDirectory directory, string readConnectionString, StoreWriter writer)
    {
        _directory = directory;
        _readConnectionString = readConnectionString;
        _writer = writer;
    }

    /// <param name="path">The data directory; made if it is not there.</param>
    /// <param name="isDurable">False only in tests that lose nothing by a power cut.</param>
    /// <exception cref="DataDirectoryException">The directory cannot be used.</exception>
    public static EngineStore Open(string path, bool isDurable, ILogger logger)
    {
        var directory = DataDirectory.Acquire(path);
        SqliteConnection? connection = null;
        try
        {
            connection = new SqliteConnection(ConnectionString(directory, SqliteOpenMode.ReadWriteCreate, pooling: false));
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL");
            Execute(connection, isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
            Execute(connection, "PRAGMA temp_store = MEMORY");
            Schema.Migrate(connection);
            var writer = new StoreWriter(new StoreSession(connection), logger);
            return new EngineStore(directory, ConnectionString(directory, SqliteOpenMode.ReadOnly, pooling: true), writer);
        }
        catch (SqliteException exception)
        {
            connection?.Dispose();
            directory.Dispose();
            throw new DataDirectoryException(
                $"'{directory.DatabasePath}' cannot be opened ({exception.Message}). Restore it from a backup, or set another directory.", exception);
        }
        catch (DataDirectoryException)
        {
            connection?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    public string Path => _directory.Path;

    public void Write(StoreWrite write) => _writer.Enqueue(write);

    public InstanceState? Find(string instanceId)
    {
        using var connection = OpenReader();
        using var statement = new Statement(connection, "SELECT seq, status FROM instances WHERE id = $0", 1);
        using var reader = statement.Query(null, instanceId);
        return reader.Read() ? new InstanceState(reader.GetInt64(0), (OrchestrationRuntimeStatus)reader.GetInt32(1)) : null;
    }

    /// <returns>Null if it is gone.</returns>
    public StoredInstance? Load(long sequence)
    {
        using var connection = OpenReader();
        using var snapshot = connection.BeginTransaction(deferred: true);
        using var statement = new Statement(
            connection,
            """
            SELECT i.id, i.name, i.version, i.status, i.start_at, i.parent_seq, i.parent_task_id, i.parent_id, i.parent_name, p.data, i.custom_status
            FROM instances i JOIN inputs p ON p.seq = i.seq WHERE i.seq = $0
            """,
            1);
        using var reader = statement.Query(snapshot, sequence);
        if (!reader.Read())
        {
            return null;
        }

        var parent = reader.IsDBNull(5)
            ? null
            : new ParentLink(reader.GetInt64(5), reader.GetInt32(6), reader.GetString(7), reader.GetString(8));
        var identity = new OrchestrationIdentity(
            reader.GetString(1),
            reader.GetString(0),
            reader.GetString(2),
            Text(reader, 9),
            parent is null ? null : new ParentOrchestrationInstance(parent.Name, parent.InstanceId));
        return new StoredInstance(
            sequence,
            identity,
            (OrchestrationRuntimeStatus)reader.GetInt32(3),
            reader.IsDBNull(4) ? null : Utc(reader.GetInt64(4)),
            parent,
            Text(reader, 10),
            History(connection, snapshot, sequence));
    }

    public OrchestrationMetadata? Metadata(string instanceId, DataConverter converter, bool withPayloads)
    {
        using var connection = OpenReader();
        using var statement = new Statement(
            connection, $"SELECT {MetadataColumns}, p.data FROM instances i JOIN inputs p ON p.seq = i.seq WHERE i.id = $0", 1);
        using var reader = statement.Query(null, instanceId);
        return reader.Read() ? ReadMetadata(reader, converter, withPayloads) : null;
    }

    /// <summary>One page of a query, oldest start first.</summary>
    /// <exception cref="ArgumentException">The continuation token is not one of ours.</exception>
    public Page<OrchestrationMetadata> Query(OrchestrationQuery query, string? continuationToken, int pageSize, DataConverter converter)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSize);
        var after = 0L;
        if (continuationToken is not null && !long.TryParse(continuationToken, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            throw new ArgumentException($"'{continuationToken}' is not a continuation token that a query gave.", nameof(continuationToken));
        }

        var sql = new StringBuilder(
            $"SELECT {MetadataColumns}, {(query.FetchInputsAndOutputs ? "p.data FROM instances i JOIN inputs p ON p.seq = i.seq" : "NULL FROM instances i")} WHERE i.seq > $0");
        var values = new List<object?> { after };
        AppendFilter(sql, values, query.CreatedFrom, query.CreatedTo, query.Statuses);
        if (!string.IsNullOrEmpty(query.InstanceIdPrefix))
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND substr(i.id, 1, length(${values.Count})) = ${values.Count}");
            values.Add(query.InstanceIdPrefix);
        }

        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY i.seq LIMIT ${values.Count}");
        values.Add(pageSize + 1);

        using var connection = OpenReader();
        using var statement = new Statement(connection, sql.ToString(), values.Count);
        using var reader = statement.Query(null, values.ToArray());
        var page = new List<OrchestrationMetadata>();
        var last = 0L;
        while (reader.Read())
        {
            if (page.Count == pageSize)
            {
                return new Page<OrchestrationMetadata>(page, last.ToString(CultureInfo.InvariantCulture));
            }

            last = reader.GetInt64(0);
            page.Add(ReadMetadata(reader, converter, query.FetchInputsAndOutputs));
        }

        return new Page<OrchestrationMetadata>(page);
    }

    /// <summary>The finished instances that a purge filter matches.</summary>
    public IReadOnlyList<long> FindFinished(PurgeInstancesFilter filter)
    {
        var sql = new StringBuilder("SELECT i.seq FROM instances i WHERE i.status IN (1, 3, 5)");
        var values = new List<object?>();
        AppendFilter(sql, values, filter.CreatedFrom, filter.CreatedTo, filter.Statuses);
        using var connection = OpenReader();
        using var statement = new Statement(connection, sql.ToString(), values.Count);
        using var reader = statement.Query(null, values.ToArray());
        var found = new List<long>();
        while (reader.Read())
        {
            found.Add(reader.GetInt64(0));
        }

        return found;
    }

    public IReadOnlyList<HistoryEvent> History(long sequence)
    {
        using var connection = OpenReader();
        return History(connection, null, sequence);
    }

    public IReadOnlyList<PendingActivity> PendingActivities() => ReadAll(
        """
        SELECT a.seq, i.id, a.task_id, h.name, h.version, h.data
        FROM activities a JOIN instances i ON i.seq = a.seq JOIN history h ON h.seq = a.seq AND h.idx = a.idx ORDER BY a.seq, a.task_id
        """,
        static reader => new PendingActivity(
            reader.GetInt64(0), reader.GetString(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), Text(reader, 5)));

    public IReadOnlyList<PendingTimer> PendingTimers() => ReadAll(
        "SELECT seq, task_id, due FROM timers",
        static reader => new PendingTimer(reader.GetInt64(0), reader.GetInt32(1), Utc(reader.GetInt64(2))));

    public IReadOnlyList<InboxMessage> PendingMessages() => ReadAll(
        $"SELECT message, seq, {HistoryRow.Columns} FROM inbox ORDER BY message",
        static reader => new InboxMessage(reader.GetInt64(0), reader.GetInt64(1), (Arrival)HistoryRow.Read(reader, 2).ToEvent()));

    public IReadOnlyList<UnstartedInstance> UnstartedInstances() => ReadAll(
        "SELECT seq, start_at FROM instances WHERE history_length = 0 AND status IN (0, 6, 7) ORDER BY seq",
        static reader => new UnstartedInstance(reader.GetInt64(0), reader.IsDBNull(1) ? null : Utc(reader.GetInt64(1))));

    public void Dispose()
    {
        _writer.Dispose();
        using (var reader = new SqliteConnection(_readConnectionString))
        {
            SqliteConnection.ClearPool(reader);
        }

        _directory.Dispose();
    }

    private static string ConnectionString(DataDirectory directory, SqliteOpenMode mode, bool pooling) => new SqliteConnectionStringBuilder
    {
        DataSource = directory.DatabasePath,
        Mode = mode,
        Pooling = pooling,
    }.ConnectionString;

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var statement = new Statement(connection, sql, 0);
        statement.Execute(null);
    }

    private static void AppendFilter(
        StringBuilder sql, List<object?> values, DateTimeOffset? from, DateTimeOffset? to, IEnumerable<OrchestrationRuntimeStatus>? statuses)
    {
        if (from is { } earliest)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND i.created_at >= ${values.Count}");
            values.Add(earliest.UtcTicks);
        }

        if (to is { } latest)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND i.created_at <= ${values.Count}");
            values.Add(latest.UtcTicks);
        }

        if (statuses?.Select(static status => (int)status).ToList() is { Count: > 0 } wanted)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND i.status IN ({string.Join(", ", wanted)})");
        }
    }

    private static List<HistoryEvent> History(SqliteConnection connection, SqliteTransaction? snapshot, long sequence)
    {
        using var statement = new Statement(connection, $"SELECT {HistoryRow.Columns} FROM history WHERE seq = $0 ORDER BY idx", 1);
        using var reader = statement.Query(snapshot, sequence);
        var history = new List<HistoryEvent>();
        while (reader.Read())
        {
            history.Add(HistoryRow.Read(reader, 0).ToEvent());
        }

        return history;
    }

    private static OrchestrationMetadata ReadMetadata(SqliteDataReader reader, DataConverter converter, bool withPayloads)
        => new(reader.GetString(2), reader.GetString(1))
        {
            DataConverter = withPayloads ? converter : null,
            RuntimeStatus = (OrchestrationRuntimeStatus)reader.GetInt32(3),
            CreatedAt = new DateTimeOffset(reader.GetInt64(4), TimeSpan.Zero),
            LastUpdatedAt = new DateTimeOffset(reader.GetInt64(5), TimeSpan.Zero),
            Tags = HistoryRow.ReadTags(Text(reader, 6)),
            FailureDetails = Text(reader, 7) is { } failure ? HistoryRow.ReadFailure(failure) : null,
            SerializedOutput = withPayloads ? Text(reader, 8) : null,
            SerializedCustomStatus = withPayloads ? Text(reader, 9) : null,
            SerializedInput = withPayloads ? Text(reader, 10) : null,
        };

    private static string? Text(SqliteDataReader reader, int ordinal) => reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);

    private static DateTime Utc(long ticks) => new(ticks, DateTimeKind.Utc);

    private List<T> ReadAll<T>(string sql, Func<SqliteDataReader, T> read)
    {
        using var connection = OpenReader();
        using var statement = new Statement(connection, sql, 0);
        using var reader = statement.Query(null);
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private SqliteConnection OpenReader()
    {
        var connection = new SqliteConnection(_readConnectionString);
        connection.Open();
        return connection;
    }
}
