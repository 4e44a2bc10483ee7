using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>What memory holds of an entity between turns: its state, and the messages that it has not handled.</summary>
internal sealed class LoadedEntity
{
    private readonly long _sequence;
    private readonly EntityQueue _queue;
    private readonly List<(long MessageId, UnreadableEntityMessage Message)> _unreadable = [];
    private string? _state;

    public LoadedEntity(StoredEntity stored, DateTime now)
    {
        _sequence = stored.Sequence;
        _state = stored.State;
        _queue = new EntityQueue(stored.Lock);
        Id = stored.Id;
        Add(stored.Messages, now);
    }

    public EntityInstanceId Id { get; }

    /// <summary>What the state stands for in memory.</summary>
    public long Bytes => sizeof(char) * (long)(_state?.Length ?? 0);

    /// <summary>When the next signal with a time is due, UTC; null if there is none.</summary>
    public DateTime? NextDue => _queue.NextDue;

    /// <summary>The newest message that it has; zero if it has had none.</summary>
    public long LastMessage { get; private set; }

    /// <param name="messages">All newer ones, in the order of the inbox.</param>
    public void Add(IEnumerable<InboxMessage> messages, DateTime now)
    {
        foreach (var message in messages)
        {
            LastMessage = message.MessageId;
            if (message.Arrival is UnreadableEntityMessage unreadable)
            {
                _unreadable.Add((message.MessageId, unreadable));
            }
            else
            {
                _queue.Add(message.MessageId, (EntityMessage)message.Arrival, now);
            }
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

        IReadOnlyList<EntityStep> steps = _unreadable.Count == 0 ? work.Steps : [.. SkipUnreadable(executor), .. work.Steps];
        return new EntityTurn(_sequence, Id, now, mail, steps, outcomes, _state, _queue.Lock, work.HasMore);
    }

    private List<EntityStep> SkipUnreadable(EntityExecutor executor)
    {
        var steps = new List<EntityStep>(_unreadable.Count);
        foreach (var (messageId, message) in _unreadable)
        {
            executor.TellSkipped(Id, message.Damage);
            steps.Add(message is { Sender: { } caller, RequestId: { } requestId }
                ? new SendStep(messageId, caller, new EntityCallFailed(requestId, TaskFailureDetails.FromException(message.Damage)))
                : new DropStep(messageId));
        }

        _unreadable.Clear();
        return steps;
    }
}
