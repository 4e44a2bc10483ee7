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
    private OrchestrationRuntimeStatus? _refusedBy;
    private InboxMessage? _parentMessage;
    private long _sequence;

    public override void Apply(StoreSession session)
    {
        _refusedBy = null;
        _parentMessage = null;
        if (session.FindInstance(instance.InstanceId) is { } existing)
        {
            if (refusing.Contains(existing.Status))
            {
                _refusedBy = existing.Status;
                return;
            }

            Replace(session, existing);
        }

        _sequence = session.InsertInstance(instance);
    }

    protected override string Release()
    {
        if (_refusedBy is { } status)
        {
            throw new OrchestrationAlreadyExistsException(InstanceExists.Message(instance.InstanceId, status));
        }

        if (_parentMessage is { } message)
        {
            Engine.Deliver(message);
        }

        Engine.Begin(_sequence, instance.StartAt);
        return instance.InstanceId;
    }

    /// <summary>As in the real Durable Task, an instance that has not ended is terminated to make room.</summary>
    private void Replace(StoreSession session, InstanceState existing)
    {
        if (!existing.IsFinished && session.FindParent(existing.Sequence) is { } parent)
        {
            var failure = OrchestrationTerminatedException.Failure(instance.InstanceId, "a new instance with this id was started");
            _parentMessage = session.InsertMessage(parent.Sequence, new SubOrchestrationFailed(parent.TaskId, failure));
        }

        session.DeleteInstance(existing.Sequence);
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
