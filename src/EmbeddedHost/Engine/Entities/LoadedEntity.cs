using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>What memory holds of an entity between turns: its state, and the messages that it has not handled.</summary>
internal sealed class LoadedEntity
{
    private readonly long _sequence;
    private readonly EntityQueue _queue;
    private string? _state;
    private long _lastMessage;

    public LoadedEntity(StoredEntity stored, DateTime now)
    {
        _sequence = stored.Sequence;
        _state = stored.State;
        _queue = new EntityQueue(stored.Lock);
        Id = stored.Id;
        foreach (var message in stored.Messages)
        {
            Add(message.MessageId, (EntityMessage)message.Arrival, now);
        }
    }

    public EntityInstanceId Id { get; }

    /// <summary>When the next signal with a time is due, UTC; null if there is none.</summary>
    public DateTime? NextDue => _queue.NextDue;

    /// <param name="messageId">Rises from message to message: one that is not new was in the inbox when the entity was loaded.</param>
    public void Add(long messageId, EntityMessage message, DateTime now)
    {
        if (messageId > _lastMessage)
        {
            _lastMessage = messageId;
            _queue.Add(messageId, message, now);
        }
    }

    /// <exception cref="OperationCanceledException">The host shuts down: nothing of the turn counts.</exception>
    public async Task<EntityTurn> TakeTurnAsync(
        EntityExecutor executor, DateTime now, IReadOnlyList<Mail> mail, int maxOperations, CancellationToken cancellationToken)
    {
        var work = _queue.Take(now, maxOperations);
        var operations = work.Steps.OfType<OperationStep>().Select(static step => step.Request).ToList();
        IReadOnlyList<EntityOperationOutcome> outcomes = [];
        if (operations.Count > 0)
        {
            (outcomes, _state) = await executor.RunAsync(Id, _state, operations, cancellationToken);
        }

        return new EntityTurn(_sequence, Id, now, mail, work.Steps, outcomes, _state, _queue.Lock, work.HasMore);
    }
}
