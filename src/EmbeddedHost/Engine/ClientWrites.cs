using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Storage;
using DurableTask.Core.Exceptions;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>A change that a caller waits for.</summary>
internal abstract class ClientWrite<TResult>(DurableTaskEngine engine) : StoreWrite
{
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResult> Task => _completion.Task;

    protected DurableTaskEngine Engine { get; } = engine;

    public sealed override void Committed()
    {
        try
        {
            _completion.TrySetResult(Release());
        }
        catch (OrchestrationAlreadyExistsException refusal)
        {
            _completion.TrySetException(refusal);
        }
        finally
        {
            Engine.Work.End();
        }
    }

    public sealed override void Failed(Exception exception)
    {
        _completion.TrySetException(exception);
        Engine.Work.End();
    }

    /// <summary>Runs once the change is on disk.</summary>
    protected abstract TResult Release();
}

/// <summary>Starts an instance, unless one with its id exists in a status that refuses it.</summary>
internal sealed class StartWrite(DurableTaskEngine engine, NewInstance instance, IReadOnlySet<OrchestrationRuntimeStatus> refusing)
    : ClientWrite<string>(engine)
{
    private readonly List<InboxMessage> _messages = [];
    private OrchestrationRuntimeStatus? _refusedBy;

    public long Sequence { get; } = engine.Store.Numbers.Next();

    public string InstanceId => instance.InstanceId;

    /// <summary>When it is to start, if that was scheduled.</summary>
    public DateTime? StartAt => instance.StartAt;

    /// <summary>Whether the first turn is part of the same change, so that nobody has to be told to take it.</summary>
    public bool HasFirstTurn { get; set; }

    public bool IsRefused => _refusedBy is not null;

    /// <summary>The instance as it will be stored.</summary>
    public StoredInstance Instance => new(
        Sequence,
        new OrchestrationIdentity(instance.Name, instance.InstanceId, instance.Version, instance.Input, Parent: null, Trace: instance.Trace),
        OrchestrationRuntimeStatus.Pending,
        instance.StartAt,
        Parent: null,
        CustomStatus: null);

    public override void Apply(StoreSession session)
    {
        _refusedBy = null;
        _messages.Clear();
        if (session.FindInstance(instance.InstanceId) is { } existing)
        {
            if (refusing.Contains(existing.Status))
            {
                _refusedBy = existing.Status;
                return;
            }

            Replace(session, existing);
        }

        session.InsertInstance(Sequence, instance);
    }

    protected override string Release()
    {
        if (_refusedBy is { } status)
        {
            throw new OrchestrationAlreadyExistsException(InstanceExists.Message(instance.InstanceId, status));
        }

        foreach (var message in _messages)
        {
            Engine.Deliver(message);
        }

        if (!HasFirstTurn)
        {
            Engine.Begin(Sequence, instance.StartAt);
        }

        return instance.InstanceId;
    }

    /// <summary>As in the real Durable Task, an instance that has not ended is terminated to make room.</summary>
    private void Replace(StoreSession session, InstanceState existing)
    {
        if (!existing.IsFinished && session.FindParent(existing.Sequence) is { } parent)
        {
            var failure = OrchestrationTerminatedException.Failure(instance.InstanceId, "a new instance with this id was started");
            if (session.InsertMessage(parent.Sequence, new SubOrchestrationFailed(parent.TaskId, failure)) is { } message)
            {
                _messages.Add(message);
            }
        }

        if (!existing.IsFinished && session.HasEntities && OpenSection(session, existing.Sequence).Release is { } release)
        {
            _messages.Add(session.InsertMessage(release.Entity, release.MessageFrom(instance.InstanceId), Engine.UtcNow));
        }

        session.DeleteInstance(existing.Sequence);
    }

    private static OpenCriticalSection OpenSection(StoreSession session, long sequence)
    {
        var section = new OpenCriticalSection();
        foreach (var decision in session.History(sequence).SelectMany(static turn => turn.Decisions))
        {
            section.Record(decision);
        }

        return section;
    }
}

/// <summary>Deletes finished instances.</summary>
internal sealed class PurgeWrite(DurableTaskEngine engine, IReadOnlyList<long> sequences, bool isRecursive) : ClientWrite<int>(engine)
{
    private int _count;

    public override void Apply(StoreSession session)
    {
        _count = 0;
        foreach (var sequence in sequences)
        {
            Purge(session, sequence);
        }
    }

    protected override int Release() => _count;

    private void Purge(StoreSession session, long sequence)
    {
        if (isRecursive)
        {
            foreach (var child in session.FinishedChildren(sequence))
            {
                Purge(session, child);
            }
        }

        if (session.DeleteFinishedInstance(sequence))
        {
            _count++;
        }
    }
}
