using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The writing connection with its prepared statements; used by one writer at a time, always inside of a transaction.</summary>
internal sealed class StoreSession : IDisposable
{
    private readonly Database _database;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly Statement _findInstance;
    private readonly Statement _findParent;
    private readonly Statement _isFinished;
    private readonly Statement _insertInstance;
    private readonly Statement _insertInput;
    private readonly Statement _updateInstance;
    private readonly Statement _completeInstance;
    private readonly Statement _restartInstance;
    private readonly Statement _replaceInput;
    private readonly Statement _reviveInstance;
    private readonly Statement _appendTurn;
    private readonly Statement _insertMessage;
    private readonly Statement _deleteMessage;
    private readonly Statement _insertTimer;
    private readonly Statement _deleteTimer;
    private readonly Statement _runningChildren;
    private readonly Statement _finishedChildren;
    private readonly Statement _deleteMessages;
    private readonly Statement _deleteTimers;
    private readonly Statement _deleteHistory;
    private readonly Statement _deleteInput;
    private readonly Statement _deleteInstance;
    private readonly Statement _history;
    private readonly Statement _hasEntities;
    private readonly Statement _findEntity;
    private readonly Statement _insertEntity;
    private readonly Statement _updateEntity;
    private readonly Statement _insertEntityMessage;
    private readonly Statement _deleteEmptyEntity;
    private readonly Statement _lockOwner;

    public StoreSession(Database database)
    {
        _database = database;
        Numbers = new SequenceNumbers(database);
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _rollback = database.Prepare("ROLLBACK");
        _findInstance = database.Prepare("SELECT seq, status FROM instances WHERE id = ?");
        _findParent = database.Prepare("SELECT parent_seq, parent_task_id, parent_id, parent_name FROM instances WHERE seq = ?");
        _isFinished = database.Prepare("SELECT 1 FROM instances WHERE seq = ? AND status IN (1, 3, 5)");
        _insertInstance = database.Prepare(
            """
            INSERT INTO instances (seq, id, name, version, status, created_at, updated_at, start_at, tags, parent_seq, parent_task_id, parent_id, parent_name,
                trace_parent, trace_state, span_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
            """);
        _insertInput = database.Prepare("INSERT INTO inputs (seq, data) VALUES (?, ?)");
        _updateInstance = database.Prepare("UPDATE instances SET status = ?2, updated_at = ?3, custom_status = ?4 WHERE seq = ?1");
        _completeInstance = database.Prepare(
            "UPDATE instances SET status = ?2, updated_at = ?3, custom_status = ?4, output = ?5, failure = ?6 WHERE seq = ?1");
        _restartInstance = database.Prepare(
            """
            UPDATE instances
            SET status = 0, created_at = ?2, updated_at = ?2, version = ?3, custom_status = ?4, span_id = ?5, start_at = NULL,
                executions = executions + 1
            WHERE seq = ?1
            """);
        _replaceInput = database.Prepare("UPDATE inputs SET data = ?2 WHERE seq = ?1");
        _reviveInstance = database.Prepare(
            """
            UPDATE instances SET status = 0, updated_at = ?2, output = NULL, failure = NULL, trace_parent = ?3, trace_state = ?4, span_id = ?5
            WHERE seq = ?1 AND status = 3
            """);
        _appendTurn = database.Prepare(
            """
            INSERT INTO history (seq, turn, at, owed, data) SELECT ?1, ?2, ?3, ?4, ?5
            WHERE EXISTS (SELECT 1 FROM instances WHERE seq = ?1 AND status IN (0, 6, 7))
            """);
        _insertMessage = database.Prepare(
            """
            INSERT INTO inbox (seq, data) SELECT ?1, ?2
            WHERE EXISTS (SELECT 1 FROM instances WHERE seq = ?1 AND status IN (0, 6, 7)) RETURNING message
            """);
        _deleteMessage = database.Prepare("DELETE FROM inbox WHERE message = ?");
        _insertTimer = database.Prepare("INSERT INTO timers (seq, task_id, due) VALUES (?, ?, ?)");
        _deleteTimer = database.Prepare("DELETE FROM timers WHERE seq = ? AND task_id = ?");
        _runningChildren = database.Prepare("SELECT seq FROM instances WHERE parent_seq = ? AND status IN (0, 6, 7)");
        _finishedChildren = database.Prepare("SELECT seq FROM instances WHERE parent_seq = ? AND status IN (1, 3, 5)");
        _deleteMessages = database.Prepare("DELETE FROM inbox WHERE seq = ?");
        _deleteTimers = database.Prepare("DELETE FROM timers WHERE seq = ?");
        _deleteHistory = database.Prepare("DELETE FROM history WHERE seq = ?");
        _deleteInput = database.Prepare("DELETE FROM inputs WHERE seq = ?");
        _deleteInstance = database.Prepare("DELETE FROM instances WHERE seq = ?");
        _history = database.Prepare("SELECT at, data FROM history WHERE seq = ? ORDER BY turn");
        _hasEntities = database.Prepare("SELECT EXISTS (SELECT 1 FROM entities)");
        _findEntity = database.Prepare("SELECT -seq FROM entities WHERE id = ?");
        _insertEntity = database.Prepare("INSERT INTO entities (id, modified_at) VALUES (?, ?) RETURNING -seq");
        _updateEntity = database.Prepare(
            "UPDATE entities SET modified_at = ?2, state = ?3, lock_owner = ?4, lock_request = ?5 WHERE seq = -?1");
        _insertEntityMessage = database.Prepare("INSERT INTO inbox (seq, data) VALUES (?, ?) RETURNING message");
        _deleteEmptyEntity = database.Prepare(
            """
            DELETE FROM entities WHERE seq = -?1 AND state IS NULL AND lock_owner IS NULL
                AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.seq = ?1)
            """);
        _lockOwner = database.Prepare("SELECT lock_owner FROM entities WHERE seq = -? AND lock_owner IS NOT NULL");
    }

