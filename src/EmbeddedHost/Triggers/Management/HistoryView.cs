using System.Globalization;
using System.Text.Json.Nodes;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Triggers.Management;

/// <summary>
/// A history as the Durable Functions HTTP API shows it: an entry for each thing that happened, with the time it was asked for and the
/// time it came; what was asked for and has not come stands with the first alone.
/// </summary>
internal static class HistoryView
{
    /// <param name="showOutput">Whether results, inputs and payloads are shown.</param>
    public static List<JsonObject> Of(OrchestrationMetadata instance, IEnumerable<RecordedTurn> history, bool showOutput)
    {
        var shown = new List<JsonObject>();
        var open = new Dictionary<int, JsonObject>();
        var requests = new Dictionary<Guid, JsonObject>();
        var now = DateTime.MinValue;
        foreach (var (at, entry) in history.SelectMany(static turn => turn.Events.Select(e => (turn.At, e))))
        {
            now = at;
            switch (entry)
            {
                case ExecutionStarted:
                    Show("ExecutionStarted", ("FunctionName", instance.Name), ("Input", Payload(instance.SerializedInput)));
                    break;
                case TaskScheduled task:
                    Ask(task.TaskId, "TaskScheduled", ("FunctionName", task.Name), ("Input", Payload(task.Input)));
                    break;
                case SubOrchestrationScheduled sub:
                    Ask(
                        sub.TaskId,
                        "SubOrchestrationInstanceCreated",
                        ("FunctionName", sub.Name),
                        ("InstanceId", sub.InstanceId),
                        ("Input", Payload(sub.Input)));
                    break;
                case TimerCreated timer:
                    Ask(timer.TaskId, "TimerCreated", ("FireAt", Time(timer.FireAt)));
                    break;
                case TimerCanceled timer:
                    if (open.Remove(timer.TaskId, out var canceled))
                    {
                        shown.Remove(canceled);
                    }

                    break;
                case TaskCompleted task:
                    Answer(task.TaskId, "TaskCompleted", ("Result", Payload(task.Result)));
                    break;
                case TaskFailed task:
                    Answer(task.TaskId, "TaskFailed", ("Reason", task.Failure.ErrorMessage), ("Details", task.Failure.ToString()));
                    break;
                case SubOrchestrationCompleted sub:
                    Answer(sub.TaskId, "SubOrchestrationInstanceCompleted", ("Result", Payload(sub.Result)));
                    break;
                case SubOrchestrationFailed sub:
                    Answer(
                        sub.TaskId, "SubOrchestrationInstanceFailed", ("Reason", sub.Failure.ErrorMessage), ("Details", sub.Failure.ToString()));
                    break;
                case TimerFired timer:
                    Answer(timer.TaskId, "TimerFired");
                    break;
                case EventRaised raised:
                    Show("EventRaised", ("Name", raised.Name), ("Input", Payload(raised.Payload)));
                    break;
                case EventSent sent:
                    Show("EventSent", ("InstanceId", sent.InstanceId), ("Name", sent.Name), ("Input", Payload(sent.Payload)));
                    break;
                case EntityCalled called:
                    requests[called.RequestId] = Show(
                        "EntityOperationCalled",
                        ("InstanceId", called.Entity.ToString()),
                        ("Name", called.Operation),
                        ("Input", Payload(called.Input)));
                    break;
                case EntitySignaled signaled:
                    Show(
                        "EntityOperationSignaled",
                        ("InstanceId", signaled.Entity.ToString()),
                        ("Name", signaled.Operation),
                        ("Input", Payload(signaled.Input)),
                        ("FireAt", signaled.ScheduledTime is { } due ? Time(due) : null));
                    break;
                case EntityCallCompleted completed:
                    Respond(completed, "EntityOperationCompleted", ("Result", Payload(completed.Result)));
                    break;
                case EntityCallFailed failed:
                    Respond(
                        failed, "EntityOperationFailed", ("Reason", failed.Failure.ErrorMessage), ("Details", failed.Failure.ToString()));
                    break;
                case EntityLockRequested requested:
                    requests[requested.RequestId] = Show("EntityLockRequested", ("LockSet", Ids(requested.LockSet)));
                    break;
                case EntityLockGranted granted:
                    Respond(granted, "EntityLockGranted");
                    break;
                case EntityUnlocked unlocked:
                    Show("EntityUnlockSent", ("LockSet", Ids([unlocked.Entity, .. unlocked.Remaining])));
                    break;
                case ExecutionSuspended suspended:
                    Show("ExecutionSuspended", ("Reason", suspended.Reason));
                    break;
                case ExecutionResumed resumed:
                    Show("ExecutionResumed", ("Reason", resumed.Reason));
                    break;
                case ExecutionTerminated terminated:
                    Show("ExecutionTerminated", ("Input", Payload(terminated.Output)));
                    break;
                case ExecutionRewound rewound:
                    Show("ExecutionRewound", ("Reason", rewound.Reason));
                    break;
                case ExecutionCompleted completed:
                    Show(
                        "ExecutionCompleted",
                        ("OrchestrationStatus", completed.Status.ToString()),
                        ("Result", completed.Failure is { } failure ? failure.ToString() : Payload(completed.Output)));
                    break;
            }
        }

        return shown;

        JsonNode? Payload(string? serialized) => showOutput ? InstanceStatusResponse.Payload(serialized) : null;

        JsonObject Show(string type, params ReadOnlySpan<(string Name, JsonNode? Value)> values)
        {
            var item = new JsonObject { ["EventType"] = type };
            foreach (var (name, value) in values)
            {
                if (value is not null)
                {
                    item[name] = value;
                }
            }

            item["Timestamp"] = Time(now);
            shown.Add(item);
            return item;
        }

        void Ask(int taskId, string type, params ReadOnlySpan<(string Name, JsonNode? Value)> values) => open[taskId] = Show(type, values);

        void Answer(int taskId, string type, params ReadOnlySpan<(string Name, JsonNode? Value)> values)
        {
            var answer = Show(type, values);
            if (open.Remove(taskId, out var question))
            {
                Join(question, answer);
            }
        }

        void Respond(EntityResponse response, string type, params ReadOnlySpan<(string Name, JsonNode? Value)> values)
        {
            var answer = Show(type, values);
            if (requests.Remove(response.RequestId, out var request))
            {
                Join(request, answer);
            }
        }

        void Join(JsonObject question, JsonObject answer)
        {
            shown.Remove(question);
            answer["ScheduledTime"] = question["Timestamp"]!.DeepClone();
            foreach (var name in new[] { "FunctionName", "InstanceId", "Name", "FireAt", "LockSet" })
            {
                if (question[name] is { } value)
                {
                    answer[name] = value.DeepClone();
                }
            }
        }
    }

    private static JsonArray Ids(IEnumerable<EntityInstanceId> entities) => [.. entities.Select(static entity => JsonValue.Create(entity.ToString()))];

    private static string Time(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
