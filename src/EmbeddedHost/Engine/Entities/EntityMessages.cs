using System.Diagnostics;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>What an entity finds in its inbox.</summary>
/// <param name="Sender">The instance id of the orchestration or entity that sent it; null for a client.</param>
internal abstract record EntityMessage(string? Sender) : Arrival;

/// <param name="RequestId">What the caller waits for by; null for a signal, which nobody waits for.</param>
/// <param name="ScheduledTime">UTC; null: at once. Only signals have one.</param>
internal sealed record EntityOperationRequest(string? Sender, Guid? RequestId, string Operation, string? Input, DateTime? ScheduledTime)
    : EntityMessage(Sender)
{
    /// <summary>The span that stands for its sending; null if nobody traces it.</summary>
    public ActivityContext? Trace { get; init; }

    public bool IsSignal => RequestId is null;
}

/// <summary>What stands for a message that cannot be read; it is never stored.</summary>
/// <param name="Sender">Null unless it is known to be a call.</param>
/// <param name="RequestId">What the caller waits for by; null unless it is known to be a call.</param>
internal sealed record UnreadableEntityMessage(string? Sender, Guid? RequestId, UnreadableRecordException Damage) : EntityMessage(Sender);

/// <param name="Owner">The orchestration that asks for the locks.</param>
/// <param name="RequestId">The critical section.</param>
/// <param name="LockSet">The entities still to be locked: the one that gets this message, then those to which it passes it on.</param>
internal sealed record EntityLockRequest(string Owner, Guid RequestId, EntityLockSet LockSet) : EntityMessage(Owner);

/// <param name="Owner">The orchestration that leaves the critical section.</param>
/// <param name="RequestId">The critical section; null releases whichever lock the owner has.</param>
/// <param name="Remaining">
/// The entities to which this goes on: those that the request may have reached or may yet reach. Going its way, it cannot overtake it.
/// </param>
internal sealed record EntityLockRelease(string Owner, Guid? RequestId, EntityLockSet Remaining) : EntityMessage(Owner);
