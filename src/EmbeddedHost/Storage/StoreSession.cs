using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The writing connection with its prepared statements; used by the writer's thread alone, always inside of a transaction.</summary>
internal sealed class StoreSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<Statement> _statements = [];
    private readonly Statement _findInstance;
    private readonly Statement _findParent;
    private readonly Statement _isFinished;
    private readonly Statement _insertInstance;
    private readonly Statement _insertInput;
    private readonly Statement _lastRow;
    private readonly Statement _updateInstance;
    private readonly Statement _completeInstance;
    private readonly Statement _restartInstance;
    private readonly Statement _replaceInput;
    private readonly Statement _appendHistory;
    private readonly Statement _insertMessage;
    private readonly Statement _deleteMessage;
    private readonly Statement _insertActivity;
    private readonly Statement _deleteActivity;
    private readonly Statement _insertTimer;
    private readonly Statement _deleteTimer;
    private readonly Statement _runningChildren;
    private readonly Statement _finishedChildren;
    private readonly Statement[] _deleteWork;
    private readonly Statement _deleteHistory;
    private readonly Statement[] _deleteInstance;
    private SqliteTransaction? _transaction;

    public StoreSession(SqliteConnection connection)
    {
        _connection = connection;
        _findInstance = Prepare("SELECT seq, status FROM instances WHERE id = $0", 1);
        _findParent = Prepare("SELECT parent_seq, parent_task_id, parent_id, parent_name FROM instances WHERE seq = $0", 1);
        _isFinished = Prepare("SELECT 1 FROM instances WHERE seq = $0 AND status IN (1, 3, 5)", 1);
        _insertInstance = Prepare(
            """
            INSERT INTO instances (id, name, version, status, created_at, updated_at, start_at, tags, parent_seq, parent_task_id, parent_id, parent_name)
            VALUES ($0, $1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10)
            """,
            11);
        _insertInput = Prepare("INSERT INTO inputs (seq, data) VALUES ($0, $1)", 2);
        _lastRow = Prepare("SELECT last_insert_rowid()", 0);
        _updateInstance = Prepare(
            "UPDATE instances SET status = $1, updated_at = $2, history_length = $3, custom_status = $4 WHERE seq = $0 AND status IN (0, 6, 7)", 5);
        _completeInstance = Prepare("UPDATE instances SET output = $1, failure = $2 WHERE seq = $0", 3);
        _restartInstance = Prepare(
            "UPDATE instances SET status = 0, created_at = $1, history_length = 0, version = $2, start_at = NULL WHERE seq = $0", 3);
        _replaceInput = Prepare("UPDATE inputs SET data = $1 WHERE seq = $0", 2);
        _appendHistory = Prepare(
            $"INSERT INTO history (seq, idx, {HistoryRow.Columns}) VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9)", 10);
        _insertMessage = Prepare(
            $"""
            INSERT INTO inbox (seq, {HistoryRow.Columns}) SELECT $0, $1, $2, $3, $4, $5, $6, $7, $8
            WHERE EXISTS (SELECT 1 FROM instances WHERE seq = $0 AND status IN (0, 6, 7))
            """,
            9);
        _deleteMessage = Prepare("DELETE FROM inbox WHERE message = $0", 1);
        _insertActivity = Prepare("INSERT INTO activities (seq, task_id, idx) VALUES ($0, $1, $2)", 3);
        _deleteActivity = Prepare("DELETE FROM activities WHERE seq = $0 AND task_id = $1", 2);
        _insertTimer = Prepare("INSERT INTO timers (seq, task_id, due) VALUES ($0, $1, $2)", 3);
        _deleteTimer = Prepare("DELETE FROM timers WHERE seq = $0 AND task_id = $1", 2);
        _runningChildren = Prepare("SELECT seq FROM instances WHERE parent_seq = $0 AND status IN (0, 6, 7)", 1);
        _finishedChildren = Prepare("SELECT seq FROM instances WHERE parent_seq = $0 AND status IN (1, 3, 5)", 1);
        _deleteWork =
        [
            Prepare("DELETE FROM inbox WHERE seq = $0", 1),
            Prepare("DELETE FROM activities WHERE seq = $0", 1),
            Prepare("DELETE FROM timers WHERE seq = $0", 1),
        ];
        _deleteHistory = Prepare("DELETE FROM history WHERE seq = $0", 1);
        _deleteInstance =
        [
            Prepare("DELETE FROM inputs WHERE seq = $0", 1),
            Prepare("DELETE FROM instances WHERE seq = $0", 1),
        ];
    }

    public void Begin() => _transaction = _connection.BeginTransaction();

    public void Commit()
    {
        _transaction!.Commit();
        EndTransaction();
    }

    public void Rollback()
    {
        try
        {
            _transaction?.Rollback();
        }
        catch (Exception exception) when (exception is SqliteException or InvalidOperationException)
        {
            // SQLite has already rolled back by itself, as it does when the disk is full.
        }
        finally
        {
            EndTransaction();
        }
    }

    public InstanceState? FindInstance(string id)
    {
        using var reader = _findInstance.Query(_transaction, id);
        return reader.Read() ? new InstanceState(reader.GetInt64(0), (OrchestrationRuntimeStatus)reader.GetInt32(1)) : null;
    }

    public ParentLink? FindParent(long sequence)
    {
        using var reader = _findParent.Query(_transaction, sequence);
        return reader.Read() && !reader.IsDBNull(0)
            ? new ParentLink(reader.GetInt64(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3))
            : null;
    }

    /// <returns>The sequence number: the identity of this start of the id.</returns>
    public long InsertInstance(NewInstance instance)
    {
        _insertInstance.Execute(
            _transaction,
            instance.InstanceId,
            instance.Name,
            instance.Version,
            (int)OrchestrationRuntimeStatus.Pending,
            instance.CreatedAt.Ticks,
            instance.StartAt?.Ticks,
            HistoryRow.WriteTags(instance.Tags),
            instance.Parent?.Sequence,
            instance.Parent?.TaskId,
            instance.Parent?.InstanceId,
            instance.Parent?.Name);
        var sequence = (long)_lastRow.Scalar(_transaction)!;
        _insertInput.Execute(_transaction, sequence, instance.Input);
        return sequence;
    }

    /// <returns>False if this start of the instance is gone or has ended: then nothing may be written for it.</returns>
    public bool UpdateInstance(long sequence, OrchestrationRuntimeStatus status, DateTime updatedAt, int historyLength, string? customStatus)
        => _updateInstance.Execute(_transaction, sequence, (int)status, updatedAt.Ticks, historyLength, customStatus) == 1;

    public void CompleteInstance(long sequence, string? output, TaskFailureDetails? failure)
    {
        _completeInstance.Execute(_transaction, sequence, output, failure is null ? null : HistoryRow.Write(failure));
        DeleteWork(sequence);
    }

    /// <summary>The inbox stays: what is in there belongs to the next execution.</summary>
    public void ContinueAsNew(long sequence, DateTime at, string? input, string version)
    {
        _deleteHistory.Execute(_transaction, sequence);
        _restartInstance.Execute(_transaction, sequence, at.Ticks, version);
        _replaceInput.Execute(_transaction, sequence, input);
    }

    public void DeleteInstance(long sequence)
    {
        DeleteWork(sequence);
        _deleteHistory.Execute(_transaction, sequence);
        foreach (var statement in _deleteInstance)
        {
            statement.Execute(_transaction, sequence);
        }
    }

    /// <returns>False if it has not ended, or is not there.</returns>
    public bool DeleteFinishedInstance(long sequence)
    {
        if (_isFinished.Scalar(_transaction, sequence) is null)
        {
            return false;
        }

        DeleteInstance(sequence);
        return true;
    }

    public void AppendHistory(long sequence, int index, HistoryEvent e)
    {
        var row = HistoryRow.From(e);
        _appendHistory.Execute(
            _transaction, sequence, index, (int)row.Type, row.TaskId, row.Name, row.Version, row.Target, row.Data, row.Details, row.Number);
    }

    /// <returns>Null if the instance is gone or has ended.</returns>
    public InboxMessage? InsertMessage(long sequence, Arrival arrival)
    {
        var row = HistoryRow.From(arrival);
        var inserted = _insertMessage.Execute(
            _transaction, sequence, (int)row.Type, row.TaskId, row.Name, row.Version, row.Target, row.Data, row.Details, row.Number);
        return inserted == 1 ? new InboxMessage((long)_lastRow.Scalar(_transaction)!, sequence, arrival) : null;
    }

    public void DeleteMessage(long messageId) => _deleteMessage.Execute(_transaction, messageId);

    public void InsertActivity(long sequence, int taskId, int index) => _insertActivity.Execute(_transaction, sequence, taskId, index);

    public void DeleteActivity(long sequence, int taskId) => _deleteActivity.Execute(_transaction, sequence, taskId);

    public void InsertTimer(long sequence, int taskId, DateTime due) => _insertTimer.Execute(_transaction, sequence, taskId, due.Ticks);

    public void DeleteTimer(long sequence, int taskId) => _deleteTimer.Execute(_transaction, sequence, taskId);

    public IReadOnlyList<long> RunningChildren(long sequence) => Sequences(_runningChildren, sequence);

    public IReadOnlyList<long> FinishedChildren(long sequence) => Sequences(_finishedChildren, sequence);

    public void Dispose()
    {
        foreach (var statement in _statements)
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }

    private List<long> Sequences(Statement statement, long sequence)
    {
        var sequences = new List<long>();
        using var reader = statement.Query(_transaction, sequence);
        while (reader.Read())
        {
            sequences.Add(reader.GetInt64(0));
        }

        return sequences;
    }

    private void DeleteWork(long sequence)
    {
        foreach (var statement in _deleteWork)
        {
            statement.Execute(_transaction, sequence);
        }
    }

    private void EndTransaction()
    {
        _transaction?.Dispose();
        _transaction = null;
    }

    private Statement Prepare(string sql, int parameters)
    {
        var statement = new Statement(_connection, sql, parameters);
        _statements.Add(statement);
        return statement;
    }
}
