using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using AtomicDevOps.EmbeddedHost.Storage.Maintenance;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>The commands that work on the database file.</summary>
internal static class MaintenanceCommands
{
    private static readonly string[] CheckHeaders = ["Rule", "Kept", "Broken by"];

    public static Command Backup(CommandSession session)
    {
        var path = new Argument<string>("path") { Description = "The file to write; it must not exist." };
        var json = CommandOptions.Json();
        var command = new Command("backup", "Copy the database as it is now to a file, also while the host runs.") { path, json };
        command.SetAction((parsed, _) => session.RunAsync(() =>
        {
            var destination = Path.GetFullPath(parsed.GetRequiredValue(path));
            var size = DatabaseBackup.Write(session.DatabasePath, destination);
            if (parsed.GetValue(json))
            {
                session.Output.WriteJson(new JsonObject { ["path"] = destination, ["bytes"] = size });
            }
            else
            {
                session.Output.WriteLine($"{destination} holds the database: {Bytes(size)}, checked.");
            }

            return Task.FromResult(ExitCode.Success);
        }));
        return command;
    }

    public static Command Check(CommandSession session)
    {
        var json = CommandOptions.Json();
        var command = new Command("check", "Check the database, also while the host runs; changes nothing.") { json };
        command.SetAction((parsed, _) => session.RunAsync(() =>
        {
            var results = DatabaseCheck.Run(session.DatabasePath);
            if (parsed.GetValue(json))
            {
                session.Output.WriteJson(new JsonArray([.. results.Select(Json)]));
            }
            else
            {
                session.Output.Write(Table(results));
            }

            if (results.All(result => result.IsKept))
            {
                return Task.FromResult(ExitCode.Success);
            }

            session.Output.WriteNote("The database is damaged. Stop the host, keep a copy of the data directory, and restore a backup.");
            return Task.FromResult(ExitCode.Failure);
        }));
        return command;
    }

    public static Command Compact(CommandSession session)
    {
        var json = CommandOptions.Json();
        var command = new Command("compact", "Give the space of purged instances back to the file system; needs the host stopped.") { json };
        command.SetAction((parsed, _) => session.RunAsync(() =>
        {
            if (!File.Exists(session.DatabasePath))
            {
                throw new CommandException($"There is no database '{session.DatabasePath}'. Set 'Host:DataDirectory' to the directory that the host uses.");
            }

            var result = DatabaseCompaction.Run(session.DataDirectory);
            if (parsed.GetValue(json))
            {
                session.Output.WriteJson(new JsonObject { ["bytesBefore"] = result.Before, ["bytesAfter"] = result.After });
            }
            else
            {
                session.Output.WriteLine($"The database was {Bytes(result.Before)} and is {Bytes(result.After)}.");
            }

            return Task.FromResult(ExitCode.Success);
        }));
        return command;
    }

    private static TableView Table(IReadOnlyList<CheckResult> results)
    {
        var table = new TableView(CheckHeaders);
        foreach (var result in results)
        {
            table.Add(result.Name, result.IsKept ? "yes" : "no", result.IsKept ? "" : $"{result.Violations}: {string.Join("; ", result.Examples)}");
        }

        return table;
    }

    private static JsonObject Json(CheckResult result) => new()
    {
        ["rule"] = result.Name,
        ["kept"] = result.IsKept,
        ["violations"] = result.Violations,
        ["examples"] = new JsonArray([.. result.Examples.Select(example => JsonValue.Create(example))]),
    };

    private static string Bytes(long count) => count switch
    {
        < 1024 => string.Create(CultureInfo.InvariantCulture, $"{count} B"),
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{count / 1024.0:0.#} KiB"),
        < 1024 * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{count / 1024.0 / 1024:0.#} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count / 1024.0 / 1024 / 1024:0.##} GiB"),
    };
}
