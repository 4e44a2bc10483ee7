using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools.Snyk;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Activities.Tests.Tools.Snyk;

/// <summary>The Snyk tools as the app sets them up, with the stand-in for Snyk and a clock that skips waits.</summary>
internal sealed class SnykHarness : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private SnykHarness(SnykStandIn snyk, (string Key, string? Value)[] settings)
    {
        Snyk = snyk;
        var values = new Dictionary<string, string?>
        {
            ["Snyk:Token"] = SnykStandIn.Token,
            ["Snyk:Organization"] = SnykStandIn.Organization,
            ["Snyk:Executable"] = "snyk-that-nobody-has",
            ["Snyk:BaseAddress"] = snyk.Server.Address.AbsoluteUri,
        };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Logs));
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSnyk(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        _services = services.BuildServiceProvider();
    }

    public SnykStandIn Snyk { get; }

    public SkippingTimeProvider Clock { get; } = new();

    public RecordedLogs Logs { get; } = new();

    public ISnykClient Client => _services.GetRequiredService<ISnykClient>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public IAgentProbe Probe => _services.GetServices<IAgentProbe>().Single(probe => probe.Agent is SnykClient.ToolName);

    public static async Task<SnykHarness> StartAsync(params (string Key, string? Value)[] settings) => new(await SnykStandIn.StartAsync(), settings);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Snyk.DisposeAsync();
        Logs.Lines.ShouldAllBe(line => !line.Contains(SnykStandIn.Token, StringComparison.Ordinal));
    }
}
