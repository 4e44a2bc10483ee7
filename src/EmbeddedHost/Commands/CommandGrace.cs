using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>
/// Lets a command that has the data directory for a moment end before the host takes it. One that is held by a host is refused at once,
/// by the engine.
/// </summary>
internal sealed class CommandGrace(FunctionHostOptions options, TimeProvider clock) : IHostedService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        while (clock.GetElapsedTime(start) < Period
            && FindOwner() is { } owner
            && HostAddressFile.Find(options.DataDirectory, owner) is null)
        {
            await Task.Delay(Pause, clock, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Nobody where nothing can be written: the engine says that, and what helps.</summary>
    private string? FindOwner()
    {
        try
        {
            return DataDirectory.FindOwner(options.DataDirectory);
        }
        catch (Exception exception) when (exception is DataDirectoryException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
