using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The instances of one data directory: one writer, any number of readers.</summary>
internal sealed class EngineStore : IDisposable
{
    // A turn that changes neither status nor custom status leaves the instance's row alone: its time stands in the history.
    private const string MetadataColumns =
        """
        i.seq, i.id, i.name, i.status, i.created_at,
        CASE WHEN i.status IN (0, 6, 7)
            THEN MAX(i.updated_at, IFNULL((SELECT at FROM history WHERE seq = i.seq ORDER BY turn DESC LIMIT 1), 0)) ELSE i.updated_at END,
        i.tags, i.failure, i.output, i.custom_status
        """;

    private const string EntityColumns = "-seq, id, modified_at, state, lock_owner, lock_request";

    /// <summary>More than the other columns of a turn and the row's header take.</summary>
    private const int BytesBesideEvents = 128;

    private readonly DataDirectory _directory;
    private readonly ReaderPool _readers;
    private readonly StoreWriter _writer;

    private EngineStore(
        DataDirectory directory, Database database, TimeProvider time, ILogger logger, EngineMetrics? metrics, IStoreFaults? faults)
    {
        MaxTurnBytes = database.MaxRowBytes - BytesBesideEvents;
        _directory = directory;
        _readers = new ReaderPool(directory.DatabasePath);
        Outage = new StoreOutage(directory.DatabasePath, time, logger);
        var session = new StoreSession(database);
        Numbers = session.Numbers;
        _writer = new StoreWriter(session, Outage, metrics, faults);
    }

