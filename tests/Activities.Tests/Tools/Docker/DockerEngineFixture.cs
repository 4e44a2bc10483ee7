using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Tests.Tools.Docker;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Logs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(DockerEngineFixture))]

namespace AtomicDevOps.Activities.Tests.Tools.Docker;

/// <summary>The engine that <c>DOCKER_HOST</c> or the usual sockets lead to, with the Python base image.</summary>
public sealed class DockerEngineFixture : IAsyncLifetime
{
    public const string BaseImage = "atomicdevops/python:3";

    private string? _missing;

    public static string RepositoryRoot { get; } = FindRepositoryRoot();

    public async ValueTask InitializeAsync()
    {
        await using var docker = new DockerServices(endpoint: null);
        try
        {
            await docker.Engine.PingAsync(CancellationToken.None);
        }
        catch (ToolException exception)
        {
            _missing = exception.Message;
            return;
        }

        var (exitCode, output) = await ScriptAsync("eng/setup/python-base-image.sh", []);
        _missing = exitCode == 0 ? null : output;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Skips the test where there is no engine, and fails it where there has to be one.</summary>
    public DockerServices Require()
    {
        if (_missing is not null && Environment.GetEnvironmentVariable("CI") is "true")
        {
            Assert.Fail($"CI has to have a container engine: {_missing}");
        }

        Assert.SkipUnless(_missing is null, $"Needs a container engine; eng/setup/test-tools.sh starts one. {_missing}");
        return new DockerServices(endpoint: null);
    }

    public static async Task<(int ExitCode, string Output)> ScriptAsync(string script, IReadOnlyList<string> arguments, string? dockerHost = null)
    {
        var start = new ProcessStartInfo("/bin/bash", [Path.Combine(RepositoryRoot, script), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (dockerHost is not null)
        {
            start.Environment["DOCKER_HOST"] = dockerHost;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private static string FindRepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "AtomicDevOps.slnx")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }
}

/// <summary>The services as the app has them, over a directory and a run of their own; everything of the run is removed in the end.</summary>
public sealed class DockerServices : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("docker-tests-");

    public DockerServices(string? endpoint)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Docker:Endpoint"] = endpoint,
                ["Artifacts:Directory"] = Path.Combine(_directory.FullName, "artifacts"),
                ["Logs:Directory"] = Path.Combine(_directory.FullName, "logs"),
            })
            .Build();
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddArtifacts(configuration)
            .AddStageLogs(configuration)
            .AddDockerExpert(configuration)
            .BuildServiceProvider(validateScopes: true);
    }

    public string RunId { get; } = $"pipeline:octo:hello:12:{Guid.NewGuid():N}";

    public IDockerEngineClient Engine => _services.GetRequiredService<IDockerEngineClient>();

    public IContainerSandbox Sandbox => _services.GetRequiredService<IContainerSandbox>();

    public DockerExpert Expert => _services.GetRequiredService<DockerExpert>();

    public IStageLog Log => _services.GetRequiredService<IStageLog>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public SandboxRequest Request(params string[] command) => new(RunId, "tests", DockerEngineFixture.BaseImage, command)
    {
        Limits = new SandboxLimits { MemoryBytes = 64L * 1024 * 1024, Processes = 32, Timeout = TimeSpan.FromMinutes(1) },
    };

    public async Task<WorkspaceReference> WorkspaceAsync(params (string Path, string Content)[] files)
    {
        var archive = await Get<IArtifactStore>().WriteAsync($"workspaces/{Guid.NewGuid():N}", async (stream, token) =>
        {
            await using var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);
            foreach (var (path, content) in files)
            {
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) }, token);
            }
        }, CancellationToken.None);
        return new WorkspaceReference(archive, archive.Sha256[..40], files.Length);
    }

    public Task<DockerRunResources> LeftoversAsync() => Expert.ListRunResourcesAsync(new DockerRunReference(RunId), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Expert.RemoveRunAsync(new DockerRunReference(RunId), CancellationToken.None);
        }
        catch (ToolUnavailableException)
        {
            // The test ended the engine, or there is none.
        }

        await _services.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
