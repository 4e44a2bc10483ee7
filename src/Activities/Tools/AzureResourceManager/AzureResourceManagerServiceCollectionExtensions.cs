using System.Net;
using AtomicDevOps.Activities.Experts.CloudApi;
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
        services.AddOptions<AzureResourceManagerOptions>().Bind(configuration.GetSection(AzureResourceManagerOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AzureResourceManagerOptions>, AzureResourceManagerOptionsValidator>(
            _ => new AzureResourceManagerOptionsValidator(Environment.GetEnvironmentVariable)));
        services.AddOptions<CloudApiOptions>().Bind(configuration.GetSection(CloudApiOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CloudApiOptions>, CloudApiOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSecretRedactor(configuration);

        // The pipeline has the deadline, and tokens stand in the headers: neither is for this client.
        services.AddHttpClient(ArmTransport.ClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.All,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
        services.TryAddSingleton(provider => AzureCredential.Create(provider.GetRequiredService<IOptions<AzureResourceManagerOptions>>().Value));
        services.TryAddSingleton<ArmTransport>();
        services.TryAddSingleton<IAzureResourceManagerClient, AzureResourceManagerClient>();
        services.TryAddSingleton<CloudApiExpert>();
        services.AddSingleton<IAgentProbe>(provider => ActivatorUtilities.CreateInstance<AzureResourceManagerProbe>(provider, ArmTransport.Tool));
        services.AddSingleton<IAgentProbe>(provider => ActivatorUtilities.CreateInstance<AzureResourceManagerProbe>(provider, CloudApiExpert.AgentName));
        return services;
    }
}