    public SequenceNumbers Numbers { get; }

    public void Begin() => _begin.Execute();

    public void Commit() => _commit.Execute();

    public void Rollback()
    {
        try
        {
            _rollback.Execute();
        }
        catch (Exception exception) when (exception is SqliteException or DurableStoreException)
        {
            // SQLite has already rolled back by itself, as it does when the disk is full.
        }
    }

    public InstanceState? FindInstance(string id)
    {
        using var rows = _findInstance.With(id).Query();
        return rows.Read() ? new InstanceState(rows.Int64(0), (OrchestrationRuntimeStatus)rows.Int32(1)) : null;
    }

    public ParentLink? FindParent(long sequence)
    {
        using var rows = _findParent.With(sequence).Query();
        return rows.Read() && !rows.IsNull(0) ? new ParentLink(rows.Int64(0), rows.Int32(1), rows.Text(2), rows.Text(3)) : null;
    }

    /// <returns>The sequence number: the identity of this start of the id.</returns>
    public long InsertInstance(NewInstance instance)
    {
        var sequence = Numbers.Next();
        InsertInstance(sequence, instance);
        return sequence;
    }

    /// <param name="sequence">One of <see cref="Numbers"/>.</param>
    public void InsertInstance(long sequence, NewInstance instance)
    {
        _insertInstance
            .With(sequence)
            .With(instance.InstanceId)
            .With(instance.Name)
            .With(instance.Version)
            .With((int)OrchestrationRuntimeStatus.Pending)
            .With(instance.CreatedAt.Ticks)
            .With(instance.StartAt?.Ticks)
            .With(HistoryCodec.WriteTags(instance.Tags))
            .With(instance.Parent?.Sequence)
            .With(instance.Parent?.TaskId)
            .With(instance.Parent?.InstanceId)
            .With(instance.Parent?.Name)
            .With(instance.Trace?.TraceParent)
            .With(instance.Trace?.TraceState)
            .With(instance.Trace?.SpanId.ToHexString())
            .Execute();
        _insertInput.With(sequence).With(instance.Input).Execute();
    }

    /// <param name="owed">How many activities have been asked for and not answered after this turn.</param>
    /// <returns>False if this start of the instance is gone or has ended: then nothing may be written for it.</returns>
    public bool AppendTurn(long sequence, int turn, DateTime at, int owed, ReadOnlySpan<byte> events)
        => _appendTurn.With(sequence).With(turn).With(at.Ticks).With(owed).With(events).Execute() == 1;

    public void UpdateInstance(long sequence, OrchestrationRuntimeStatus status, DateTime at, string? customStatus)
        => _updateInstance.With(sequence).With((int)status).With(at.Ticks).With(customStatus).Execute();

    public void CompleteInstance(
        long sequence, OrchestrationRuntimeStatus status, DateTime at, string? customStatus, string? output, TaskFailureDetails? failure)
    {
        _completeInstance.With(sequence).With((int)status).With(at.Ticks).With(customStatus).With(output)
            .With(failure is null ? null : HistoryCodec.WriteFailure(failure)).Execute();
        DeleteWork(sequence);
    }

    /// <summary>The inbox stays: what is in there belongs to the next execution.</summary>
    /// <param name="trace">The next execution's.</param>
    public void ContinueAsNew(long sequence, DateTime at, string? input, string version, string? customStatus, ExecutionTrace? trace)
    {
        _deleteHistory.With(sequence).Execute();
        _restartInstance.With(sequence).With(at.Ticks).With(version).With(customStatus).With(trace?.SpanId.ToHexString()).Execute();
        _replaceInput.With(sequence).With(input).Execute();
    }

    /// <summary>Lets a failed instance run again, with a history that is to be written anew.</summary>
    public void Revive(long sequence, DateTime at, ExecutionTrace? trace)
    {
        _deleteHistory.With(sequence).Execute();
        _reviveInstance.With(sequence).With(at.Ticks)
            .With(trace?.TraceParent).With(trace?.TraceState).With(trace?.SpanId.ToHexString()).Execute();
    }

