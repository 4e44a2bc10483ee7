using System.Formats.Tar;
using System.Text;
using AtomicDevOps.Activities.Experts.GenRemediationSecurity;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.ChatModel;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.ChatModel;

/// <summary>The chat model and its expert as the app sets them up, with a scripted endpoint and a clock that skips waits.</summary>
internal sealed class ChatModelHarness : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly TemporaryDirectory _directory = new();

    private ChatModelHarness(ChatModelStandIn endpoint, (string Key, string Value)[] settings)
    {
        Endpoint = endpoint;
        var values = new Dictionary<string, string?>
        {
            ["ChatModel:Provider"] = endpoint.Provider.ToString(),
            ["ChatModel:Endpoint"] = endpoint.Address.AbsoluteUri,
            ["ChatModel:Model"] = ChatModelStandIn.Model,
            ["ChatModel:ApiKey"] = ChatModelStandIn.ApiKey,
            ["Artifacts:Directory"] = _directory.Combine("artifacts"),
        };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Logs));
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IAdvisorySource>(new OsvClient(Options.Create(new OsvOptions())));
        services.AddGenRemediationSecurity(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        _services = services.BuildServiceProvider();
    }

    public ChatModelStandIn Endpoint { get; }

    public SkippingTimeProvider Clock { get; } = new();

    public RecordedLogs Logs { get; } = new();

    public string ArtifactsDirectory => _directory.Combine("artifacts");

    public IChatModelClient Client => _services.GetRequiredService<IChatModelClient>();

    public GenRemediationSecurityExpert Expert => _services.GetRequiredService<GenRemediationSecurityExpert>();

    public RemediationOptions Limits => _services.GetRequiredService<IOptions<RemediationOptions>>().Value;

    public IArtifactStore Artifacts => _services.GetRequiredService<IArtifactStore>();

    public IReadOnlyList<IAgentProbe> Probes => [.. _services.GetServices<IAgentProbe>()];

    public static async Task<ChatModelHarness> StartAsync(ChatModelProvider provider, params (string Key, string Value)[] settings) =>
        new(await ChatModelStandIn.StartAsync(provider), settings);

    public async Task<WorkspaceReference> PackAsync(params (string Path, string Content)[] files)
    {
        var archive = await Artifacts.WriteAsync(
            "run-1/workspace/tree.tar",
            async (stream, token) =>
            {
                await using var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);
                foreach (var (path, content) in files)
                {
                    await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) }, token);
                }
            },
            TestContext.Current.CancellationToken);
        return new WorkspaceReference(archive, new string('a', 40), files.Length);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Endpoint.DisposeAsync();
        _directory.Dispose();
    }
}
