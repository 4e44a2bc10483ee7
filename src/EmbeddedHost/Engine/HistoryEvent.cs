using System.Collections.Immutable;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>One entry of an instance's history.</summary>
internal abstract record HistoryEvent;

/// <summary>A turn as history has it: at a time, the arrivals that it handled in order, and the decisions that the code made of them.</summary>
/// <param name="At">The turn's clock, UTC.</param>
internal sealed record RecordedTurn(DateTime At, IReadOnlyList<Arrival> Arrivals, IReadOnlyList<Decision> Decisions)
{
    public IEnumerable<HistoryEvent> Events => [.. Arrivals, .. Decisions];

    /// <summary>How many bytes it takes in the store.</summary>
    public int Bytes { get; init; }
}

/// <summary>Something that happened outside of the orchestrator's code.</summary>
internal abstract record Arrival : HistoryEvent;

/// <summary>How an open task of the orchestrator ended.</summary>
internal abstract record TaskOutcome(int TaskId) : Arrival;

internal sealed record ExecutionStarted : Arrival;

internal sealed record TaskCompleted(int TaskId, string? Result) : TaskOutcome(TaskId);

/// <param name="IsFinal">Whether trying again is pointless, whatever the caller's retry options say.</param>
internal sealed record TaskFailed(int TaskId, TaskFailureDetails Failure, bool IsFinal) : TaskOutcome(TaskId);

internal sealed record SubOrchestrationCompleted(int TaskId, string? Result) : TaskOutcome(TaskId);

internal sealed record SubOrchestrationFailed(int TaskId, TaskFailureDetails Failure) : TaskOutcome(TaskId);

internal sealed record TimerFired(int TaskId) : TaskOutcome(TaskId);

internal sealed record EventRaised(string Name, string? Payload) : Arrival;

internal sealed record ExecutionSuspended(string? Reason) : Arrival;

internal sealed record ExecutionResumed(string? Reason) : Arrival;

internal sealed record ExecutionRewound(string? Reason) : Arrival;

internal sealed record ExecutionTerminated(string? Output, bool Recursive) : Arrival;

/// <summary>Something that the orchestrator's code wants done.</summary>
internal abstract record Decision : HistoryEvent
{
    /// <summary>The task that it opens, if an outcome of it is to come.</summary>
    internal virtual int? AwaitedTaskId => null;

    /// <summary>Whether a replay that decides <paramref name="other"/> in this one's place still follows this history.</summary>
    public abstract bool Matches(Decision other);
}

internal sealed record TaskScheduled(int TaskId, string Name, string Version, string? Input) : Decision
{
    internal override int? AwaitedTaskId => TaskId;

    public PendingActivity ToPending(long sequence, OrchestrationIdentity instance)
        => new(sequence, instance.InstanceId, TaskId, Name, Version, Input, instance.Trace);

    public override bool Matches(Decision other)
        => other is TaskScheduled task && task.TaskId == TaskId && Names.Same(task.Name, Name);
}

internal sealed record SubOrchestrationScheduled(
    int TaskId, string Name, string Version, string InstanceId, string? Input, ImmutableSortedDictionary<string, string> Tags) : Decision
{
    internal override int? AwaitedTaskId => TaskId;

    public override bool Matches(Decision other)
        => other is SubOrchestrationScheduled sub
            && sub.TaskId == TaskId
            && Names.Same(sub.Name, Name)
            && string.Equals(sub.InstanceId, InstanceId, StringComparison.Ordinal);
}

internal sealed record TimerCreated(int TaskId, DateTime FireAt) : Decision
{
    internal override int? AwaitedTaskId => TaskId;

    public override bool Matches(Decision other) => other is TimerCreated timer && timer.TaskId == TaskId;
}

internal sealed record TimerCanceled(int TaskId) : Decision
{
    public override bool Matches(Decision other) => other is TimerCanceled timer && timer.TaskId == TaskId;
}

internal sealed record EventSent(int TaskId, string InstanceId, string Name, string? Payload) : Decision
{
    public override bool Matches(Decision other)
        => other is EventSent sent
            && sent.TaskId == TaskId
            && Names.Same(sent.Name, Name)
            && string.Equals(sent.InstanceId, InstanceId, StringComparison.Ordinal);
}

/// <summary>The end of an instance.</summary>
internal sealed record ExecutionCompleted(OrchestrationRuntimeStatus Status, string? Output, TaskFailureDetails? Failure) : Decision
{
    public override bool Matches(Decision other) => other is ExecutionCompleted completed && completed.Status == Status;
}

/// <summary>The end of one execution and the start of the next; only ever seen in a turn's result, for it takes the history with it.</summary>
internal sealed record ContinuedAsNew(string? Input, string? Version, ImmutableArray<EventRaised> CarriedEvents) : Decision
{
    public override bool Matches(Decision other) => other is ContinuedAsNew;
}

internal static class Names
{
    public static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
