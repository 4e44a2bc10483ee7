using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>
/// What an entity tells an orchestration. It is matched by <paramref name="RequestId"/>, not by task number: a request does not hold up the
/// end of an execution, so its response may find the next one, which counts its tasks anew.
/// </summary>
internal abstract record EntityResponse(Guid RequestId) : Arrival;

internal sealed record EntityCallCompleted(Guid RequestId, string? Result) : EntityResponse(RequestId);

internal sealed record EntityCallFailed(Guid RequestId, TaskFailureDetails Failure) : EntityResponse(RequestId);

internal sealed record EntityLockGranted(Guid RequestId) : EntityResponse(RequestId);

/// <summary>A message to an entity that an orchestrator's code wants sent.</summary>
/// <param name="Entity">Who gets it.</param>
internal abstract record EntityDecision(int TaskId, EntityInstanceId Entity) : Decision
{
    /// <param name="trace">The execution's; null if nobody traces it.</param>
    public abstract EntityMessage MessageFrom(string instanceId, ExecutionTrace? trace = null);
}

internal sealed record EntityCalled(int TaskId, EntityInstanceId Entity, Guid RequestId, string Operation, string? Input)
    : EntityDecision(TaskId, Entity)
{
    public override bool Matches(Decision other)
        => other is EntityCalled called
            && called.TaskId == TaskId
            && called.Entity == Entity
            && called.RequestId == RequestId
            && string.Equals(called.Operation, Operation, StringComparison.Ordinal);

    public override EntityMessage MessageFrom(string instanceId, ExecutionTrace? trace = null)
        => new EntityOperationRequest(instanceId, RequestId, Operation, Input, null) { Trace = trace?.Task(TaskId) };
}

/// <param name="ScheduledTime">UTC; null: at once.</param>
internal sealed record EntitySignaled(int TaskId, EntityInstanceId Entity, string Operation, string? Input, DateTime? ScheduledTime)
    : EntityDecision(TaskId, Entity)
{
    public override bool Matches(Decision other)
        => other is EntitySignaled signaled
            && signaled.TaskId == TaskId
            && signaled.Entity == Entity
            && string.Equals(signaled.Operation, Operation, StringComparison.Ordinal);

    public override EntityMessage MessageFrom(string instanceId, ExecutionTrace? trace = null)
        => new EntityOperationRequest(instanceId, null, Operation, Input, ScheduledTime) { Trace = trace?.Task(TaskId) };
}

internal sealed record EntityLockRequested(int TaskId, Guid RequestId, EntityLockSet LockSet) : EntityDecision(TaskId, LockSet[0])
{
    public override bool Matches(Decision other)
        => other is EntityLockRequested requested
            && requested.TaskId == TaskId
            && requested.RequestId == RequestId
            && requested.LockSet.Equals(LockSet);

    public override EntityMessage MessageFrom(string instanceId, ExecutionTrace? trace = null) => new EntityLockRequest(instanceId, RequestId, LockSet);
}

/// <param name="Remaining">The entities to which the release goes on from there.</param>
internal sealed record EntityUnlocked(int TaskId, EntityInstanceId Entity, Guid RequestId, EntityLockSet Remaining)
    : EntityDecision(TaskId, Entity)
{
    public override bool Matches(Decision other)
        => other is EntityUnlocked unlocked
            && unlocked.TaskId == TaskId
            && unlocked.Entity == Entity
            && unlocked.Remaining.Equals(Remaining);

    public override EntityMessage MessageFrom(string instanceId, ExecutionTrace? trace = null) => new EntityLockRelease(instanceId, RequestId, Remaining);
}
