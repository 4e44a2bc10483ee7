using System.Diagnostics;
using System.Runtime.InteropServices;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine.Tracing;

/// <summary>A decision of an orchestrator that it waits for the end of, and the time of the turn that made it.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ScheduledTask(DateTime At, Decision Decision);

/// <summary>The spans of an execution that is in memory.</summary>
internal sealed class ExecutionSpans(OrchestrationIdentity identity, ExecutionTrace trace)
{
    private readonly Dictionary<int, ScheduledTask> _open = [];
    private Dictionary<Guid, (DateTime At, EntityCalled Call)>? _entityCalls;
    private DateTime? _startedAt;
    private Activity? _activity;

    /// <summary>The execution's span, which is current while its code runs, replays included.</summary>
    /// <param name="at">The time of the turn that is to run.</param>
    /// <returns>Null if nobody wants it.</returns>
    public Activity? Current(DateTime at)
    {
        _startedAt ??= at;
        return _activity ??= DurableTaskSpans.HasListeners ? DurableTaskSpans.StartExecution(identity, trace, _startedAt.Value) : null;
    }

    /// <summary>Takes note of a turn, whether it is new or replayed.</summary>
    public void Record(RecordedTurn turn)
    {
        foreach (var arrival in turn.Arrivals)
        {
            switch (arrival)
            {
                case TaskOutcome outcome:
                    _open.Remove(outcome.TaskId);
                    break;
                case EntityResponse response:
                    _entityCalls?.Remove(response.RequestId);
                    break;
                case ExecutionRewound:
                    _startedAt = turn.At;
                    _activity?.SetStartTime(turn.At);
                    break;
            }
        }

        foreach (var decision in turn.Decisions)
        {
            if (decision is TimerCanceled canceled)
            {
                _open.Remove(canceled.TaskId);
            }
            else if (decision is EntityCalled call)
            {
                (_entityCalls ??= [])[call.RequestId] = (turn.At, call);
            }
            else if (decision.AwaitedTaskId is { } taskId)
            {
                _open[taskId] = new ScheduledTask(turn.At, decision);
            }
        }
    }

    /// <summary>Takes note of a new turn.</summary>
    /// <returns>What is to be written once the turn is on disk; null if nothing is.</returns>
    public TurnSpans? Take(RecordedTurn turn)
    {
        var spans = DurableTaskSpans.HasListeners ? Finished(turn) : null;
        Record(turn);
        return spans;
    }

    private TurnSpans? Finished(RecordedTurn turn)
    {
        var finished = new List<FinishedSpan>();
        foreach (var outcome in turn.Arrivals.OfType<TaskOutcome>())
        {
            if (_open.Remove(outcome.TaskId, out var task) && DurableTaskSpans.Task(identity, trace, task, outcome, turn.At) is { } span)
            {
                finished.Add(span);
            }
        }

        foreach (var response in turn.Arrivals.OfType<EntityResponse>())
        {
            if (_entityCalls is not null && _entityCalls.Remove(response.RequestId, out var call))
            {
                finished.Add(DurableTaskSpans.EntityCall(trace, call.At, call.Call, turn.At));
            }
        }

        foreach (var decision in turn.Decisions)
        {
            if (decision is EventSent sent)
            {
                finished.Add(DurableTaskSpans.Event(identity, trace, sent, turn.At));
            }
            else if (decision is EntitySignaled signal)
            {
                finished.Add(DurableTaskSpans.EntitySignal(trace, signal, turn.At));
            }
        }

        return turn.Decisions switch
        {
            [.., ExecutionCompleted end] => Ended(end),
            [.., ContinuedAsNew] => new TurnSpans(finished, Current(turn.At), "ContinuedAsNew", Error: null),
            _ when finished.Count > 0 => new TurnSpans(finished, Execution: null, Status: null, Error: null),
            _ => null,
        };

        TurnSpans Ended(ExecutionCompleted end) => new(
            finished,
            Current(turn.At),
            end.Status.ToString(),
            end.Status is OrchestrationRuntimeStatus.Completed ? null : end.Failure?.ErrorMessage ?? end.Status.ToString());
    }
}

/// <summary>The spans that end with a turn.</summary>
/// <param name="Execution">The execution's own, if it ends.</param>
/// <param name="Status">How the execution ended.</param>
/// <param name="Error">Why the execution failed, if it did.</param>
internal sealed record TurnSpans(IReadOnlyList<FinishedSpan> Finished, Activity? Execution, string? Status, string? Error)
{
    public void Write(DateTime now)
    {
        foreach (var span in Finished)
        {
            DurableTaskSpans.Write(span);
        }

        if (Execution is { } execution)
        {
            execution.SetTag("durabletask.task.status", Status);
            execution.SetStatus(Error is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error, Error);
            DurableTaskSpans.End(execution, now);
        }
    }
}

/// <summary>Makes a span current, or none, for as long as the scope is open.</summary>
internal readonly ref struct CurrentSpan : IDisposable
{
    private readonly Activity? _previous;

    public CurrentSpan(Activity? activity)
    {
        _previous = Activity.Current;
        Activity.Current = activity;
    }

    public void Dispose() => Activity.Current = _previous;
}
