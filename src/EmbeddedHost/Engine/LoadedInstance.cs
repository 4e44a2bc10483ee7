using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>What memory holds of an instance between turns: the suspended orchestrator, and where the stored instance stands.</summary>
internal sealed class LoadedInstance
{
    private readonly StoredInstance _stored;
    private readonly OrchestrationExecutor _executor;
    private readonly Dictionary<int, TaskScheduled> _openActivities = [];
    private readonly OpenCriticalSection _section = new();
    private readonly ExecutionSpans? _spans;
    private readonly Exception? _divergence;
    private OrchestrationRuntimeStatus _status;
    private string? _customStatus;
    private DateTime _lastTurnAt;
    private int _turns;

    /// <param name="onForeignContinuation">Called from any thread when the code awaited something that is not durable.</param>
    public LoadedInstance(StoredInstance stored, IEnumerable<RecordedTurn> history, ExecutionEnvironment environment, Action onForeignContinuation)
    {
        _stored = stored;
        _status = stored.Status;
        _customStatus = stored.CustomStatus;
        _executor = new OrchestrationExecutor(stored.Identity, environment, stored.CustomStatus, onForeignContinuation);
        _spans = stored.Identity.Trace is { } trace ? new ExecutionSpans(stored.Identity, trace) : null;
        foreach (var turn in history)
        {
            try
            {
                if (_divergence is null)
                {
                    using var current = new CurrentSpan(_spans?.Current(turn.At));
                    _executor.Replay(turn);
                }
            }
            catch (NonDeterministicOrchestrationException exception)
            {
                _divergence = exception;
            }

            Record(turn.At, turn.Arrivals, turn.Decisions);
            _spans?.Record(turn);
        }
    }

    public OrchestrationIdentity Identity => _stored.Identity;

    public bool IsStarted => _turns > 0;

    /// <summary>When it is to start, if that was scheduled.</summary>
    public DateTime? StartAt => _stored.StartAt;

    /// <summary>Whether there is something to do without any arrival.</summary>
    public bool IsDue => !IsStarted || _divergence is not null || _executor.AwaitedForeignTask;

    /// <summary>What has been asked for, and is answered neither by history nor by this mail.</summary>
    public IEnumerable<PendingActivity> ActivitiesOpenAfter(IEnumerable<Mail> mail)
    {
        var answered = mail.Select(static item => item.Arrival).OfType<TaskOutcome>().Select(static outcome => outcome.TaskId).ToHashSet();
        return _openActivities.Values.Where(task => !answered.Contains(task.TaskId)).Select(task => task.ToPending(_stored.Sequence, Identity));
    }

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
        Record(at, arrivals, decisions);
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
        if (_divergence is not null)
        {
            return Ended(new ExecutionCompleted(OrchestrationRuntimeStatus.Failed, null, TaskFailureDetails.FromException(_divergence)));
        }

        if (arrivals.OfType<ExecutionTerminated>().FirstOrDefault() is { } terminated)
        {
            return Ended(new ExecutionCompleted(OrchestrationRuntimeStatus.Terminated, terminated.Output, null));
        }

        using var current = new CurrentSpan(_spans?.Current(at));
        return _executor.RunTurn(at, arrivals, isReplay: false);
    }

    private TurnResult Ended(ExecutionCompleted end)
        => new(_section.Release is { } release ? [release, end] : [end], _customStatus, IsSuspended: false);

    private void Record(DateTime at, IReadOnlyList<Arrival> arrivals, IReadOnlyList<Decision> decisions)
    {
        _lastTurnAt = at;
        _turns++;
        foreach (var arrival in arrivals)
        {
            Counts(arrival);
        }

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
