using System.CommandLine;
using System.Text.Json.Nodes;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary><c>instances purge</c>: removes finished instances for good, by id or by filter.</summary>
internal static class PurgeCommand
{
    public static Command Create(CommandSession session)
    {
        var ids = new Argument<string[]>("id") { Description = "Finished instances; none to purge by filter.", Arity = ArgumentArity.ZeroOrMore };
        var status = CommandOptions.FinishedStatus();
        var from = CommandOptions.Time("--created-from", "Only those created then or later.");
        var to = CommandOptions.Time("--created-to", "Only those created then or earlier.");
        var all = new Option<bool>("--all") { Description = "Every finished instance." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask before purging by filter." };
        var json = CommandOptions.Json();
        var command = new Command("purge", "Remove finished instances with their histories, for good.") { ids, status, from, to, all, yes, json };
        command.Validators.Add(result =>
        {
            var hasFilter = result.GetResult(status) is not null || result.GetResult(from) is not null || result.GetResult(to) is not null;
            var ways = (result.GetResult(ids) is { Tokens.Count: > 0 } ? 1 : 0) + (hasFilter ? 1 : 0) + (result.GetResult(all) is not null ? 1 : 0);
            if (ways != 1)
            {
                result.AddError("Say what to purge in one way: ids, or a filter ('--status', '--created-from', '--created-to'), or '--all'.");
            }
        });
        command.SetAction((parsed, cancellation) => session.CallAsync(
            async (client, _) =>
            {
                var count = parsed.GetValue(ids) is { Length: > 0 } chosen
                    ? await ByIdAsync(client, chosen, cancellation)
                    : await ByFilterAsync(
                        session,
                        client,
                        new InstanceFilter(parsed.GetValue(status) ?? [], null, null, parsed.GetValue(from), parsed.GetValue(to)),
                        parsed.GetValue(yes),
                        cancellation);
                if (parsed.GetValue(json))
                {
                    session.Output.WriteJson(new JsonObject { ["instancesDeleted"] = count });
                }
                else
                {
                    session.Output.WriteLine(Counted(count, "purged") + ".");
                }

                return ExitCode.Success;
            },
            cancellation));
        return command;
    }

    private static async Task<int> ByIdAsync(ManagementClient client, string[] ids, CancellationToken cancellation)
    {
        foreach (var id in ids)
        {
            await client.PurgeAsync(id, cancellation);
        }

        return ids.Length;
    }

    private static async Task<int> ByFilterAsync(
        CommandSession session, ManagementClient client, InstanceFilter filter, bool isConfirmed, CancellationToken cancellation)
    {
        if (!isConfirmed && !session.Output.CanAsk)
        {
            throw new CommandException("Purging by filter removes instances for good. Say '--yes' to do so without being asked.", ExitCode.Usage);
        }

        if (!isConfirmed)
        {
            var finished = filter with { Statuses = filter.Statuses.Count > 0 ? filter.Statuses : ["Completed", "Failed", "Terminated"] };
            var count = (await client.ListAsync(finished, int.MaxValue, continuation: null, cancellation)).Instances.Count;
            if (count == 0)
            {
                return 0;
            }

            if (!session.Output.Confirm($"Purge {Counted(count, "for good")}?"))
            {
                throw new CommandException("Nothing was purged.");
            }
        }

        return await client.PurgeAsync(filter, cancellation);
    }

    private static string Counted(int count, string what) => count == 1 ? $"1 instance {what}" : $"{count} instances {what}";
}
