using System.Diagnostics;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Triggers;
using AtomicDevOps.EmbeddedHost.Triggers.Management;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>
/// The management API over the data directory of a host that does not run: its instances stay as they are, and what is sent to one waits
/// on disk for the next start.
/// </summary>
internal sealed class StoppedHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly DurableTaskEngine _engine;

    private StoppedHost(ServiceProvider services, DurableTaskEngine engine)
    {
        _services = services;
        _engine = engine;
    }

    /// <summary>Opens the management API; belongs to this host.</summary>
    public required HttpClient Client { get; init; }

    /// <exception cref="DataDirectoryException">The directory cannot be used.</exception>
    public static async Task<StoppedHost> OpenAsync(FunctionHostOptions options, TimeProvider clock, CancellationToken cancellation)
    {
        var keys = KeyStore.Ephemeral();
        var address = options.PublicAddress ?? new UriBuilder(Uri.UriSchemeHttp, "127.0.0.1", options.Port).Uri;
        var services = new ServiceCollection();
        services.AddSingleton(clock);
        services.AddEmbeddedDurableTask(durable =>
        {
            durable.DataDirectory = options.DataDirectory;
            durable.TakesTurns = false;
        });
        services.AddMetrics();
        services.AddRouting();
        services.AddSingleton(new DiagnosticListener(nameof(StoppedHost)));
        services.AddSingleton(options with { PublicAddress = address });
        services.AddSingleton(keys);
        services.AddSingleton<AuthorizationGate>();
        services.AddSingleton<HostAddress>();
        services.AddSingleton<FunctionsDurableTaskClient>();
        services.AddSingleton<ManagementApi>();
        var provider = services.BuildServiceProvider();
        try
        {
            var engine = provider.GetRequiredService<DurableTaskEngine>();
            await engine.StartAsync(cancellation);
            var pipeline = new ApplicationBuilder(provider)
                .UseRouting()
                .UseEndpoints(provider.GetRequiredService<ManagementApi>().Map)
                .Build();
            var client = new HttpClient(new InProcessHandler(pipeline, provider)) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
            client.DefaultRequestHeaders.Add("x-functions-key", keys.DurableTaskKey);
            return new StoppedHost(provider, engine) { Client = client };
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _engine.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }
}
