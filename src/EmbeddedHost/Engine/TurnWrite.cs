using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>What follows from a turn once it is on disk.</summary>
internal sealed class TurnEffects
{
    public List<PendingActivity> Activities { get; } = [];

    public List<PendingTimer> Timers { get; } = [];

    public List<(long Sequence, int TaskId)> CanceledTimers { get; } = [];

    public List<InboxMessage> Messages { get; } = [];

    /// <summary>With the time at which each is to start; null: at once.</summary>
    public List<(long Sequence, DateTime? StartAt)> StartedInstances { get; } = [];

    public List<(string InstanceId, OrchestrationRuntimeStatus Status)> Ended { get; } = [];
}

/// <summary>One turn of one instance as one atomic change.</summary>
/// <param name="events">What <see cref="Pack"/> gave for the turn.</param>
/// <param name="start">The instance's start, if that is not on disk yet: part of the change.</param>
internal sealed class TurnWrite(LiveInstance instance, Turn turn, byte[] events, StartWrite? start = null) : StoreWrite
{
    private TurnEffects _effects = new();
    private bool _isStale;

    /// <summary>Done where the turn ran, so that the one writer has less to do.</summary>
    /// <param name="limit">Beyond so many bytes they are counted only.</param>
    public static PackedEvents Pack(Turn turn, int limit) => HistoryCodec.Pack(turn.Arrivals, turn.IsContinuedAsNew ? [] : turn.Decisions, limit);

    public override void Apply(StoreSession session)
    {
        _effects = new TurnEffects();
        start?.Apply(session);
        _isStale = start is { IsRefused: true } || !session.AppendTurn(turn.Sequence, turn.Number, turn.At, turn.Owed, events);
        if (_isStale)
        {
            return;
        }

        foreach (var mail in turn.Mail)
        {
            Consume(session, mail);
        }

        foreach (var decision in turn.Decisions)
        {
            Carry(session, decision);
        }

        if (turn.ChangesInstance && !turn.IsEnd && !turn.IsContinuedAsNew)
        {
            session.UpdateInstance(turn.Sequence, turn.Status, turn.At, turn.CustomStatus);
        }
    }

    public override void Committed()
    {
        start?.Committed();
        instance.Committed(turn, _isStale ? null : _effects);
    }

    public override void Failed(Exception exception)
    {
        start?.Failed(exception);
        instance.TryAgain(turn.Mail, exception);
    }

    private void Consume(StoreSession session, Mail mail)
    {
        if (mail.MessageId is { } message)
        {
            session.DeleteMessage(message);
        }

        if (mail.Arrival is TimerFired fired)
        {
            session.DeleteTimer(turn.Sequence, fired.TaskId);
        }
    }

    private void Carry(StoreSession session, Decision decision)
    {
        switch (decision)
        {
            case TaskScheduled task:
                _effects.Activities.Add(task.ToPending(turn.Sequence, turn.Identity));
                break;
            case TimerCreated timer:
                session.InsertTimer(turn.Sequence, timer.TaskId, timer.FireAt);
                _effects.Timers.Add(new PendingTimer(turn.Sequence, timer.TaskId, timer.FireAt));
                break;
            case TimerCanceled timer:
                session.DeleteTimer(turn.Sequence, timer.TaskId);
                _effects.CanceledTimers.Add((turn.Sequence, timer.TaskId));
                break;
            case EventSent sent:
                if (session.FindInstance(sent.InstanceId) is { } target)
                {
                    Send(session, target.Sequence, new EventRaised(sent.Name, sent.Payload));
                }

                break;
            case EntityDecision message:
                _effects.Messages.Add(
                    session.InsertMessage(message.Entity, message.MessageFrom(turn.Identity.InstanceId, turn.Identity.Trace), turn.At));
                break;
            case SubOrchestrationScheduled sub:
                new SubOrchestrationStart(turn.Sequence, turn.Identity, sub).Apply(session, turn.At, _effects);
                break;
            case ExecutionCompleted completed:
                Complete(session, completed);
                break;
            case ContinuedAsNew next:
                session.ContinueAsNew(
                    turn.Sequence, turn.At, next.Input, next.Version ?? turn.Identity.Version, turn.CustomStatus, turn.Identity.Trace?.Next());
                foreach (var carried in next.CarriedEvents)
                {
                    Send(session, turn.Sequence, carried);
                }

                break;
            default:
                throw new InvalidOperationException($"No way to carry out {decision}.");
        }
    }

    private void Complete(StoreSession session, ExecutionCompleted completed)
    {
        session.CompleteInstance(turn.Sequence, completed.Status, turn.At, turn.CustomStatus, completed.Output, completed.Failure);
        _effects.Ended.Add((turn.Identity.InstanceId, completed.Status));
        if (turn.Parent is { } parent)
        {
            Send(session, parent.Sequence, completed.Status switch
            {
                OrchestrationRuntimeStatus.Completed => new SubOrchestrationCompleted(parent.TaskId, completed.Output),
                OrchestrationRuntimeStatus.Terminated
                    => new SubOrchestrationFailed(parent.TaskId, OrchestrationTerminatedException.Failure(turn.Identity.InstanceId, completed.Output)),
                _ => new SubOrchestrationFailed(parent.TaskId, completed.Failure!),
            });
        }

        if (turn.Arrivals.OfType<ExecutionTerminated>().FirstOrDefault(static terminated => terminated.Recursive) is { } cascade)
        {
            foreach (var child in session.RunningChildren(turn.Sequence))
            {
                Send(session, child, cascade);
            }
        }
    }

    private void Send(StoreSession session, long sequence, Arrival arrival)
    {
        if (session.InsertMessage(sequence, arrival) is { } message)
        {
            _effects.Messages.Add(message);
        }
    }
}
