using System.CommandLine;
using System.CommandLine.Help;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>The operator's view: shows and steers the instances of a data directory, whether or not its host runs.</summary>
internal static class InstancesCommand
{
    private const string Description =
        "Shows and steers the instances of this app, whether or not its host runs. Takes the host's configuration: its files, the environment, "
        + "and options such as --Host:DataDirectory PATH. Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no such instance.";

    /// <param name="args">What follows the verb <c>instances</c>.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        string[] args, IConfiguration configuration, string contentRoot, CommandOutput output, TimeProvider clock, CancellationToken cancellation)
    {
        var parsed = Create(new CommandSession(configuration, contentRoot, output, clock))
            .Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var invocation = new InvocationConfiguration
        {
            Output = output.Writer,
            Error = output.ErrorWriter,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        if (parsed.Action is HelpAction || parsed.Errors.Count == 0)
        {
            return await parsed.InvokeAsync(invocation, cancellation);
        }

        foreach (var error in parsed.Errors)
        {
            output.WriteNote(error.Message);
        }

        output.WriteNote($"See '{Path(parsed.CommandResult)} -h'.");
        return ExitCode.Usage;
    }

    private static Command Create(CommandSession session) => new(CommandArguments.Verb, Description)
    {
        new HelpOption(),
        ListCommand.Create(session),
        ShowCommand.Create(session),
        HistoryCommand.Create(session),
        SteeringCommands.Raise(session),
        SteeringCommands.Terminate(session),
        SteeringCommands.Suspend(session),
        SteeringCommands.Resume(session),
        SteeringCommands.Restart(session),
        SteeringCommands.Rewind(session),
        PurgeCommand.Create(session),
        MaintenanceCommands.Backup(session),
        MaintenanceCommands.Check(session),
        MaintenanceCommands.Compact(session),
    };

    private static string Path(System.CommandLine.Parsing.SymbolResult? result) => result switch
    {
        System.CommandLine.Parsing.CommandResult { Parent: { } parent } command => $"{Path(parent)} {command.Command.Name}",
        System.CommandLine.Parsing.CommandResult command => command.Command.Name,
        _ => "",
    };
}
