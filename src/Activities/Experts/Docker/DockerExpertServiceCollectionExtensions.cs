using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Experts.Docker;

public static class DockerExpertServiceCollectionExtensions
{
    /// <summary>Adds <see cref="DockerExpert"/> and, by <see cref="DockerServiceCollectionExtensions.AddDocker"/>, what it needs.</summary>
    public static IServiceCollection AddDockerExpert(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddDocker(configuration);
        services.TryAddSingleton<DockerExpert>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAgentProbe, DockerExpertProbe>());
        return services;
    }
}
