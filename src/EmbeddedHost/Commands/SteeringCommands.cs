using System.CommandLine;
using System.Text.Json;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>The commands that send something to one instance.</summary>
internal static class SteeringCommands
{
    private static readonly Dictionary<string, string> NoQuery = [];

    public static Command Raise(CommandSession session)
    {
        var id = CommandOptions.InstanceId();
        var name = new Argument<string>("event") { Description = "The event's name." };
        var data = new Option<string?>("--data") { Description = "The payload, as JSON: '{\"a\":1}', '\"text\"', 42.", HelpName = "json" };
        var file = new Option<string?>("--data-file") { Description = "A file with the payload, as JSON; - for standard input.", HelpName = "path" };
        var command = new Command("raise", "Raise an event for an instance.") { id, name, data, file };
        command.Validators.Add(result =>
        {
            if (result.GetResult(data) is not null && result.GetResult(file) is not null)
            {
                result.AddError("Give '--data' or '--data-file', not both.");
            }
        });
        command.SetAction((parsed, cancellation) => session.CallAsync(
            async (client, isRunning) =>
            {
                var (instance, raised) = (parsed.GetRequiredValue(id), parsed.GetRequiredValue(name));
                var payload = await PayloadAsync(parsed.GetValue(data), parsed.GetValue(file), cancellation);
                await client.PostAsync(instance, $"raiseEvent/{Uri.EscapeDataString(raised)}", NoQuery, payload, cancellation);
                return Done(session, isRunning, $"Event '{raised}' is raised for '{instance}'.");
            },
            cancellation));
        return command;
    }

    public static Command Terminate(CommandSession session) =>
        Steer(session, "terminate", "End an instance at its next turn; what it has started goes on.", "is told to end");

    public static Command Suspend(CommandSession session) =>
        Steer(session, "suspend", "Hold an instance: what comes for it is kept until it is resumed.", "is told to hold");

    public static Command Resume(CommandSession session) => Steer(session, "resume", "Let a suspended instance go on.", "is told to go on");

    public static Command Rewind(CommandSession session) =>
        Steer(session, "rewind", "Let a failed instance go on from before its failure.", "goes on from before its failure", needsHost: true);

    public static Command Restart(CommandSession session)
    {
        var id = CommandOptions.InstanceId();
        var sameId = new Option<bool>("--same-id") { Description = "Replace the finished instance rather than start one with a new id." };
        var json = CommandOptions.Json();
        var command = new Command("restart", "Start an instance anew with its name, input, version and tags.") { id, sameId, json };
        command.SetAction((parsed, cancellation) => session.CallAsync(
            async (client, isRunning) =>
            {
                var query = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["restartWithNewInstanceId"] = parsed.GetValue(sameId) ? "false" : "true",
                };
                var links = await client.PostAsync(parsed.GetRequiredValue(id), "restart", query, json: null, cancellation);
                var started = links!["id"]!.GetValue<string>();
                if (!parsed.GetValue(json))
                {
                    return Done(session, isRunning, $"Instance '{started}' is started.");
                }

                session.Output.WriteJson(new System.Text.Json.Nodes.JsonObject { ["id"] = started });
                return ExitCode.Success;
            },
            cancellation));
        return command;
    }

    private static Command Steer(CommandSession session, string operation, string description, string outcome, bool needsHost = false)
    {
        var id = CommandOptions.InstanceId();
        var reason = CommandOptions.Reason();
        var command = new Command(operation, description) { id, reason };
        command.SetAction((parsed, cancellation) => session.CallAsync(
            async (client, isRunning) =>
            {
                var instance = parsed.GetRequiredValue(id);
                if (needsHost && !isRunning)
                {
                    await client.GetAsync(instance, NoQuery, cancellation);
                    throw new CommandException($"'{operation}' needs the orchestrator's code, and no host runs. Start it, and try again.");
                }

                var query = new Dictionary<string, string>(StringComparer.Ordinal);
                if (parsed.GetValue(reason) is { } why)
                {
                    query["reason"] = why;
                }

                await client.PostAsync(instance, operation, query, json: null, cancellation);
                return Done(session, isRunning, $"Instance '{instance}' {outcome}.");
            },
            cancellation));
        return command;
    }

    private static int Done(CommandSession session, bool isRunning, string message)
    {
        session.Output.WriteLine(CommandOutput.Printable(message));
        if (!isRunning)
        {
            session.Output.WriteNote("No host runs: this is stored, and handled when the host starts next.");
        }

        return ExitCode.Success;
    }

    private static async Task<string> PayloadAsync(string? data, string? file, CancellationToken cancellation)
    {
        var payload = file switch
        {
            null => data ?? "null",
            "-" => await Console.In.ReadToEndAsync(cancellation),
            _ => await File.ReadAllTextAsync(file, cancellation),
        };
        try
        {
            using var document = JsonDocument.Parse(payload);
            return payload;
        }
        catch (JsonException exception)
        {
            throw new CommandException(
                $"The payload is not valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}. A text needs its own quotes: --data '\"text\"'.",
                ExitCode.Usage);
        }
    }
}
