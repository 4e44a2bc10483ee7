using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Docker;

public static class DockerServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IDockerEngineClient"/> and <see cref="IContainerSandbox"/>, configured by section <c>Docker</c>.
    /// The sandbox needs an <see cref="Artifacts.IArtifactStore"/> and an <see cref="Logs.IStageLog"/> to be registered too.
    /// </summary>
    public static IServiceCollection AddDocker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DockerOptions>().Bind(configuration.GetSection(DockerOptions.SectionName)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DockerOptions>, DockerOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => DockerEndpoint.Resolve(
            provider.GetRequiredService<IOptions<DockerOptions>>().Value,
            Environment.GetEnvironmentVariable,
            File.Exists));

        // Build arguments stand in the address and credentials in the headers: neither is for a log.
        services.AddHttpClient(DockerEngineClient.HttpClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => DockerHttpHandler.Create(provider.GetRequiredService<DockerEndpoint>()))
            .RemoveAllLoggers();
        services.TryAddSingleton<IDockerEngineClient, DockerEngineClient>();
        services.TryAddSingleton<IContainerSandbox, ContainerSandbox>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAgentProbe, DockerEngineProbe>());
        return services;
    }
}
