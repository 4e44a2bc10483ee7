using System.CommandLine;
using AtomicDevOps.LocalForge;

var port = new Option<int>("--port") { Description = "The port on 127.0.0.1; 0 picks a free one.", DefaultValueFactory = _ => 3000 };
var directory = new Option<string>("--directory")
{
    Description = "Where repositories and state are kept, and found again at the next start.",
    DefaultValueFactory = _ => Path.Combine(".data", "forge"),
};
var user = new Option<string>("--user") { Description = "Whose token to print.", DefaultValueFactory = _ => "octo" };
var administration = new Option<bool>("--administration")
{
    Description = "Serves /_forge, where anyone on this machine can make users, tokens and repositories.",
};

var command = new RootCommand("The part of GitHub that Atomic DevOps uses, on this machine.") { port, directory, user, administration };
command.SetAction(async (arguments, cancellationToken) =>
{
    await using var forge = await LocalForgeServer.StartAsync(
        new LocalForgeOptions
        {
            Directory = arguments.GetRequiredValue(directory),
            Port = arguments.GetRequiredValue(port),
            AdministrationEndpoints = arguments.GetValue(administration),
            ConsoleLog = true,
        },
        cancellationToken);
    var token = await forge.Administration.CreateTokenAsync(arguments.GetRequiredValue(user), cancellationToken: cancellationToken);
    Console.WriteLine($"address {forge.Address.GetLeftPart(UriPartial.Authority)}");
    Console.WriteLine($"token   {token}");
    await forge.WaitForShutdownAsync(cancellationToken);
    return 0;
});
return await command.Parse(args).InvokeAsync();
