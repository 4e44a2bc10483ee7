using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Tools.AzureClients;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

public static class AzureResourceManagerServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IAzureResourceManagerClient"/>, <see cref="CloudApiExpert"/> and the probes, set up by the configuration sections
    /// <c>Azure</c> (<see cref="AzureResourceManagerOptions"/>) and <c>CloudApi</c> (<see cref="CloudApiOptions"/>), which are checked at start.
    /// </summary>
    public static IServiceCollection AddAzureResourceManager(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddAzureClients(configuration);
        services.AddOptions<CloudApiOptions>().Bind(configuration.GetSection(CloudApiOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CloudApiOptions>, CloudApiOptionsValidator>());
        services.AddSecretRedactor(configuration);
        services.TryAddSingleton<ArmTransport>();
        services.TryAddSingleton<IAzureResourceManagerClient, AzureResourceManagerClient>();
        services.TryAddSingleton<CloudApiExpert>();
        services.AddSingleton<IAgentProbe>(provider => ActivatorUtilities.CreateInstance<AzureResourceManagerProbe>(provider, ArmTransport.Tool));
        services.AddSingleton<IAgentProbe>(provider => ActivatorUtilities.CreateInstance<AzureResourceManagerProbe>(provider, CloudApiExpert.AgentName));
        return services;
    }
}
