using System.CommandLine;
using AtomicDevOps.QuickStart;
using Spectre.Console;

var keep = new Option<bool>("--keep") { Description = "Leaves the forge and the platform running, with their addresses printed, until Ctrl+C." };
var failing = new Option<bool>("--failing") { Description = "Opens a pull request whose tests fail, to see that verdict." };
var data = new Option<string>("--data")
{
    Description = "The directory for what the run writes; every run has its own below it, and removes it.",
    DefaultValueFactory = _ => ".quickstart",
};

var command = new RootCommand("One real pull request, from webhook to merged, on this machine.") { keep, failing, data };
command.SetAction(async (arguments, cancellationToken) =>
{
    var console = AnsiConsole.Console;
    if (!console.Profile.Out.IsTerminal)
    {
        console.Profile.Width = 140;
        console.Profile.Capabilities.Ansi = false;
        console.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
    }

    var options = new QuickStartOptions(arguments.GetRequiredValue(data), arguments.GetValue(keep), arguments.GetValue(failing));
    try
    {
        return await new QuickStartRun(options, console).RunAsync(cancellationToken);
    }
    catch (QuickStartException problem)
    {
        console.MarkupLineInterpolated($"[red]{problem.Message}[/]");
        return problem.ExitCode;
    }
    catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
    {
        console.WriteLine("Stopped; nothing is left running.");
        return ExitCodes.Interrupted;
    }
});

// Stopping the platform and removing its containers may take a while; Ctrl+C waits for that.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
