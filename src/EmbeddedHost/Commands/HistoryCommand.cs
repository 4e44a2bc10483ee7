using System.CommandLine;
using System.Text.Json.Nodes;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary><c>instances history</c>: what happened to an instance, in order.</summary>
internal static class HistoryCommand
{
    private static readonly string[] Headers = ["#", "Time", "Event", "Name", "Duration", "Result"];

    private static readonly Dictionary<string, string> Query = new(StringComparer.Ordinal)
    {
        ["showHistory"] = "true",
        ["showHistoryOutput"] = "true",
        ["showInput"] = "true",
    };

    public static Command Create(CommandSession session)
    {
        var id = CommandOptions.InstanceId();
        var full = new Option<bool>("--full") { Description = "At a terminal: show results whole rather than shortened to its width." };
        var json = CommandOptions.Json();
        var command = new Command("history", "Show what happened to one instance, in order.") { id, full, json };
        command.SetAction((parsed, cancellation) => session.CallAsync(
            async (client, _) =>
            {
                var instance = await client.GetAsync(parsed.GetRequiredValue(id), Query, cancellation);
                var events = instance["historyEvents"]?.AsArray() ?? [];
                if (parsed.GetValue(json))
                {
                    session.Output.WriteJson(events);
                }
                else if (events.Count == 0)
                {
                    session.Output.WriteNote("Nothing has happened yet.");
                }
                else
                {
                    session.Output.Write(Table(session, events, shortens: !parsed.GetValue(full)));
                }

                return ExitCode.Success;
            },
            cancellation));
        return command;
    }

    private static TableView Table(CommandSession session, JsonArray events, bool shortens)
    {
        var table = new TableView(Headers, shortens);
        foreach (var (index, entry) in events.Index())
        {
            table.Add(
                (index + 1).ToString(System.Globalization.CultureInfo.InvariantCulture),
                TimeText.LocalWithMilliseconds(Text(entry!["Timestamp"]), session.Clock),
                Text(entry["EventType"]),
                Text(entry["FunctionName"]) ?? Text(entry["Name"]) ?? "",
                Duration(entry),
                Result(entry, session.Clock));
        }

        return table;
    }

    private static string Duration(JsonNode entry) => Text(entry["ScheduledTime"]) is { } scheduled
        ? TimeText.Span(TimeText.Parse(Text(entry["Timestamp"])!) - TimeText.Parse(scheduled))
        : "";

    private static string Result(JsonNode entry, TimeProvider clock) => Text(entry["EventType"]) switch
    {
        "TaskFailed" or "SubOrchestrationInstanceFailed" => Text(entry["Details"]) ?? "",
        "TimerCreated" => "due " + TimeText.Local(Text(entry["FireAt"]), clock),
        "SubOrchestrationInstanceCreated" => Text(entry["InstanceId"]) ?? "",
        "EntityOperationCalled" or "EntityOperationSignaled" => $"to {Text(entry["InstanceId"])}: {PayloadText.OneLine(entry["Input"])}",
        "EntityOperationCompleted" => $"from {Text(entry["InstanceId"])}: {PayloadText.OneLine(entry["Result"])}",
        "EntityOperationFailed" => $"from {Text(entry["InstanceId"])}: {Text(entry["Details"])}",
        "EntityLockRequested" or "EntityLockGranted" or "EntityUnlockSent" => string.Join(", ", entry["LockSet"]!.AsArray().Select(Text)),
        "EventSent" => $"to {Text(entry["InstanceId"])}: {PayloadText.OneLine(entry["Input"])}",
        "ExecutionCompleted" => $"{Text(entry["OrchestrationStatus"])}: {PayloadText.OneLine(entry["Result"])}",
        _ => PayloadText.OneLine(entry["Result"] ?? entry["Input"] ?? entry["Reason"]),
    };

    private static string? Text(JsonNode? node) => node?.GetValue<string>();
}
