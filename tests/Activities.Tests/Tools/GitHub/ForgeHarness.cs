using System.Text;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.LocalForge;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

/// <summary>A forge with one repository that has a branch <c>feature/one</c> with one commit on top of <c>main</c>, and the tool that talks to it.</summary>
internal sealed class ForgeHarness : IAsyncDisposable
{
    public const string Name = "octo/hello";

    public static readonly RepositoryName Repository = RepositoryName.Parse(Name);

    private readonly string _directory = Directory.CreateTempSubdirectory("forge-").FullName;

    private ForgeHarness()
    {
    }

    public LocalForgeServer Forge { get; private set; } = null!;

    public SocketsHttpHandler Network { get; } = new() { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };

    public GitHubHarness GitHub { get; private set; } = null!;

    /// <summary>The tip of <c>feature/one</c>.</summary>
    public string Head { get; private set; } = "";

    public static async Task<ForgeHarness> StartAsync(CancellationToken cancellationToken)
    {
        var harness = new ForgeHarness();
        harness.Forge = await LocalForgeServer.StartAsync(
            new LocalForgeOptions { Directory = harness._directory, Mergeability = MergeabilityMode.AfterFirstLook, SarifProcessing = SarifProcessingMode.AfterFirstLook }, cancellationToken);
        await harness.Forge.Administration.CreateRepositoryAsync(Name, Files(("README.md", "hello")), cancellationToken: cancellationToken);
        harness.Head = await harness.Forge.Administration.CommitAsync(
            Name, "feature/one", "Add a module", Files(("src/a.py", "a = 1"))!, cancellationToken);
        var token = await harness.Forge.Administration.CreateTokenAsync("octo", cancellationToken: cancellationToken);
        harness.GitHub = new GitHubHarness(harness.Network, ("BaseAddress", harness.Forge.Address.AbsoluteUri), ("Token", token));
        return harness;
    }

    public async ValueTask DisposeAsync()
    {
        GitHub.Dispose();
        Network.Dispose();
        await Forge.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    public static Dictionary<string, byte[]> Files(params (string Path, string Text)[] files)
        => files.ToDictionary(f => f.Path, f => Encoding.UTF8.GetBytes(f.Text), StringComparer.Ordinal);
}
