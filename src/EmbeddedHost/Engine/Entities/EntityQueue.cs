using System.Runtime.InteropServices;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <param name="Owner">The instance id of the orchestration that may use the entity alone.</param>
/// <param name="RequestId">Its critical section.</param>
internal sealed record EntityLock(string Owner, Guid RequestId);

/// <summary>One thing that an entity does, and the message that had it do so: with the turn's commit that message is done with.</summary>
internal abstract record EntityStep(long MessageId);

internal sealed record OperationStep(long MessageId, EntityOperationRequest Request) : EntityStep(MessageId);

/// <param name="Target">An instance id: an entity's, or that of the orchestration that got its locks.</param>
internal sealed record SendStep(long MessageId, string Target, Arrival Message) : EntityStep(MessageId);

internal sealed record DropStep(long MessageId) : EntityStep(MessageId);

/// <param name="HasMore">Whether there is something left to do now.</param>
internal sealed record EntityWork(IReadOnlyList<EntityStep> Steps, bool HasMore);

/// <summary>
/// What an entity has to do next, of the messages that it has: the oldest one, or while it is locked the lock owner's oldest one. It depends
/// on nothing but the lock and the messages in their order, so a queue that is filled anew from the inbox goes on where the old one was.
/// </summary>
internal sealed class EntityQueue(EntityLock? heldBy)
{
    private readonly LinkedList<Waiting> _waiting = new();
    private readonly Dictionary<string, Queue<LinkedListNode<Waiting>>> _bySender = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Waiting, (DateTime Due, long MessageId)> _delayed = new();

    public EntityLock? Lock { get; private set; } = heldBy;

    /// <summary>When the next signal with a time is due, UTC; null if there is none.</summary>
    public DateTime? NextDue => _delayed.TryPeek(out _, out var priority) ? priority.Due : null;

    /// <param name="messageId">Rises from message to message.</param>
    /// <param name="message">The next message of the inbox.</param>
    /// <param name="now">UTC; a signal whose time has not come waits for it.</param>
    public void Add(long messageId, EntityMessage message, DateTime now)
    {
        var waiting = new Waiting(messageId, message);
        if (message is EntityOperationRequest { ScheduledTime: { } due } && due > now)
        {
            _delayed.Enqueue(waiting, (due, messageId));
        }
        else
        {
            Append(waiting);
        }
    }

    /// <summary>Takes out all that can be done now, up to so many operations.</summary>
    public EntityWork Take(DateTime now, int maxOperations)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxOperations);
        while (_delayed.TryPeek(out var due, out var priority) && priority.Due <= now)
        {
            _delayed.Dequeue();
            Append(due);
        }

        var steps = new List<EntityStep>();
        var operations = 0;
        while (Next() is { } next)
        {
            if (next.Message is EntityOperationRequest && operations++ == maxOperations)
            {
                return new EntityWork(steps, HasMore: true);
            }

            Remove(next);
            Do(next, steps);
        }

        return new EntityWork(steps, HasMore: false);
    }

    private Waiting? Next()
    {
        if (Lock is null)
        {
            return _waiting.First?.Value;
        }

        return _bySender.TryGetValue(Lock.Owner, out var own) ? own.Peek().Value : null;
    }

    private void Do(Waiting next, List<EntityStep> steps)
    {
        switch (next.Message)
        {
            case EntityOperationRequest request:
                steps.Add(new OperationStep(next.MessageId, request));
                break;
            case EntityLockRequest request:
                Lock = new EntityLock(request.Owner, request.RequestId);
                steps.Add(request.LockSet is [_, var following, ..]
                    ? new SendStep(next.MessageId, following.ToString(), request with { LockSet = request.LockSet.From(1) })
                    : new SendStep(next.MessageId, request.Owner, new EntityLockGranted(request.RequestId)));
                break;
            case EntityLockRelease release:
                Release(next.MessageId, release, steps);
                break;
            default:
                throw new InvalidOperationException($"An entity does not know what to do with {next.Message}.");
        }
    }

    private void Release(long messageId, EntityLockRelease release, List<EntityStep> steps)
    {
        if (string.Equals(Lock?.Owner, release.Owner, StringComparison.Ordinal)
            && (release.RequestId is null || release.RequestId == Lock?.RequestId))
        {
            Lock = null;
        }
        else if (Withdraw(release) is { } withdrawn)
        {
            steps.Add(new DropStep(withdrawn.MessageId));
            steps.Add(new DropStep(messageId));
            return;
        }

        steps.Add(release.Remaining is [var following, ..]
            ? new SendStep(messageId, following.ToString(), release with { Remaining = release.Remaining.From(1) })
            : new DropStep(messageId));
    }

    /// <summary>
    /// Takes back the request of a critical section that was left before it was entered. It still waits here while a later section of the
    /// same orchestration has the lock.
    /// </summary>
    private Waiting? Withdraw(EntityLockRelease release)
    {
        for (var node = _waiting.First; node is not null; node = node.Next)
        {
            if (node.Value.Message is EntityLockRequest request
                && request.RequestId == release.RequestId
                && string.Equals(request.Owner, release.Owner, StringComparison.Ordinal))
            {
                _waiting.Remove(node);
                return node.Value;
            }
        }

        return null;
    }

    private void Append(Waiting waiting)
    {
        var node = _waiting.AddLast(waiting);
        if (waiting.HolderMaySend is { } sender)
        {
            ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(_bySender, sender, out _);
            own ??= new Queue<LinkedListNode<Waiting>>();
            own.Enqueue(node);
        }
    }

    private void Remove(Waiting next)
    {
        if (next.HolderMaySend is not { } sender)
        {
            _waiting.RemoveFirst();
            return;
        }

        var own = _bySender[sender];
        _waiting.Remove(own.Dequeue());
        if (own.Count == 0)
        {
            _bySender.Remove(sender);
        }
    }

    private sealed record Waiting(long MessageId, EntityMessage Message)
    {
        /// <summary>Null for what can only be next while there is no lock: what clients send, and requests for a lock.</summary>
        public string? HolderMaySend => Message is EntityLockRequest ? null : Message.Sender;
    }
}
