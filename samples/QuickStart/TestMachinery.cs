using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.PyTest;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.QuickStart;

/// <summary>What this machine can build and test with, asked by the platform's own clients.</summary>
internal sealed class TestMachinery : IAsyncDisposable
{
    /// <summary>What the sample repository's Dockerfile builds on.</summary>
    private const string BaseImage = "atomicdevops/python:3";

    private readonly ServiceProvider _services;

    private TestMachinery(ServiceProvider services) => _services = services;

    public PipelineRunner Runner { get; private init; }

    /// <summary>One sentence for people.</summary>
    public required string Description { get; init; }

    /// <summary>The configuration that makes the platform use it.</summary>
    public IReadOnlyDictionary<string, string> Configuration => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Platform__Runner"] = Runner.ToString(),
        ["PyTest__AllowLocal"] = Runner == PipelineRunner.Local ? "true" : "false",
    };

    /// <summary>A container engine with the base image, else a Python with pytest.</summary>
    /// <exception cref="QuickStartException">There is neither, the engine lacks the base image, or a setting is wrong.</exception>
    public static async Task<TestMachinery> FindAsync(string directory, CancellationToken cancellationToken)
    {
        var services = CreateServices(directory);
        try
        {
            var (version, problem) = await AskEngineAsync(services, cancellationToken);
            if (version is not null)
            {
                return new TestMachinery(services)
                {
                    Runner = PipelineRunner.Container,
                    Description = $"The container engine {version} builds the image and runs the tests in a locked-down container, without a network.",
                };
            }

            if (await services.GetRequiredService<IPyTestClient>().GetVersionAsync(cancellationToken) is { } pytest)
            {
                return new TestMachinery(services)
                {
                    Runner = PipelineRunner.Local,
                    Description = $"There is no container engine ({problem}), so no image is built, and the sample's own tests run by this machine's {pytest}, "
                        + "outside of any container.",
                };
            }

            throw new QuickStartException(
                $"There is neither a container engine ({problem}) nor a Python with pytest. ./quickstart.sh installs what is missing on Debian and Ubuntu; "
                + $"else install Docker or Podman, or Python 3 with pytest and pytest-cov, and start again.",
                ExitCodes.Unavailable);
        }
        catch (OptionsValidationException exception)
        {
            await services.DisposeAsync();
            throw new QuickStartException(exception.Message, ExitCodes.Unavailable);
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }
    }

    /// <summary>Removes what the engine still holds of a run that was stopped on the way.</summary>
    public async Task RemoveRunAsync(string runId, CancellationToken cancellationToken)
    {
        if (Runner == PipelineRunner.Container)
        {
            await _services.GetRequiredService<DockerExpert>().RemoveRunAsync(new DockerRunReference(runId), cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static ServiceProvider CreateServices(string directory)
    {
        var configuration = new ConfigurationBuilder()
            .AddEnvironmentVariables()
            .AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Artifacts:Directory"] = Path.Combine(directory, "artifacts"),
                ["Findings:Directory"] = Path.Combine(directory, "findings"),
                ["Logs:Directory"] = Path.Combine(directory, "logs"),
            })
            .Build();
        return new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddLogging(logging => logging.ClearProviders())
            .AddDockerExpert(configuration)
            .AddPyTest(configuration)
            .BuildServiceProvider();
    }

    /// <returns>The engine's version, or why there is none.</returns>
    /// <exception cref="QuickStartException">The engine answers but lacks the base image.</exception>
    private static async Task<(string? Version, string Problem)> AskEngineAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        try
        {
            var engine = services.GetRequiredService<IDockerEngineClient>();
            var version = await engine.GetVersionAsync(cancellationToken);
            await engine.InspectImageAsync(BaseImage, cancellationToken);
            return ($"{version.Version} ({version.Os}/{version.Arch})", "");
        }
        catch (ToolNotFoundException)
        {
            throw new QuickStartException(
                $"The container engine has no image {BaseImage}, which the sample's Dockerfile builds on. ./quickstart.sh makes it, as does "
                + "eng/setup/python-base-image.sh with DOCKER_HOST set to the engine.",
                ExitCodes.Unavailable);
        }
        catch (ToolException exception)
        {
            return (null, exception.Message.TrimEnd('.'));
        }
    }
}
