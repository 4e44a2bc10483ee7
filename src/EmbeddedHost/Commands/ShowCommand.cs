using System.CommandLine;
using System.Text.Json.Nodes;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary><c>instances show</c>: everything of one instance but its history.</summary>
internal static class ShowCommand
{
    private static readonly Dictionary<string, string> Query = new(StringComparer.Ordinal) { ["showDetails"] = "true" };

    public static Command Create(CommandSession session)
    {
        var id = CommandOptions.InstanceId();
        var json = CommandOptions.Json();
        var command = new Command("show", "Show one instance: its payloads, failure, tags, parent and children.") { id, json };
        command.SetAction((parsed, cancellation) => session.CallAsync(
            async (client, _) =>
            {
                var instance = await client.GetAsync(parsed.GetRequiredValue(id), Query, cancellation);
                if (parsed.GetValue(json))
                {
                    session.Output.WriteJson(instance);
                }
                else
                {
                    Show(session, instance);
                }

                return ExitCode.Success;
            },
            cancellation));
        return command;
    }

    private static void Show(CommandSession session, JsonObject instance)
    {
        var details = instance["details"];
        var updated = Text(instance["lastUpdatedTime"])!;
        Line("Id", Text(instance["instanceId"]));
        Line("Name", Text(instance["name"]));
        Line("Version", Text(details?["version"]));
        Line("Status", Text(instance["runtimeStatus"]));
        Line("Scheduled", Time(details?["scheduledStartTime"]));
        Line("Created", Time(instance["createdTime"]));
        Line("Updated", $"{Time(instance["lastUpdatedTime"])}, {TimeText.Age(updated, session.Clock)} ago");
        Line("Parent", details?["parent"] is { } parent ? Related(parent) : null);
        foreach (var (name, value) in details?["tags"]?.AsObject() ?? [])
        {
            Line("Tag", $"{name} = {Text(value)}");
        }

        Section("Custom status", instance["customStatus"]);
        Section("Input", instance["input"]);
        if (details?["failure"] is { } failure)
        {
            Failure(session.Output, failure);
        }
        else
        {
            Section("Output", instance["output"]);
        }

        if (details?["children"] is JsonArray { Count: > 0 } children)
        {
            Heading("Children");
            foreach (var child in children)
            {
                session.Output.WriteLine("  " + CommandOutput.Printable(Related(child!)));
            }
        }

        string? Time(JsonNode? utc) => Text(utc) is { } text ? TimeText.Local(text, session.Clock) : null;

        void Line(string label, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                session.Output.WriteLine($"{label,-10} {CommandOutput.Printable(value)}");
            }
        }

        void Section(string label, JsonNode? payload)
        {
            if (payload is not null)
            {
                Heading(label);
                session.Output.WriteJson(payload);
            }
        }

        void Heading(string label)
        {
            session.Output.WriteLine();
            session.Output.WriteLine(label);
        }
    }

    private static void Failure(CommandOutput output, JsonNode failure)
    {
        output.WriteLine();
        output.WriteLine("Failure");
        for (var (cause, indent) = (failure, "  "); cause is not null; cause = cause["innerFailure"], indent += "  ")
        {
            var origin = ReferenceEquals(cause, failure) ? "" : "caused by ";
            output.WriteLine($"{indent}{origin}{CommandOutput.Printable(Text(cause["errorType"]) + ": " + Text(cause["errorMessage"]))}");
            foreach (var line in (Text(cause["stackTrace"]) ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                output.WriteLine($"{indent}  {line}");
            }
        }
    }

    private static string Related(JsonNode instance) =>
        $"{Text(instance["instanceId"])} ({Text(instance["name"])}, {Text(instance["runtimeStatus"]) ?? "purged"})";

    private static string? Text(JsonNode? node) => node?.GetValue<string>();
}
