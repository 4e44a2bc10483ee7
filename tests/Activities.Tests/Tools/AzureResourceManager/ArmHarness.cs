using System.Collections.Concurrent;
using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Primitives.Agents;
using Azure.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;

/// <summary>The Azure tool as the app sets it up, with the stand-in for Azure and a clock that skips waits.</summary>
internal sealed class ArmHarness : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly bool _ownsAzure;

    private ArmHarness(ArmStandIn azure, bool ownsAzure, (string Key, string Value)[] settings)
    {
        _ownsAzure = ownsAzure;
        Azure = azure;
        var values = new Dictionary<string, string?>
        {
            ["Azure:SubscriptionId"] = ArmStandIn.SubscriptionId,
            ["Azure:BaseAddress"] = azure.Address.AbsoluteUri,
        };
        foreach (var (key, value) in settings)
        {
            values[key] = value.Length == 0 ? null : value;
        }

        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Logs));
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<TokenCredential>(Credential);
        services.AddAzureResourceManager(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        _services = services.BuildServiceProvider();
    }

    public ArmStandIn Azure { get; }

    public SkippingTimeProvider Clock { get; } = new();

    public TestCredential Credential { get; } = new();

    public RecordedLogs Logs { get; } = new();

    public IAzureResourceManagerClient Client => _services.GetRequiredService<IAzureResourceManagerClient>();

    public CloudApiExpert Expert => _services.GetRequiredService<CloudApiExpert>();

    public IReadOnlyList<IAgentProbe> Probes => [.. _services.GetServices<IAgentProbe>()];

    public static async Task<ArmHarness> StartAsync(params (string Key, string Value)[] settings) => new(await ArmStandIn.StartAsync(), ownsAzure: true, settings);

    /// <summary>A new process before an Azure that goes on.</summary>
    public static ArmHarness On(ArmStandIn azure, params (string Key, string Value)[] settings) => new(azure, ownsAzure: false, settings);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (_ownsAzure)
        {
            await Azure.DisposeAsync();
        }
    }
}

/// <summary>Gives the token that the stand-in takes, and keeps what it was asked for.</summary>
internal sealed class TestCredential : TokenCredential
{
    public ConcurrentQueue<TokenRequestContext> Asked { get; } = new();

    public string Token { get; set; } = ArmStandIn.Token;

    public Exception? Failure { get; set; }

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        Asked.Enqueue(requestContext);
        return Failure is null ? new AccessToken(Token, DateTimeOffset.MaxValue) : throw Failure;
    }

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        ValueTask.FromResult(GetToken(requestContext, cancellationToken));
}

/// <summary>Every line that is logged, at every level.</summary>
internal sealed class RecordedLogs : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
