using System.Collections.Immutable;
using System.Text.Json;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>A history event, or a message in the inbox, as columns.</summary>
internal readonly record struct HistoryRow(
    HistoryRowType Type, int? TaskId, string? Name, string? Version, string? Target, string? Data, string? Details, long? Number)
{
    public const string Columns = "type, task_id, name, version, target, data, details, number";

    public static HistoryRow From(HistoryEvent e) => e switch
    {
        TurnStarted turn => New(HistoryRowType.TurnStarted, number: turn.At.Ticks),
        ExecutionStarted => New(HistoryRowType.ExecutionStarted),
        TaskCompleted task => New(HistoryRowType.TaskCompleted, task.TaskId, data: task.Result),
        TaskFailed task => New(HistoryRowType.TaskFailed, task.TaskId, details: Write(task.Failure), number: task.IsFinal ? 1 : 0),
        SubOrchestrationCompleted sub => New(HistoryRowType.SubOrchestrationCompleted, sub.TaskId, data: sub.Result),
        SubOrchestrationFailed sub => New(HistoryRowType.SubOrchestrationFailed, sub.TaskId, details: Write(sub.Failure)),
        TimerFired timer => New(HistoryRowType.TimerFired, timer.TaskId),
        EventRaised raised => New(HistoryRowType.EventRaised, name: raised.Name, data: raised.Payload),
        ExecutionSuspended suspended => New(HistoryRowType.ExecutionSuspended, data: suspended.Reason),
        ExecutionResumed resumed => New(HistoryRowType.ExecutionResumed, data: resumed.Reason),
        ExecutionTerminated terminated
            => New(HistoryRowType.ExecutionTerminated, data: terminated.Output, number: terminated.Recursive ? 1 : 0),
        TaskScheduled task => New(HistoryRowType.TaskScheduled, task.TaskId, task.Name, task.Version, data: task.Input),
        SubOrchestrationScheduled sub => New(
            HistoryRowType.SubOrchestrationScheduled, sub.TaskId, sub.Name, sub.Version, sub.InstanceId, sub.Input, WriteTags(sub.Tags)),
        TimerCreated timer => New(HistoryRowType.TimerCreated, timer.TaskId, number: timer.FireAt.Ticks),
        TimerCanceled timer => New(HistoryRowType.TimerCanceled, timer.TaskId),
        EventSent sent => New(HistoryRowType.EventSent, sent.TaskId, sent.Name, target: sent.InstanceId, data: sent.Payload),
        ExecutionCompleted completed => New(
            HistoryRowType.ExecutionCompleted,
            data: completed.Output,
            details: completed.Failure is { } failure ? Write(failure) : null,
            number: (long)completed.Status),
        _ => throw new ArgumentOutOfRangeException(nameof(e), e, "This event is not stored."),
    };

    public static HistoryRow Read(SqliteDataReader reader, int first) => new(
        (HistoryRowType)reader.GetInt32(first),
        reader.IsDBNull(first + 1) ? null : reader.GetInt32(first + 1),
        Text(reader, first + 2),
        Text(reader, first + 3),
        Text(reader, first + 4),
        Text(reader, first + 5),
        Text(reader, first + 6),
        reader.IsDBNull(first + 7) ? null : reader.GetInt64(first + 7));

    public static string Write(TaskFailureDetails failure) => JsonSerializer.Serialize(failure);

    public static TaskFailureDetails ReadFailure(string json) => JsonSerializer.Deserialize<TaskFailureDetails>(json)!;

    public static string? WriteTags(IReadOnlyDictionary<string, string> tags) => tags.Count == 0 ? null : JsonSerializer.Serialize(tags);

    public static ImmutableSortedDictionary<string, string> ReadTags(string? json) => json is null
        ? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
        : JsonSerializer.Deserialize<Dictionary<string, string>>(json)!.ToImmutableSortedDictionary(StringComparer.Ordinal);

    public HistoryEvent ToEvent() => Type switch
    {
        HistoryRowType.TurnStarted => new TurnStarted(Utc(Number)),
        HistoryRowType.ExecutionStarted => new ExecutionStarted(),
        HistoryRowType.TaskCompleted => new TaskCompleted(TaskId!.Value, Data),
        HistoryRowType.TaskFailed => new TaskFailed(TaskId!.Value, ReadFailure(Details!), Number == 1),
        HistoryRowType.SubOrchestrationCompleted => new SubOrchestrationCompleted(TaskId!.Value, Data),
        HistoryRowType.SubOrchestrationFailed => new SubOrchestrationFailed(TaskId!.Value, ReadFailure(Details!)),
        HistoryRowType.TimerFired => new TimerFired(TaskId!.Value),
        HistoryRowType.EventRaised => new EventRaised(Name!, Data),
        HistoryRowType.ExecutionSuspended => new ExecutionSuspended(Data),
        HistoryRowType.ExecutionResumed => new ExecutionResumed(Data),
        HistoryRowType.ExecutionTerminated => new ExecutionTerminated(Data, Number == 1),
        HistoryRowType.TaskScheduled => new TaskScheduled(TaskId!.Value, Name!, Version!, Data),
        HistoryRowType.SubOrchestrationScheduled
            => new SubOrchestrationScheduled(TaskId!.Value, Name!, Version!, Target!, Data, ReadTags(Details)),
        HistoryRowType.TimerCreated => new TimerCreated(TaskId!.Value, Utc(Number)),
        HistoryRowType.TimerCanceled => new TimerCanceled(TaskId!.Value),
        HistoryRowType.EventSent => new EventSent(TaskId!.Value, Target!, Name!, Data),
        HistoryRowType.ExecutionCompleted
            => new ExecutionCompleted((OrchestrationRuntimeStatus)Number!, Data, Details is null ? null : ReadFailure(Details)),
        _ => throw new InvalidDataException($"History holds an event of unknown type {(int)Type}."),
    };

    private static HistoryRow New(
        HistoryRowType type,
        int? taskId = null,
        string? name = null,
        string? version = null,
        string? target = null,
        string? data = null,
        string? details = null,
        long? number = null)
        => new(type, taskId, name, version, target, data, details, number);

    private static DateTime Utc(long? ticks) => new(ticks!.Value, DateTimeKind.Utc);

    private static string? Text(SqliteDataReader reader, int ordinal) => reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);
}

/// <summary>Values are stored: never change one.</summary>
internal enum HistoryRowType
{
    TurnStarted = 1,
    ExecutionStarted = 2,
    TaskCompleted = 3,
    TaskFailed = 4,
    SubOrchestrationCompleted = 5,
    SubOrchestrationFailed = 6,
    TimerFired = 7,
    EventRaised = 8,
    ExecutionSuspended = 9,
    ExecutionResumed = 10,
    ExecutionTerminated = 11,
    TaskScheduled = 12,
    SubOrchestrationScheduled = 13,
    TimerCreated = 14,
    TimerCanceled = 15,
    EventSent = 16,
    ExecutionCompleted = 17,
}