    public void DeleteInstance(long sequence)
    {
        DeleteWork(sequence);
        _deleteHistory.With(sequence).Execute();
        _deleteInput.With(sequence).Execute();
        _deleteInstance.With(sequence).Execute();
    }

    /// <returns>False if it has not ended, or is not there.</returns>
    public bool DeleteFinishedInstance(long sequence)
    {
        if (!IsFinished(sequence))
        {
            return false;
        }

        DeleteInstance(sequence);
        return true;
    }

    /// <returns>Null if the instance is gone or has ended.</returns>
    public InboxMessage? InsertMessage(long sequence, Arrival arrival)
    {
        using var rows = _insertMessage.With(sequence).With(HistoryCodec.Write(arrival)).Query();
        return rows.Read() ? new InboxMessage(rows.Int64(0), sequence, arrival) : null;
    }

    public void DeleteMessage(long messageId) => _deleteMessage.With(messageId).Execute();

    public void InsertTimer(long sequence, int taskId, DateTime due) => _insertTimer.With(sequence).With(taskId).With(due.Ticks).Execute();

    public void DeleteTimer(long sequence, int taskId) => _deleteTimer.With(sequence).With(taskId).Execute();

    public IReadOnlyList<long> RunningChildren(long sequence) => Sequences(_runningChildren, sequence);

    public IReadOnlyList<long> FinishedChildren(long sequence) => Sequences(_finishedChildren, sequence);

    /// <summary>The turns of the present execution.</summary>
    public IReadOnlyList<RecordedTurn> History(long sequence)
    {
        var turns = new List<RecordedTurn>();
        using var rows = _history.With(sequence).Query();
        while (rows.Read())
        {
            turns.Add(HistoryCodec.ReadTurn(new DateTime(rows.Int64(0), DateTimeKind.Utc), rows.Blob(1)));
        }

        return turns;
    }

    public bool HasEntities
    {
        get
        {
            using var rows = _hasEntities.Query();
            return rows.Read() && rows.Int64(0) != 0;
        }
    }

    /// <summary>Gives an entity a message; the first one makes it.</summary>
    public InboxMessage InsertMessage(EntityInstanceId entity, EntityMessage message, DateTime at)
    {
        var id = entity.ToString();
        return InsertEntityMessage(FindEntity(id) ?? InsertEntity(id, at), message);
    }

    /// <summary>Stores what a turn of an entity leaves.</summary>
    /// <param name="state">Null: none.</param>
    /// <param name="heldBy">Null: nobody has locked it.</param>
    public void UpdateEntity(long sequence, DateTime at, string? state, EntityLock? heldBy)
        => _updateEntity.With(sequence).With(at.Ticks).With(state).With(heldBy?.Owner).With(heldBy?.RequestId.ToString("N")).Execute();

    /// <returns>False if it has state, a lock or messages, or is not there.</returns>
    public bool DeleteEmptyEntity(long sequence) => _deleteEmptyEntity.With(sequence).Execute() == 1;

    /// <summary>Has an entity release its lock if the orchestration that holds it has ended or is gone.</summary>
    /// <returns>Null if there is no such lock.</returns>
    public InboxMessage? ReleaseOrphanedLock(long sequence)
        => LockOwner(sequence) is { } owner && FindInstance(owner) is null or { IsFinished: true }
            ? InsertEntityMessage(sequence, new EntityLockRelease(owner, RequestId: null, EntityLockSet.Empty))
            : null;

    public void Dispose() => _database.Dispose();

    private InboxMessage InsertEntityMessage(long sequence, EntityMessage message)
    {
        using var rows = _insertEntityMessage.With(sequence).With(HistoryCodec.Write(message)).Query();
        rows.Read();
        return new InboxMessage(rows.Int64(0), sequence, message);
    }

    private long? FindEntity(string id)
    {
        using var rows = _findEntity.With(id).Query();
        return rows.Read() ? rows.Int64(0) : null;
    }

    private long InsertEntity(string id, DateTime at)
    {
        using var rows = _insertEntity.With(id).With(at.Ticks).Query();
        rows.Read();
        return rows.Int64(0);
    }

    /// <summary>Writes what is there already, to find out whether anything can be written.</summary>
    public void RewriteVersion()
    {
        using var statement = _database.PrepareOnce(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Schema.Version}"));
        statement.Execute();
    }

    private string? LockOwner(long sequence)
    {
        using var rows = _lockOwner.With(sequence).Query();
        return rows.Read() ? rows.Text(0) : null;
    }

    private bool IsFinished(long sequence)
    {
        using var rows = _isFinished.With(sequence).Query();
        return rows.Read();
    }

    private static List<long> Sequences(Statement statement, long sequence)
    {
        var sequences = new List<long>();
        using var rows = statement.With(sequence).Query();
        while (rows.Read())
        {
            sequences.Add(rows.Int64(0));
        }

        return sequences;
    }

    private void DeleteWork(long sequence)
    {
        _deleteMessages.With(sequence).Execute();
        _deleteTimers.With(sequence).Execute();
    }
}
