using System.Text.Json;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>
/// Keeps in the data directory, as long as this host serves, where commands on this machine reach it. The address counts only together
/// with the lock of the same process: one that a killed host left behind names nobody.
/// </summary>
internal sealed class HostAddressFile(
    FunctionHostOptions options, IServer server, IHostApplicationLifetime lifetime, ILogger<HostAddressFile> logger) : IHostedService, IDisposable
{
    private const string FileName = "host.address";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly string _path = Path.Combine(options.DataDirectory, FileName);
    private CancellationTokenRegistration _onStarted;

    /// <summary>Where the process that holds the directory serves; null if it serves nothing, or does not yet.</summary>
    public static Uri? Find(string dataDirectory, string owner)
    {
        try
        {
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(Path.Combine(dataDirectory, FileName)), Json);
            return content is { Address: { } address } && string.Equals(content.Owner, owner, StringComparison.Ordinal) ? address : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Removes what a killed host left behind: the next one may well have its process id, as in a container.</summary>
    public static void RemoveStale(string dataDirectory)
    {
        try
        {
            if (DataDirectory.FindOwner(dataDirectory) is null)
            {
                File.Delete(Path.Combine(dataDirectory, FileName));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Where nothing can be written the engine says so, and what helps.
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _onStarted = lifetime.ApplicationStarted.Register(Write);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _onStarted.Dispose();
        File.Delete(_path);
        return Task.CompletedTask;
    }

    public void Dispose() => _onStarted.Dispose();

    private void Write()
    {
        try
        {
            var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
            var address = addresses.FirstOrDefault(candidate => candidate.StartsWith("http://", StringComparison.Ordinal)) ?? addresses.FirstOrDefault();
            if (address is null || DataDirectory.FindOwner(options.DataDirectory) is not { } owner)
            {
                return;
            }

            var temporary = _path + ".tmp";
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(new Content(Reachable(address), owner), Json));
            File.Move(temporary, _path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("{Path} cannot be written ({Reason}): commands such as 'instances list' will not find this host", _path, exception.Message);
        }
    }

    private static Uri Reachable(string address) => new(address
        .Replace("://+", "://127.0.0.1", StringComparison.Ordinal)
        .Replace("://*", "://127.0.0.1", StringComparison.Ordinal)
        .Replace("://0.0.0.0", "://127.0.0.1", StringComparison.Ordinal)
        .Replace("://[::]", "://[::1]", StringComparison.Ordinal));

    private sealed record Content(Uri? Address, string? Owner);
}
