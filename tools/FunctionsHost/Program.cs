using System.CommandLine;
using AtomicDevOps.FunctionsHost;

var app = new Argument<string>("app") { Description = "The app's assembly, as it is built for the azure host." };
var port = new Option<int>("--port") { Description = "The port on 127.0.0.1; 0 picks a free one." };

var command = new RootCommand("What Azure's Functions host does for a .NET app, on this machine, for tests: nothing outlives the process.") { app, port };
command.SetAction(async (arguments, cancellationToken) =>
{
    var assembly = Path.GetFullPath(arguments.GetRequiredValue(app));
    if (!File.Exists(assembly))
    {
        await Console.Error.WriteLineAsync($"{assembly} is missing. Build the app with: dotnet build src/FunctionApp -p:DurableHost=azure");
        return 66;
    }

    try
    {
        return await WorkerHost.RunAsync(assembly, arguments.GetValue(port), cancellationToken);
    }
    catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
    {
        return 0;
    }
});
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
