using System.Collections.Immutable;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>One turn of one entity as one atomic change.</summary>
internal sealed class EntityTurnWrite(LiveEntity entity, EntityTurn turn) : StoreWrite
{
    private readonly string _sender = turn.Id.ToString();
    private TurnEffects _effects = new();

    public override void Apply(StoreSession session)
    {
        _effects = new TurnEffects();
        session.UpdateEntity(turn.Sequence, turn.At, turn.State, turn.Lock);
        var operation = 0;
        foreach (var step in turn.Steps)
        {
            session.DeleteMessage(step.MessageId);
            switch (step)
            {
                case OperationStep { Request: var request }:
                    Carry(session, request, turn.Outcomes[operation++]);
                    break;
                case SendStep { Message: EntityMessage message } send:
                    _effects.Messages.Add(session.InsertMessage(EntityInstanceId.FromString(send.Target), message, turn.At));
                    break;
                case SendStep send:
                    Answer(session, send.Target, send.Message);
                    break;
            }
        }
    }

    public override void Committed() => entity.Committed(turn, _effects);

    public override void Failed(Exception exception) => entity.TryAgain(turn.Mail, exception);

    private void Carry(StoreSession session, EntityOperationRequest request, EntityOperationOutcome outcome)
    {
        foreach (var action in outcome.Actions)
        {
            switch (action)
            {
                case SendSignal signal:
                    var message = new EntityOperationRequest(_sender, RequestId: null, signal.Operation, signal.Input, signal.ScheduledTime)
                    {
                        Trace = signal.Trace,
                    };
                    _effects.Messages.Add(session.InsertMessage(signal.Target, message, turn.At));
                    break;
                case StartOrchestration start:
                    Start(session, start);
                    break;
                default:
                    throw new InvalidOperationException($"No way to carry out {action}.");
            }
        }

        if (request is { RequestId: { } requestId, Sender: { } caller })
        {
            Answer(
                session,
                caller,
                outcome.Failure is { } failure ? new EntityCallFailed(requestId, failure) : new EntityCallCompleted(requestId, outcome.Result));
        }
    }

    /// <summary>An orchestration that has ended does not wait for it any more.</summary>
    private void Answer(StoreSession session, string instanceId, Arrival answer)
    {
        if (session.FindInstance(instanceId) is { } caller && session.InsertMessage(caller.Sequence, answer) is { } message)
        {
            _effects.Messages.Add(message);
        }
    }

    /// <summary>As in the real Durable Task, nobody learns that an instance with this id was running: the start does nothing then.</summary>
    private void Start(StoreSession session, StartOrchestration start)
    {
        switch (session.FindInstance(start.InstanceId))
        {
            case { IsFinished: false }:
                return;
            case { } finished:
                session.DeleteInstance(finished.Sequence);
                break;
        }

        var sequence = session.InsertInstance(new NewInstance(
            start.InstanceId,
            start.Name,
            start.Version,
            start.Input,
            turn.At,
            start.StartAt,
            start.Tags.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Parent: null,
            start.Trace is { } trace ? ExecutionTrace.Under(trace) : null));
        _effects.StartedInstances.Add((sequence, start.StartAt));
    }
}