    /// <param name="path">The data directory; made if it is not there.</param>
    /// <param name="isDurable">False only in tests that lose nothing by a power cut.</param>
    /// <param name="maxRowBytes">Less than SQLite's own limit, in tests.</param>
    /// <exception cref="DataDirectoryException">The directory cannot be used.</exception>
    public static EngineStore Open(
        string path,
        bool isDurable,
        ILogger logger,
        TimeProvider? time = null,
        EngineMetrics? metrics = null,
        IStoreFaults? faults = null,
        int? maxRowBytes = null)
    {
        var directory = DataDirectory.Acquire(path);
        Database? database = null;
        try
        {
            database = Database.Open(directory.DatabasePath, SqliteOpenMode.ReadWriteCreate);
            database.Execute("PRAGMA journal_mode = WAL");
            database.Execute(isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
            database.Execute("PRAGMA temp_store = MEMORY");
            Schema.Migrate(database);
            if (isDurable)
            {
                WriteAheadLog.Reserve(database);
            }

            database.MaxRowBytes = maxRowBytes ?? database.MaxRowBytes;
            return new EngineStore(directory, database, time ?? TimeProvider.System, logger, metrics, faults);
        }
        catch (Exception exception) when (exception is SqliteException or InvalidDataException or DurableStoreException)
        {
            database?.Dispose();
            directory.Dispose();
            throw new DataDirectoryException(
                $"'{directory.DatabasePath}' cannot be opened ({exception.Message}). Restore it from a backup, or set another directory.", exception);
        }
        catch (DataDirectoryException)
        {
            database?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    public string Path => _directory.Path;

    public string DatabasePath => _directory.DatabasePath;

    public StoreOutage Outage { get; }

    /// <summary>For starts whose number is needed before they are written.</summary>
    public SequenceNumbers Numbers { get; }

    /// <summary>The most bytes that the events of one turn can take.</summary>
    public int MaxTurnBytes { get; }

    /// <summary>Writes on a thread of its own.</summary>
    public void Write(StoreWrite write) => _writer.Enqueue(write, mayWriteHere: false);

    /// <summary>Writes on the calling thread if nobody is writing.</summary>
    public void WriteHere(StoreWrite write) => _writer.Enqueue(write, mayWriteHere: true);

    public InstanceState? Find(string instanceId)
    {
        using var lease = _readers.Rent();
        using var rows = lease.Database.Prepare("SELECT seq, status FROM instances WHERE id = ?").With(instanceId).Query();
        return rows.Read() ? new InstanceState(rows.Int64(0), (OrchestrationRuntimeStatus)rows.Int32(1)) : null;
    }

    /// <returns>Null if it is gone.</returns>
    public StoredInstance? Load(long sequence)
    {
        using var lease = _readers.Rent();
        using var rows = lease.Database.Prepare(
            """
            SELECT i.id, i.name, i.version, i.status, i.start_at, i.parent_seq, i.parent_task_id, i.parent_id, i.parent_name, p.data, i.custom_status,
                i.executions, i.trace_parent, i.trace_state, i.span_id
            FROM instances i JOIN inputs p ON p.seq = i.seq WHERE i.seq = ?
            """).With(sequence).Query();
        if (!rows.Read())
        {
            return null;
        }

        var parent = rows.IsNull(5) ? null : new ParentLink(rows.Int64(5), rows.Int32(6), rows.Text(7), rows.Text(8));
        var identity = new OrchestrationIdentity(
            rows.Text(1),
            rows.Text(0),
            rows.Text(2),
            rows.TextOrNull(9),
            parent is null ? null : new ParentOrchestrationInstance(parent.Name, parent.InstanceId),
            rows.Int32(11),
            rows.IsNull(12) ? null : ExecutionTrace.Parse(rows.Text(12), rows.TextOrNull(13), rows.Text(14)));
        return new StoredInstance(
            sequence,
            identity,
            (OrchestrationRuntimeStatus)rows.Int32(3),
            rows.Int64OrNull(4) is { } startAt ? Utc(startAt) : null,
            parent,
            rows.TextOrNull(10));
    }

    /// <summary>The turns of the present execution, read as they are asked for.</summary>
    public IEnumerable<RecordedTurn> History(long sequence)
    {
        const int PageSize = 256;
        for (var next = 0; ;)
        {
            var page = HistoryPage(sequence, next, PageSize);
            foreach (var turn in page)
            {
                yield return turn;
            }

            next += page.Count;
            if (page.Count < PageSize)
            {
                yield break;
            }
        }
    }

    /// <summary>How many turns the present execution has taken, readable or not.</summary>
    public int TurnCount(long sequence)
    {
        using var lease = _readers.Rent();
        using var rows = lease.Database.Prepare("SELECT IFNULL(MAX(turn) + 1, 0) FROM history WHERE seq = ?").With(sequence).Query();
        return rows.Read() ? rows.Int32(0) : 0;
    }

    /// <summary>The orchestrators of the instances that have begun and not ended, how many each has, and the id of one.</summary>
    public IReadOnlyList<(string Name, int Count, string Example)> RunningOrchestrators() => ReadAll(
        "SELECT name, COUNT(*), MIN(id) FROM instances WHERE status IN (0, 7) GROUP BY name",
        static rows => (rows.Text(0), rows.Int32(1), rows.Text(2)));

    public OrchestrationMetadata? Metadata(string instanceId, DataConverter converter, bool withPayloads)
    {
        using var lease = _readers.Rent();
        using var rows = lease.Database.Prepare(
            $"SELECT {MetadataColumns}, p.data FROM instances i JOIN inputs p ON p.seq = i.seq WHERE i.id = ?").With(instanceId).Query();
        return rows.Read() ? ReadMetadata(rows, converter, withPayloads) : null;
    }

    /// <summary>One page of a query, oldest start first.</summary>
    /// <exception cref="ArgumentException">The continuation token is not one of ours.</exception>
    public Page<OrchestrationMetadata> Query(OrchestrationQuery query, string? continuationToken, int pageSize, DataConverter converter)
    {
        var after = ReadToken(continuationToken, pageSize);
        var source = query.FetchInputsAndOutputs ? "p.data FROM instances i JOIN inputs p ON p.seq = i.seq" : "NULL FROM instances i";
        var filter = new StringBuilder(" WHERE i.seq > ?1 AND (?2 IS NULL OR substr(i.id, 1, length(?2)) = ?2)");
        AppendFilter(filter, query.CreatedFrom, query.CreatedTo, query.Statuses);
        using var lease = _readers.Rent();
        using var statement = lease.Database.PrepareOnce($"SELECT {MetadataColumns}, {source}{filter} ORDER BY i.seq LIMIT ?3");
        using var rows = statement
            .With(after)
            .With(string.IsNullOrEmpty(query.InstanceIdPrefix) ? null : query.InstanceIdPrefix)
            .With(pageSize + 1)
            .Query();
        var page = new List<OrchestrationMetadata>();
        var last = 0L;
        while (rows.Read())
        {
            if (page.Count == pageSize)
            {
                return new Page<OrchestrationMetadata>(page, last.ToString(CultureInfo.InvariantCulture));
            }

            last = rows.Int64(0);
            page.Add(ReadMetadata(rows, converter, query.FetchInputsAndOutputs));
        }

        return new Page<OrchestrationMetadata>(page);
    }

    /// <summary>One page of ids, oldest start first.</summary>
    /// <exception cref="ArgumentException">The continuation token is not one of ours.</exception>
    public Page<string> InstanceIds(
        IEnumerable<OrchestrationRuntimeStatus>? statuses, DateTimeOffset? endedFrom, DateTimeOffset? endedTo, int pageSize, string? continuationToken)
    {
        var after = ReadToken(continuationToken, pageSize);
        var filter = new StringBuilder(" WHERE i.seq > ?1");
        AppendFilter(filter, from: null, to: null, statuses);
        if (endedFrom is not null || endedTo is not null)
        {
            filter.Append(" AND i.status IN (1, 3, 5)");
        }

        filter.Append(" AND i.updated_at BETWEEN ?3 AND ?4");

        using var lease = _readers.Rent();
        using var statement = lease.Database.PrepareOnce($"SELECT i.seq, i.id FROM instances i{filter} ORDER BY i.seq LIMIT ?2");
        using var rows = statement
            .With(after)
            .With(pageSize + 1)
            .With(endedFrom?.UtcTicks ?? 0)
            .With(endedTo?.UtcTicks ?? long.MaxValue)
            .Query();
        var page = new List<string>();
        var last = 0L;
        while (rows.Read())
        {
            if (page.Count == pageSize)
            {
                return new Page<string>(page, last.ToString(CultureInfo.InvariantCulture));
            }

            last = rows.Int64(0);
            page.Add(rows.Text(1));
        }

        return new Page<string>(page);
    }

    /// <summary>The finished instances that a purge filter matches.</summary>
    public IReadOnlyList<long> FindFinished(PurgeInstancesFilter filter)
    {
        var sql = new StringBuilder("SELECT i.seq FROM instances i WHERE i.status IN (1, 3, 5)");
        AppendFilter(sql, filter.CreatedFrom, filter.CreatedTo, filter.Statuses);
        using var lease = _readers.Rent();
        using var statement = lease.Database.PrepareOnce(sql.ToString());
        using var rows = statement.Query();
        var found = new List<long>();
        while (rows.Read())
        {
            found.Add(rows.Int64(0));
        }

        return found;
    }

    /// <returns>Null if it is gone.</returns>
    public StoredEntity? LoadEntity(long sequence)
    {
        using var lease = _readers.Rent();
        using var rows = lease.Database.Prepare($"SELECT {EntityColumns} FROM entities WHERE seq = -?").With(sequence).Query();
        return rows.Read() ? ReadEntity(rows, lease.Database, withState: true) : null;
    }

    /// <summary>What stands in an inbox, in order, from the first one that is newer than a message.</summary>
    public IReadOnlyList<InboxMessage> Messages(long sequence, long after)
    {
        using var lease = _readers.Rent();
        return ReadMessages(lease.Database, sequence, after);
    }

    /// <returns>Null if there is no such entity.</returns>
    public StoredEntity? FindEntity(EntityInstanceId id, bool withState)
    {
        using var lease = _readers.Rent();
        using var rows = lease.Database.Prepare($"SELECT {EntityColumns} FROM entities WHERE id = ?").With(id.ToString()).Query();
        return rows.Read() ? ReadEntity(rows, lease.Database, withState) : null;
    }

    /// <summary>One page of a query, oldest entity first.</summary>
    /// <exception cref="ArgumentException">The continuation token is not one of ours.</exception>
    public Page<StoredEntity> Query(EntityQuery query, string? continuationToken, int pageSize)
    {
        var after = ReadToken(continuationToken, pageSize);
        using var lease = _readers.Rent();
        using var rows = lease.Database.Prepare(
            $"""
            SELECT {EntityColumns} FROM entities
            WHERE seq > ?1 AND (?2 IS NULL OR substr(id, 1, length(?2)) = ?2) AND modified_at >= ?3 AND modified_at <= ?4
                AND (?5 = 1 OR state IS NOT NULL)
            ORDER BY seq LIMIT ?6
            """)
            .With(after)
            .With(query.InstanceIdStartsWith)
            .With(query.LastModifiedFrom?.UtcTicks ?? 0)
            .With(query.LastModifiedTo?.UtcTicks ?? long.MaxValue)
            .With(query.IncludeTransient ? 1 : 0)
            .With(pageSize + 1)
            .Query();
        var page = new List<StoredEntity>();
        while (rows.Read())
        {
            if (page.Count == pageSize)
            {
                return new Page<StoredEntity>(page, (-page[^1].Sequence).ToString(CultureInfo.InvariantCulture));
            }

            page.Add(ReadEntity(rows, lease.Database, query.IncludeState));
        }

        return new Page<StoredEntity>(page);
    }

    public IReadOnlyList<PendingTimer> PendingTimers() => ReadAll(
        "SELECT seq, task_id, due FROM timers",
        static rows => new PendingTimer(rows.Int64(0), rows.Int32(1), Utc(rows.Int64(2))));

    /// <summary>What waits in the inboxes. A message that cannot be read comes as mail that says so.</summary>
    public IReadOnlyList<(long Sequence, Mail Mail)> PendingMessages() => ReadAll(
        "SELECT message, seq, data FROM inbox ORDER BY message",
        rows => (rows.Int64(1), ReadMessage(rows.Int64(0), rows.Blob(2))));

    /// <summary>The instances that have no turn yet, and those that wait for activities.</summary>
    /// <remarks>One whose last turn cannot be read is among them, so that whoever loads it names it.</remarks>
    public IReadOnlyList<ResumableInstance> ResumableInstances()
    {
        try
        {
            return ReadAll(
                """
                SELECT seq, start_at, owed
                FROM (
                    SELECT i.seq, i.start_at, (SELECT owed FROM history WHERE seq = i.seq ORDER BY turn DESC LIMIT 1) AS owed
                    FROM instances i WHERE i.status IN (0, 6, 7))
                WHERE owed IS NULL OR owed > 0 ORDER BY seq
                """,
                static rows => new ResumableInstance(rows.Int64(0), StartAt(rows), !rows.IsNull(2)));
        }
        catch (DurableStoreException)
        {
            return [.. from instance in ReadAll(
                           "SELECT seq, start_at FROM instances WHERE status IN (0, 6, 7) ORDER BY seq", static rows => (Sequence: rows.Int64(0), StartAt: StartAt(rows)))
                       let owed = OwedOrUnreadable(instance.Sequence)
                       where owed != 0
                       select new ResumableInstance(instance.Sequence, instance.StartAt, owed is not null)];
        }

        static DateTime? StartAt(Statement.Rows rows) => rows.Int64OrNull(1) is { } startAt ? Utc(startAt) : null;
    }

    public void Dispose()
    {
        _writer.Dispose();
        _readers.Dispose();
        _directory.Dispose();
    }

    /// <returns>Null if it has no turn, -1 if its last one cannot be read.</returns>
    private int? OwedOrUnreadable(long sequence)
    {
        using var lease = _readers.Rent();
        try
        {
            using var rows = lease.Database.Prepare("SELECT owed FROM history WHERE seq = ? ORDER BY turn DESC LIMIT 1").With(sequence).Query();
            return rows.Read() ? rows.Int32(0) : null;
        }
        catch (DurableStoreException)
        {
            return -1;
        }
    }

    private StoredEntity ReadEntity(Statement.Rows rows, Database database, bool withState)
    {
        var sequence = rows.Int64(0);
        return new StoredEntity(
            sequence,
            EntityInstanceId.FromString(rows.Text(1)),
            Utc(rows.Int64(2)),
            !rows.IsNull(3),
            withState ? rows.TextOrNull(3) : null,
            rows.TextOrNull(4) is { } owner ? new EntityLock(owner, Guid.ParseExact(rows.Text(5), "N")) : null,
            ReadMessages(database, sequence, after: 0));
    }

    private List<InboxMessage> ReadMessages(Database database, long sequence, long after)
    {
        var messages = new List<InboxMessage>();
        using var rows = database.Prepare("SELECT message, data FROM inbox WHERE seq = ? AND message > ? ORDER BY message")
            .With(sequence).With(after).Query();
        while (rows.Read())
        {
            messages.Add(new InboxMessage(rows.Int64(0), sequence, ReadEntityMessage(rows.Int64(0), rows.Blob(1))));
        }

        return messages;
    }

    /// <summary>What cannot be read is told by a message of its own, so that the others behind it are handled.</summary>
    private EntityMessage ReadEntityMessage(long messageId, ReadOnlySpan<byte> data)
    {
        try
        {
            return HistoryCodec.ReadArrival(data) as EntityMessage ?? throw new InvalidDataException("It holds an event that is not for entities.");
        }
        catch (InvalidDataException exception)
        {
            var caller = HistoryCodec.ReadCaller(data);
            return new UnreadableEntityMessage(caller?.Sender, caller?.RequestId, Unreadable(messageId, exception));
        }
    }

    private UnreadableRecordException Unreadable(long messageId, InvalidDataException exception)
        => new(string.Create(CultureInfo.InvariantCulture, $"Message {messageId} of the inbox"), DatabasePath, exception);

    private List<RecordedTurn> HistoryPage(long sequence, int first, int size)
    {
        using var lease = _readers.Rent();
        using var rows = lease.Database.Prepare("SELECT at, data FROM history WHERE seq = ? AND turn >= ? ORDER BY turn LIMIT ?")
            .With(sequence).With(first).With(size).Query();
        var page = new List<RecordedTurn>();
        while (rows.Read())
        {
            try
            {
                page.Add(HistoryCodec.ReadTurn(Utc(rows.Int64(0)), rows.Blob(1)));
            }
            catch (InvalidDataException exception)
            {
                throw new UnreadableRecordException(
                    string.Create(CultureInfo.InvariantCulture, $"Turn {first + page.Count} of the history"), DatabasePath, exception);
            }
        }

        return page;
    }

    private Mail ReadMessage(long messageId, ReadOnlySpan<byte> data)
    {
        try
        {
            return new Mail(HistoryCodec.ReadArrival(data), messageId);
        }
        catch (InvalidDataException exception)
        {
            return new Mail(Arrival: null, messageId, Damage: Unreadable(messageId, exception));
        }
    }

    private static long ReadToken(string? continuationToken, int pageSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSize);
        var after = 0L;
        return continuationToken is null || long.TryParse(continuationToken, NumberStyles.None, CultureInfo.InvariantCulture, out after)
            ? after
            : throw new ArgumentException($"'{continuationToken}' is not a continuation token that a query gave.", nameof(continuationToken));
    }

    private static void AppendFilter(
        StringBuilder sql, DateTimeOffset? from, DateTimeOffset? to, IEnumerable<OrchestrationRuntimeStatus>? statuses)
    {
        if (from is { } earliest)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND i.created_at >= {earliest.UtcTicks}");
        }

        if (to is { } latest)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND i.created_at <= {latest.UtcTicks}");
        }

        if (statuses?.Select(static status => (int)status).ToList() is { Count: > 0 } wanted)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND i.status IN ({string.Join(", ", wanted)})");
        }
    }

    private OrchestrationMetadata ReadMetadata(Statement.Rows rows, DataConverter converter, bool withPayloads)
    {
        var (tags, failure, isDamaged) = ReadDetails(rows.Text(1), rows.TextOrNull(6), rows.TextOrNull(7));
        return new OrchestrationMetadata(rows.Text(2), rows.Text(1))
        {
            DataConverter = withPayloads ? converter : null,
            RuntimeStatus = (OrchestrationRuntimeStatus)rows.Int32(3),
            CreatedAt = new DateTimeOffset(Utc(rows.Int64(4))),
            LastUpdatedAt = new DateTimeOffset(Utc(rows.Int64(5))),
            Tags = tags,
            FailureDetails = withPayloads || isDamaged ? failure : null,
            SerializedOutput = withPayloads ? rows.TextOrNull(8) : null,
            SerializedCustomStatus = withPayloads ? rows.TextOrNull(9) : null,
            SerializedInput = withPayloads ? rows.TextOrNull(10) : null,
        };
    }

    /// <summary>
    /// What cannot be read is told as the failure, whether or not payloads are asked for, so that one damaged row is seen and does not take a
    /// whole query with it.
    /// </summary>
    private (ImmutableSortedDictionary<string, string> Tags, TaskFailureDetails? Failure, bool IsDamaged) ReadDetails(
        string instanceId, string? tags, string? failure)
    {
        try
        {
            return (HistoryCodec.ReadTags(tags), failure is null ? null : HistoryCodec.ReadFailure(failure), IsDamaged: false);
        }
        catch (JsonException exception)
        {
            return (
                HistoryCodec.ReadTags(null),
                TaskFailureDetails.FromException(new UnreadableRecordException($"The row of instance '{instanceId}'", DatabasePath, exception)),
                IsDamaged: true);
        }
    }

    /// <summary>A time that a damaged row puts out of range counts as the nearest that is in it.</summary>
    private static DateTime Utc(long ticks) => new(Math.Clamp(ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks), DateTimeKind.Utc);

    private List<T> ReadAll<T>(string sql, Func<Statement.Rows, T> read)
    {
        using var lease = _readers.Rent();
        using var statement = lease.Database.PrepareOnce(sql);
        using var rows = statement.Query();
        var all = new List<T>();
        while (rows.Read())
        {
            all.Add(read(rows));
        }

        return all;
    }
}
