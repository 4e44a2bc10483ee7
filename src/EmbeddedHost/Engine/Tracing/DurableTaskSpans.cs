using System.Diagnostics;
using System.Runtime.CompilerServices;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Tracing;

/// <summary>The spans of the real Durable Task: its source, its names, its attributes.</summary>
internal static class DurableTaskSpans
{
    public const string SourceName = "Microsoft.DurableTask";

    private const string CallEntity = "call_entity";
    private const string SignalEntity = "signal_entity";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody wants spans; without, none of the rest of this is to cost anything.</summary>
    public static bool HasListeners => Source.HasListeners();

    /// <summary>A client's start of an instance.</summary>
    public static Activity? StartCreation(NewInstance instance) => Source.StartActivity(
        Name("create_orchestration", instance.Name, instance.Version),
        ActivityKind.Producer,
        parentContext: default,
        Tags("orchestration", instance.Name, instance.InstanceId, instance.Version),
        startTime: new DateTimeOffset(instance.CreatedAt));

    /// <summary>A client's event for an instance.</summary>
    public static Activity? StartEvent(string eventName, string targetInstanceId, DateTime now) => Source.StartActivity(
        Name("orchestration_event", eventName, version: ""),
        ActivityKind.Producer,
        parentContext: default,
        [
            new("durabletask.type", "event"),
            new("durabletask.task.name", eventName),
            new("durabletask.event.target_instance_id", targetInstanceId),
        ],
        startTime: new DateTimeOffset(now));

    /// <summary>One run of an activity.</summary>
    public static Activity? StartActivity(PendingActivity activity, ExecutionTrace trace, DateTime now) => Source.StartActivity(
        Name("activity", activity.Name, activity.Version),
        ActivityKind.Server,
        trace.Task(activity.TaskId),
        [
            .. Tags("activity", activity.Name, activity.InstanceId, activity.Version),
            new("durabletask.task.task_id", activity.TaskId),
        ],
        startTime: new DateTimeOffset(now));

    /// <summary>A client's or an entity's signal to an entity.</summary>
    /// <param name="parent">None: what is current.</param>
    /// <param name="sender">Null: a client.</param>
    public static Activity? StartSignal(
        EntityInstanceId target, string operation, DateTime? scheduledTime, ActivityContext parent, DateTime now, EntityInstanceId? sender = null)
        => Source.StartActivity(
            EntityName(target, operation),
            ActivityKind.Producer,
            parent,
            EntityTags(SignalEntity, target, scheduledTime, sender),
            startTime: new DateTimeOffset(now));

    /// <summary>An entity's start of an orchestration.</summary>
    public static Activity? StartCreation(EntityInstanceId entity, string targetInstanceId, DateTime? startAt, ActivityContext parent, DateTime now)
        => Source.StartActivity(
            Name(entity.Name, "create_orchestration", version: ""),
            ActivityKind.Producer,
            parent,
            EntityTags(operation: null, targetInstanceId, startAt, entity),
            startTime: new DateTimeOffset(now));

    /// <summary>One run of an entity's operation.</summary>
    public static Activity? StartOperation(EntityInstanceId entity, EntityOperationRequest request, ActivityContext parent, DateTime now)
        => Source.StartActivity(
            EntityName(entity, request.Operation),
            request.IsSignal ? ActivityKind.Consumer : ActivityKind.Server,
            parent,
            [
                new("durabletask.type", "entity"),
                new("durabletask.task.operation", request.IsSignal ? SignalEntity : CallEntity),
                new("durabletask.task.instance_id", entity.ToString()),
            ],
            startTime: new DateTimeOffset(now));

    public static void EndOperation(Activity operation, TaskFailureDetails? failure, DateTime at)
    {
        if (failure is not null)
        {
            operation.SetTag("durabletask.entity.error_message", failure.ErrorMessage);
        }

        operation.SetStatus(failure is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error, failure?.ErrorMessage);
        End(operation, at);
    }

    /// <summary>An orchestrator's call to an entity, from the turn that made it to the one that its response came back to.</summary>
    public static FinishedSpan EntityCall(ExecutionTrace trace, DateTime startedAt, EntityCalled call, DateTime endedAt) => new(
        EntityName(call.Entity, call.Operation),
        ActivityKind.Client,
        trace.Context,
        trace.Task(call.TaskId).SpanId,
        startedAt,
        endedAt,
        EntityTags(CallEntity, call.Entity, scheduledTime: null, sender: null),
        Error: null);

    /// <summary>An orchestrator's signal to an entity.</summary>
    public static FinishedSpan EntitySignal(ExecutionTrace trace, EntitySignaled signal, DateTime at) => new(
        EntityName(signal.Entity, signal.Operation),
        ActivityKind.Producer,
        trace.Context,
        trace.Task(signal.TaskId).SpanId,
        at,
        at,
        EntityTags(SignalEntity, signal.Entity, signal.ScheduledTime, sender: null),
        Error: null);

    /// <summary>An execution, from its first turn to its last. It is not made current.</summary>
    public static Activity? StartExecution(OrchestrationIdentity identity, ExecutionTrace trace, DateTime startedAt) => Start(
        Name("orchestration", identity.Name, identity.Version),
        ActivityKind.Server,
        trace.Parent,
        trace.SpanId,
        startedAt,
        Tags("orchestration", identity.Name, identity.InstanceId, identity.Version));

