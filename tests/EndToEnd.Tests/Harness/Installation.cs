using System.Text;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>A forge and a platform that belong together, in a directory of their own.</summary>
public sealed class Installation : IAsyncDisposable
{
    public const string WebhookSecret = "canary-webhook-secret-7c20e4";

    /// <summary>A secret that the platform has no use for: somebody's, in the environment of the machine.</summary>
    public const string CloudSecret = "canary-cloud-secret-3b9d55";

    private readonly DirectoryInfo _directory;

    private Installation(DirectoryInfo directory, Forge forge, PlatformProcess platform, DockerEngine engine)
    {
        _directory = directory;
        Forge = forge;
        Platform = platform;
        Engine = engine;
    }

    public Forge Forge { get; }

    public PlatformProcess Platform { get; }

    public PlatformClient Client => Platform.Client;

    public DockerEngine Engine { get; }

    /// <summary>What nobody outside of the platform may ever see.</summary>
    public IReadOnlyList<string> Secrets => [WebhookSecret, CloudSecret, PlatformProcess.FunctionKey, PlatformProcess.ManagementKey, Forge.BotToken];

    /// <param name="engine">The engine that the platform uses; it is not ended with the installation.</param>
    /// <param name="settings">Environment variables on top of the usual ones.</param>
    public static async Task<Installation> StartAsync(DockerEngine engine, params IEnumerable<(string Name, string Value)> settings)
    {
        var directory = Directory.CreateTempSubdirectory("atomicdevops-e2e-");
        var forge = await Forge.StartAsync(Path.Combine(directory.FullName, "forge"));
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["DOCKER_HOST"] = engine.Endpoint,
            ["GitHub__BaseAddress"] = forge.Address.ToString(),
            ["GitHub__Token"] = forge.BotToken,
            ["GitHub__Webhook__Secret"] = WebhookSecret,
            ["Git__AllowHttp"] = "true",
            ["Git__Directory"] = Path.Combine(directory.FullName, "git"),
            ["Artifacts__Directory"] = Path.Combine(directory.FullName, "artifacts"),
            ["Findings__Directory"] = Path.Combine(directory.FullName, "findings"),
            ["Logs__Directory"] = Path.Combine(directory.FullName, "logs"),
            ["Host__DataDirectory"] = Path.Combine(directory.FullName, "data"),
            ["Host__Keys__default"] = PlatformProcess.FunctionKey,
            ["Host__Keys__durabletask_extension"] = PlatformProcess.ManagementKey,
            ["Platform__HealthInterval"] = "00:00:05",
            ["AWS_SECRET_ACCESS_KEY"] = CloudSecret,
            ["Agents__SecurityOrchestrator__Enabled"] = "false",
            ["Bandit__Program"] = "bandit-is-not-asked",
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        try
        {
            var platform = await PlatformProcess.StartAsync(Path.Combine(directory.FullName, "platform"), environment);
            return new Installation(directory, forge, platform, engine);
        }
        catch
        {
            await forge.DisposeAsync();
            directory.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>Makes a repository whose events the platform gets.</summary>
    /// <param name="files">On top of <see cref="SampleRepository.Files"/>; a null takes one away.</param>
    public async Task<ForgeRepository> CreateRepositoryAsync(params IEnumerable<(string Path, string? Content)> files)
    {
        var repository = await Forge.CreateRepositoryAsync(SampleRepository.With(files));
        await repository.AddWebhookAsync(new Uri(Platform.Address, "api/github/webhook"), WebhookSecret);
        return repository;
    }

    /// <summary>The platform's own files that hold a text. What is the repository's content is not looked at: the git cache and the trees that are unpacked from.</summary>
    public IReadOnlyList<string> FilesWith(string text)
    {
        var searched = Encoding.UTF8.GetBytes(text);
        return [.. new[] { "artifacts", "logs", "data", "platform" }.Select(name => new DirectoryInfo(Path.Combine(_directory.FullName, name)))
            .Where(directory => directory.Exists)
            .SelectMany(directory => directory.EnumerateFiles("*", SearchOption.AllDirectories))
            .Where(file => file.Extension is not (".tar" or ".lock") && File.ReadAllBytes(file.FullName).AsSpan().IndexOf(searched) >= 0)
            .Select(file => file.FullName)];
    }

    public async ValueTask DisposeAsync()
    {
        await Platform.DisposeAsync();
        await Forge.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
