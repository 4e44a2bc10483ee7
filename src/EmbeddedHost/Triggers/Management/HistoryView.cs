using System.Globalization;
using System.Text.Json.Nodes;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask.Client;

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
            if (!open.Remove(taskId, out var question))
            {
                return;
            }

            shown.Remove(question);
            answer["ScheduledTime"] = question["Timestamp"]!.DeepClone();
            foreach (var name in new[] { "FunctionName", "InstanceId", "FireAt" })
            {
                if (question[name] is { } value)
                {
                    answer[name] = value.DeepClone();
                }
            }
        }
    }

    private static string Time(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
