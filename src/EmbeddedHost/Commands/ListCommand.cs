using System.CommandLine;
using System.Text.Json.Nodes;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary><c>instances list</c>: one line an instance, oldest start first.</summary>
internal static class ListCommand
{
    private const int DefaultTop = 100;

    /// <summary>A narrower terminal gets no column for the time of the last change, which the age tells too.</summary>
    private const int WidthForAllColumns = 140;

    private static readonly string[] Headers = ["Id", "Name", "Status", "Created", "Updated", "Age", "Custom status"];

    public static Command Create(CommandSession session)
    {
        var status = CommandOptions.AnyStatus();
        var prefix = new Option<string?>("--prefix") { Description = "Only ids that begin with this.", HelpName = "text" };
        var name = new Option<string?>("--name") { Description = "Only instances of this orchestrator.", HelpName = "orchestrator" };
        var from = CommandOptions.Time("--created-from", "Only those created then or later.");
        var to = CommandOptions.Time("--created-to", "Only those created then or earlier.");
        var top = new Option<int>("--top") { Description = "How many at most.", HelpName = "number", DefaultValueFactory = _ => DefaultTop };
        top.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<int>() >= 1)
            {
                return;
            }

            result.AddError("'--top' takes a whole number from 1.");
        });
        var continuation = new Option<string?>("--continuation") { Description = "Go on where an earlier list ended.", HelpName = "token" };
        var json = CommandOptions.Json();
        var command = new Command("list", "List instances, oldest first.") { status, prefix, name, from, to, top, continuation, json };
        command.SetAction((parsed, cancellation) => session.CallAsync(
            async (client, _) =>
            {
                var filter = new InstanceFilter(
                    parsed.GetValue(status) ?? [], parsed.GetValue(prefix), parsed.GetValue(name), parsed.GetValue(from), parsed.GetValue(to));
                var page = await client.ListAsync(filter, parsed.GetValue(top), parsed.GetValue(continuation), cancellation);
                Show(session, page, parsed.GetValue(json));
                return ExitCode.Success;
            },
            cancellation));
        return command;
    }

    private static void Show(CommandSession session, InstancePage page, bool asJson)
    {
        if (asJson)
        {
            session.Output.WriteJson(page.Instances);
        }
        else if (page.Instances.Count == 0)
        {
            session.Output.WriteNote("No instances.");
        }
        else
        {
            session.Output.Write(Table(session, page.Instances));
        }

        if (page.Continuation is { } next)
        {
            session.Output.WriteNote($"There are more: go on with --continuation {next}");
        }
    }

    private static TableView Table(CommandSession session, JsonArray instances)
    {
        var hasUpdated = session.Output.Width is null or >= WidthForAllColumns;
        var table = new TableView([.. Headers.Where(header => hasUpdated || header is not "Updated")]);
        foreach (var instance in instances)
        {
            var updated = instance!["lastUpdatedTime"]!.GetValue<string>();
            table.Add(
            [
                instance["instanceId"]!.GetValue<string>(),
                instance["name"]!.GetValue<string>(),
                TableCell.OfStatus(instance["runtimeStatus"]!.GetValue<string>()),
                TimeText.Local(instance["createdTime"]!.GetValue<string>(), session.Clock),
                .. hasUpdated ? [TimeText.Local(updated, session.Clock)] : Array.Empty<TableCell>(),
                TimeText.Age(updated, session.Clock),
                PayloadText.OneLine(instance["customStatus"]),
            ]);
        }

        return table;
    }
}
