using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>The management API of a data directory: that of the host that runs on it, or one in this process where none does.</summary>
internal sealed class HostConnection : IAsyncDisposable
{
    /// <summary>How long to wait for a host that starts or stops, or for another command.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly StoppedHost? _stopped;

    private HostConnection(HttpClient client, StoppedHost? stopped)
    {
        Client = client;
        _stopped = stopped;
    }

    public HttpClient Client { get; }

    /// <summary>Whether a host runs, which handles at once what is sent to its instances.</summary>
    public bool IsRunning => _stopped is null;

    /// <exception cref="CommandException">Neither a running host nor the database can be used; the message says why, and the cure.</exception>
    public static async Task<HostConnection> OpenAsync(
        FunctionHostOptions options, IConfiguration configuration, TimeProvider clock, CancellationToken cancellation)
    {
        if (!File.Exists(Path.Combine(options.DataDirectory, DataDirectory.DatabaseFileName)))
        {
            throw new CommandException(
                $"There is no database in '{options.DataDirectory}'. Start the host once, or set 'Host:DataDirectory' to the directory that it uses.");
        }

        var start = clock.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            string? owner;
            try
            {
                owner = DataDirectory.FindOwner(options.DataDirectory);
                if (owner is null)
                {
                    var stopped = await StoppedHost.OpenAsync(options, clock, cancellation);
                    return new HostConnection(stopped.Client, stopped);
                }

                if (HostAddressFile.Find(options.DataDirectory, owner) is { } address)
                {
                    return new HostConnection(Connect(address, options.DataDirectory, configuration), stopped: null);
                }
            }
            catch (DataDirectoryException) when (DataDirectory.FindOwner(options.DataDirectory) is { } other)
            {
                owner = other;
            }
            catch (UnauthorizedAccessException exception)
            {
                throw new CommandException($"{exception.Message} Run the command as the user that the host runs as.");
            }

            if (clock.GetElapsedTime(start) > Patience)
            {
                throw new CommandException(
                    $"Data directory '{options.DataDirectory}' is in use by {owner}, which serves no management API. "
                    + "If it is starting, try again when it has; otherwise stop it.");
            }

            await Task.Delay(Pause, clock, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_stopped is not null)
        {
            await _stopped.DisposeAsync();
        }
    }

    private static HttpClient Connect(Uri address, string dataDirectory, IConfiguration configuration)
    {
        var key = KeyStore.FindDurableTaskKey(dataDirectory, configuration) ?? throw new CommandException(
            $"There is no key for the host at {address}: '{dataDirectory}' has no keys.json, and 'Host:Keys:durabletask_extension' is not set. "
            + "Run the command with the configuration that the host has.");
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) };
        var client = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Add("x-functions-key", key);
        return client;
    }
}
