using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>What a command works with, and how its errors reach people.</summary>
internal sealed class CommandSession(IConfiguration configuration, string contentRoot, CommandOutput output, TimeProvider clock)
{
    public CommandOutput Output => output;

    public TimeProvider Clock => clock;

    /// <exception cref="FunctionSetupException">A setting cannot be used.</exception>
    public string DataDirectory => Settings.DataDirectory;

    /// <exception cref="FunctionSetupException">A setting cannot be used.</exception>
    public string DatabasePath => Path.Combine(DataDirectory, Storage.DataDirectory.DatabaseFileName);

    private FunctionHostOptions Settings => FunctionHostOptions.Read(configuration, contentRoot);

    /// <summary>Runs the command with the management API, of the running host or of the data directory.</summary>
    public Task<int> CallAsync(Func<ManagementClient, bool, Task<int>> command, CancellationToken cancellation) => RunAsync(async () =>
    {
        await using var host = await HostConnection.OpenAsync(Settings, configuration, clock, cancellation);
        return await command(new ManagementClient(host.Client), host.IsRunning);
    });

    /// <summary>Runs the command; an error that people can do something about becomes a message and an exit code.</summary>
    public async Task<int> RunAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (CommandException exception)
        {
            output.WriteNote(exception.Message);
            return exception.ExitCode;
        }
        catch (Exception exception) when (exception is DataDirectoryException or FunctionSetupException or IOException or UnauthorizedAccessException)
        {
            output.WriteNote(exception.Message);
            return ExitCode.Failure;
        }
    }
}
