using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools.Zap;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Activities.Tests.Tools.Zap;

/// <summary>The client of ZAP as the app sets it up, with the stand-in for ZAP and a clock that skips waits.</summary>
internal sealed class ZapHarness : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private ZapHarness(ZapStandIn zap, (string Key, string? Value)[] settings)
    {
        Zap = zap;
        var values = new Dictionary<string, string?> { ["Zap:Address"] = zap.Server.Address.AbsoluteUri, ["Zap:ApiKey"] = ZapStandIn.Key };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Logs));
        services.AddSingleton<TimeProvider>(Clock);
        services.AddZap(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        _services = services.BuildServiceProvider();
    }

    public ZapStandIn Zap { get; }

    public SkippingTimeProvider Clock { get; } = new();

    public RecordedLogs Logs { get; } = new();

    public IZapClient Client => _services.GetRequiredService<IZapClient>();

    public IAgentProbe Probe => _services.GetServices<IAgentProbe>().Single();

    public static async Task<ZapHarness> StartAsync(params (string Key, string? Value)[] settings) => new(await ZapStandIn.StartAsync(), settings);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Zap.DisposeAsync();
        Logs.Lines.ShouldAllBe(line => !line.Contains(ZapStandIn.Key, StringComparison.Ordinal));
    }
}
