using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.Logs;
using Azure.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Activities.Tests.Tools.Blobs;

/// <summary>The stores as the app sets them up on an instance, in one container, with a clock that skips waits.</summary>
internal sealed class BlobStores : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public BlobStores(Uri container, params (string Key, string Value)[] settings)
    {
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Artifacts:Container"] = container.AbsoluteUri,
            ["Findings:Container"] = container.AbsoluteUri,
            ["Logs:Container"] = container.AbsoluteUri,
            ["Logs:StageBytes"] = "4096",
        };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton<TokenCredential>(Credential)
            .AddArtifacts(configuration)
            .AddDocuments(configuration)
            .AddStageLogs(configuration)
            .BuildServiceProvider();
    }

    public SkippingTimeProvider Clock { get; } = new();

    public TestCredential Credential { get; } = new();

    public IArtifactStore Artifacts => _services.GetRequiredService<IArtifactStore>();

    public IDocumentStore Documents => _services.GetRequiredService<IDocumentStore>();

    public IStageLog Logs => _services.GetRequiredService<IStageLog>();

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
