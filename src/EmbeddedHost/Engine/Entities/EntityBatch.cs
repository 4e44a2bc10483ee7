using System.Diagnostics;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>What an operation had done besides changing the state, in order.</summary>
internal abstract record EntityAction
{
    /// <summary>The span that stands for it; null if nobody traces it.</summary>
    public ActivityContext? Trace { get; init; }
}

/// <param name="ScheduledTime">UTC; null: at once.</param>
internal sealed record SendSignal(EntityInstanceId Target, string Operation, string? Input, DateTime? ScheduledTime) : EntityAction;

/// <param name="StartAt">UTC; null: at once.</param>
internal sealed record StartOrchestration(
    string InstanceId, string Name, string Version, string? Input, DateTime? StartAt, IReadOnlyDictionary<string, string> Tags) : EntityAction;

/// <summary>How one operation ended.</summary>
/// <param name="Failure">Null if it succeeded. One that failed left no trace: no actions, and the state as it was before.</param>
internal sealed record EntityOperationOutcome(string? Result, TaskFailureDetails? Failure, IReadOnlyList<EntityAction> Actions);

/// <param name="Outcomes">One an operation, in order.</param>
/// <param name="State">After all of them; null: none.</param>
internal sealed record EntityBatchResult(IReadOnlyList<EntityOperationOutcome> Outcomes, string? State);