    /// <summary>A task of an orchestrator, from the turn that asked for it to the one that it came back to.</summary>
    public static FinishedSpan? Task(OrchestrationIdentity identity, ExecutionTrace trace, ScheduledTask task, TaskOutcome outcome, DateTime endedAt)
    {
        var failure = outcome switch
        {
            TaskFailed failed => failed.Failure,
            SubOrchestrationFailed failed => failed.Failure,
            _ => null,
        };
        return task.Decision switch
        {
            TaskScheduled activity => Client(
                Name("activity", activity.Name, activity.Version),
                [
                    .. Tags("activity", activity.Name, identity.InstanceId, activity.Version),
                    new("durabletask.task.task_id", activity.TaskId),
                ]),
            SubOrchestrationScheduled sub => Client(
                Name("orchestration", sub.Name, sub.Version), Tags("orchestration", sub.Name, identity.InstanceId, sub.Version)),
            TimerCreated timer => new FinishedSpan(
                $"orchestration:{identity.Name}:timer",
                ActivityKind.Internal,
                trace.Context,
                trace.Task(timer.TaskId).SpanId,
                task.At,
                endedAt,
                [
                    .. Tags("timer", identity.Name, identity.InstanceId, version: ""),
                    new("durabletask.fire_at", timer.FireAt.ToString("o")),
                    new("durabletask.task.task_id", timer.TaskId),
                ],
                Error: null),
            _ => null,
        };

        FinishedSpan Client(string name, List<KeyValuePair<string, object?>> tags) => new(
            name, ActivityKind.Client, trace.Context, trace.Task(outcome.TaskId).SpanId, task.At, endedAt, tags, failure?.ErrorMessage);
    }

    /// <summary>An event that an orchestrator sent.</summary>
    public static FinishedSpan Event(OrchestrationIdentity identity, ExecutionTrace trace, EventSent sent, DateTime at) => new(
        Name("orchestration_event", sent.Name, version: ""),
        ActivityKind.Producer,
        trace.Context,
        trace.Task(sent.TaskId).SpanId,
        at,
        at,
        [
            .. Tags("event", sent.Name, identity.InstanceId, version: ""),
            new("durabletask.event.target_instance_id", sent.InstanceId),
        ],
        Error: null);

    public static void Write(FinishedSpan span)
    {
        if (Start(span.Name, span.Kind, span.Parent, span.SpanId, span.StartedAt, span.Tags) is { } activity)
        {
            if (span.Error is { } error)
            {
                activity.SetStatus(ActivityStatusCode.Error, error);
            }

            End(activity, span.EndedAt);
        }
    }

    public static void End(Activity activity, DateTime at)
    {
        activity.SetEndTime(at);
        activity.Stop();
    }

    private static Activity? Start(
        string name,
        ActivityKind kind,
        ActivityContext parent,
        ActivitySpanId spanId,
        DateTime startedAt,
        IEnumerable<KeyValuePair<string, object?>> tags)
    {
        var current = Activity.Current;
        var activity = Source.StartActivity(name, kind, parent, tags, startTime: new DateTimeOffset(startedAt));
        Activity.Current = current;
        if (activity is not null)
        {
            SpanIdOf(activity) = spanId.ToHexString();
            IdOf(activity) = null;
        }

        return activity;
    }

    private static string EntityName(EntityInstanceId entity, string operation) => $"entity:{entity.Name}:{operation}";

    private static List<KeyValuePair<string, object?>> EntityTags(
        string operation, EntityInstanceId target, DateTime? scheduledTime, EntityInstanceId? sender)
        => EntityTags(operation, target.ToString(), scheduledTime, sender);

    private static List<KeyValuePair<string, object?>> EntityTags(
        string? operation, string targetInstanceId, DateTime? scheduledTime, EntityInstanceId? sender)
    {
        List<KeyValuePair<string, object?>> tags =
        [
            new("durabletask.type", "entity"),
            new("durabletask.event.target_instance_id", targetInstanceId),
        ];
        if (operation is not null)
        {
            tags.Add(new("durabletask.task.operation", operation));
        }

        if (sender is { } entity)
        {
            tags.Add(new("durabletask.task.instance_id", entity.ToString()));
        }

        if (scheduledTime is { } time)
        {
            tags.Add(new("durabletask.task.scheduled_time", time.ToString("o")));
        }

        return tags;
    }

    private static string Name(string what, string task, string version)
        => version.Length == 0 ? $"{what}:{task}" : $"{what}:{task}@({version})";

    private static List<KeyValuePair<string, object?>> Tags(string type, string name, string instanceId, string version)
    {
        List<KeyValuePair<string, object?>> tags =
        [
            new("durabletask.type", type),
            new("durabletask.task.name", name),
            new("durabletask.task.instance_id", instanceId),
        ];
        if (version.Length > 0)
        {
            tags.Add(new("durabletask.task.version", version));
        }

        return tags;
    }

    // An Activity has no other way to take an id that its children already know; the real Durable Task sets the same fields.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanIdOf(Activity activity);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_id")]
    private static extern ref string? IdOf(Activity activity);
}

/// <summary>A span that is written when all of it is known.</summary>
/// <param name="Error">Why what it stands for failed, if it did.</param>
internal sealed record FinishedSpan(
    string Name,
    ActivityKind Kind,
    ActivityContext Parent,
    ActivitySpanId SpanId,
    DateTime StartedAt,
    DateTime EndedAt,
    IReadOnlyList<KeyValuePair<string, object?>> Tags,
    string? Error);
