using System.Collections.Immutable;
using System.Runtime.InteropServices;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The sub-orchestration's way back to the task that waits for it.</summary>
internal sealed record ParentLink(long Sequence, int TaskId, string InstanceId, string Name);

/// <summary>An instance that is about to be stored.</summary>
internal sealed record NewInstance(
    string InstanceId,
    string Name,
    string Version,
    string? Input,
    DateTime CreatedAt,
    DateTime? StartAt,
    ImmutableSortedDictionary<string, string> Tags,
    ParentLink? Parent,
    ExecutionTrace? Trace = null);

/// <summary>What an executor needs to be made, and where the stored instance stands.</summary>
internal sealed record StoredInstance(
    long Sequence,
    OrchestrationIdentity Identity,
    OrchestrationRuntimeStatus Status,
    DateTime? StartAt,
    ParentLink? Parent,
    string? CustomStatus);

/// <summary>Where an instance id stands.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct InstanceState(long Sequence, OrchestrationRuntimeStatus Status)
{
    public bool IsFinished => Status.IsFinished();
}

/// <summary>An activity that is owed a run.</summary>
internal sealed record PendingActivity(
    long Sequence, string InstanceId, int TaskId, string Name, string Version, string? Input, ExecutionTrace? Trace = null);

/// <summary>A timer that has not fired.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PendingTimer(long Sequence, int TaskId, DateTime Due);

/// <summary>An arrival that waits in the inbox.</summary>
internal readonly record struct InboxMessage(long MessageId, long Sequence, Arrival Arrival);

/// <summary>An instance that goes on by itself after a start of the host.</summary>
/// <param name="StartAt">When it is to start, if that was scheduled.</param>
/// <param name="OwesActivities">Whether it has begun and waits for activities; otherwise it has not begun.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ResumableInstance(long Sequence, DateTime? StartAt, bool OwesActivities);

/// <summary>An entity as it is stored, with the messages that it has not handled.</summary>
/// <param name="Sequence">Less than zero, which tells entities from orchestration instances.</param>
/// <param name="State">Null: none, or it was not asked for.</param>
/// <param name="Messages">In order of arrival.</param>
internal sealed record StoredEntity(
    long Sequence, EntityInstanceId Id, DateTime ModifiedAt, bool HasState, string? State, EntityLock? Lock, IReadOnlyList<InboxMessage> Messages);

internal static class RuntimeStatusExtensions
{
    public static bool IsFinished(this OrchestrationRuntimeStatus status) => status
        is OrchestrationRuntimeStatus.Completed
        or OrchestrationRuntimeStatus.Failed
        or OrchestrationRuntimeStatus.Terminated;
}
