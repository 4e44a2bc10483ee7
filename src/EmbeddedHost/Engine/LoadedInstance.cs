using System.Numerics;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>What memory holds of an instance between turns: the suspended orchestrator, and where the stored instance stands.</summary>
internal sealed class LoadedInstance
{
    private const int BytesOfItself = 1024;

    private readonly StoredInstance _stored;
    private readonly OrchestrationExecutor _executor;
    private readonly Dictionary<int, TaskScheduled> _openActivities = [];
    private readonly OpenCriticalSection _section = new();
    private readonly ExecutionSpans? _spans;
    private OrchestrationRuntimeStatus _status;
    private string? _customStatus;
    private DateTime _lastTurnAt;
    private Exception? _defect;
    private int _turns;
    private int _eventsSeen;

    /// <param name="onForeignContinuation">Called from any thread when the code awaited something that is not durable.</param>
    public LoadedInstance(StoredInstance stored, ExecutionEnvironment environment, Action onForeignContinuation)
    {
        _stored = stored;
        _status = stored.Status;
        _customStatus = stored.CustomStatus;
        _executor = new OrchestrationExecutor(stored.Identity, environment, stored.CustomStatus, onForeignContinuation);
        _spans = stored.Identity.Trace is { } trace ? new ExecutionSpans(stored.Identity, trace) : null;
        IsFunctionMissing = stored.Status is not OrchestrationRuntimeStatus.Pending && !environment.Functions.HasOrchestrator(stored.Identity.Name);
        Bytes = BytesOfItself + (stored.Identity.Input?.Length ?? 0);
    }

    public OrchestrationIdentity Identity => _stored.Identity;

    public bool IsStarted => _turns > 0;

    /// <summary>Whether its orchestrator is one that the program no longer has: it takes no turn, and what comes for it waits.</summary>
    public bool IsFunctionMissing { get; }

    /// <summary>What it stands for in memory: its input and its history as they are stored, and something for itself.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many events the history of this execution has.</summary>
    public int Events { get; private set; }

    /// <summary>When it is to start, if that was scheduled.</summary>
    public DateTime? StartAt => _stored.StartAt;

    /// <summary>Whether there is something to do without any arrival.</summary>
    public bool IsDue => !IsStarted || _defect is not null || _executor.AwaitedForeignTask;

    /// <summary>What has been asked for, and is answered neither by history nor by this mail.</summary>
    public IEnumerable<PendingActivity> ActivitiesOpenAfter(IEnumerable<Mail> mail)
    {
        var answered = mail.Select(static item => item.Arrival).OfType<TaskOutcome>().Select(static outcome => outcome.TaskId).ToHashSet();
        return _openActivities.Values.Where(task => !answered.Contains(task.TaskId)).Select(task => task.ToPending(_stored.Sequence, Identity));
    }

    /// <summary>Runs the code over its history; code that decides otherwise than history says makes the next turn fail the instance.</summary>
    /// <exception cref="UnreadableRecordException">A turn cannot be read.</exception>
    public void Replay(IEnumerable<RecordedTurn> history)
    {
        foreach (var turn in history)
        {
            try
            {
                if (_defect is null && !IsFunctionMissing)
                {
                    using var current = new CurrentSpan(_spans?.Current(turn.At));
                    _executor.Replay(turn);
                }
            }
            catch (NonDeterministicOrchestrationException exception)
            {
                _defect = exception;
            }

            foreach (var arrival in turn.Arrivals)
            {
                Counts(arrival);
            }

            Record(turn.At, turn.Arrivals.Count, turn.Decisions);
            _spans?.Record(turn);
            Bytes += turn.Bytes;
        }

        _eventsSeen = Events;
    }

    /// <summary>Makes the next turn fail the instance.</summary>
    public void GiveUp(Exception defect) => _defect = defect;

    /// <inheritdoc cref="GiveUp(Exception)"/>
    /// <param name="turns">How many turns are on disk.</param>
    public void GiveUp(UnreadableRecordException exception, int turns)
    {
        _defect = exception;
        _turns = turns;
    }

    /// <returns>Whether the last turn took the history past the limit, or past a doubling of it.</returns>
    public bool PassesHistoryLimit(int limit)
    {
        var before = _eventsSeen;
        _eventsSeen = Events;
        return Events >= limit && BitOperations.Log2((uint)(Events / limit)) > (before < limit ? -1 : BitOperations.Log2((uint)(before / limit)));
    }

    /// <summary>A turn was stored in so many bytes.</summary>
    public void Grow(long bytes) => Bytes += bytes;

    /// <param name="now">The turn's time, unless the last one was later by a clock that has been set back since.</param>
    public Turn TakeTurn(DateTime now, List<Mail> mail)
    {
        var at = now < _lastTurnAt ? _lastTurnAt : now;
        var arrivals = new List<Arrival>(mail.Count + 1);
        if (!IsStarted)
        {
            arrivals.Add(new ExecutionStarted());
        }

        foreach (var item in mail)
        {
            _defect ??= item.Damage;
            if (item.Arrival is { } arrival && Counts(arrival))
            {
                arrivals.Add(arrival);
            }
        }

        var (decisions, customStatus, isSuspended) = Decide(at, arrivals);
        var number = _turns;
        var status = decisions is [.., ExecutionCompleted completed]
            ? completed.Status
            : isSuspended ? OrchestrationRuntimeStatus.Suspended : OrchestrationRuntimeStatus.Running;
        var changesInstance = status != _status || !string.Equals(customStatus, _customStatus, StringComparison.Ordinal);
        (_status, _customStatus) = (status, customStatus);
        Record(at, arrivals.Count, decisions);
        return new Turn(
            _stored.Sequence,
            Identity,
            _stored.Parent,
            number,
            at,
            mail,
            arrivals,
            decisions,
            status,
            customStatus,
            _openActivities.Count,
            changesInstance,
            _spans?.Take(new RecordedTurn(at, arrivals, decisions)));
    }

    /// <summary>An activity's first result counts; it may run more than once.</summary>
    private bool Counts(Arrival arrival)
        => arrival is not (TaskCompleted or TaskFailed) || _openActivities.Remove(((TaskOutcome)arrival).TaskId);

    private TurnResult Decide(DateTime at, List<Arrival> arrivals)
    {
        if (arrivals.OfType<ExecutionTerminated>().FirstOrDefault() is { } terminated)
        {
            return Ended(new ExecutionCompleted(OrchestrationRuntimeStatus.Terminated, terminated.Output, null));
        }

        if (_defect is not null)
        {
            return Ended(new ExecutionCompleted(OrchestrationRuntimeStatus.Failed, null, TaskFailureDetails.FromException(_defect)));
        }

        using var current = new CurrentSpan(_spans?.Current(at));
        return _executor.RunTurn(at, arrivals, isReplay: false);
    }

    private TurnResult Ended(ExecutionCompleted end)
        => new(_section.Release is { } release ? [release, end] : [end], _customStatus, IsSuspended: false);

    private void Record(DateTime at, int arrivals, IReadOnlyList<Decision> decisions)
    {
        _lastTurnAt = at;
        _turns++;
        Events += 1 + arrivals + decisions.Count;
        foreach (var decision in decisions)
        {
            _section.Record(decision);
            if (decision is TaskScheduled task)
            {
                _openActivities.Add(task.TaskId, task);
            }
        }
    }
}
