using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

/// <summary>
/// The GitHub tool as the app sets it up, with a stand-in for the network and a clock that skips waits. The tests of this folder and of the
/// expert are compiled into Activities.Octokit.Tests too, where the harness chooses the other client.
/// </summary>
internal sealed partial class GitHubHarness : IDisposable
{
    public const string Token = "ghp_secretOfTheTest";

    public static readonly RepositoryName Repository = new("octo", "hello");

    private readonly ServiceProvider _services;

    public GitHubHarness(HttpMessageHandler network, params (string Key, string Value)[] settings)
    {
        var values = new Dictionary<string, string?> { ["GitHub:Token"] = Token };
        foreach (var (key, value) in settings)
        {
            values[$"GitHub:{key}"] = value.Length == 0 ? null : value;
        }

        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IArtifactStore>(Artifacts);
        services.AddGitHub(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        services.Configure<HttpClientFactoryOptions>(
            "GitHub", options => options.HttpMessageHandlerBuilderActions.Add(builder => builder.PrimaryHandler = network));
        ChooseClient(services);
        _services = services.BuildServiceProvider();
    }

    public SkippingTimeProvider Clock { get; } = new();

    public MemoryArtifactStore Artifacts { get; } = new();

    public IGitHubClient Client => _services.GetRequiredService<IGitHubClient>();

    public IGitHubTokenSource Tokens => _services.GetRequiredService<IGitHubTokenSource>();

    public IGitCredentialSource GitCredentials => _services.GetRequiredService<IGitCredentialSource>();

    public GitHubExpert Expert => _services.GetRequiredService<GitHubExpert>();

    public IReadOnlyList<IAgentProbe> Probes => [.. _services.GetServices<IAgentProbe>()];

    public GitHubOptions Options => _services.GetRequiredService<IOptions<GitHubOptions>>().Value;

    public void Dispose() => _services.Dispose();

    static partial void ChooseClient(IServiceCollection services);
}
