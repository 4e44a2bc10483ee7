using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.AzureClients;

internal static class AzureClientsServiceCollectionExtensions
{
    /// <summary>What all clients of Azure share: the configuration section <c>Azure</c>, the credential that it asks for, and the HTTP client.</summary>
    public static IServiceCollection AddAzureClients(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AzureResourceManagerOptions>().Bind(configuration.GetSection(AzureResourceManagerOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AzureResourceManagerOptions>, AzureResourceManagerOptionsValidator>(
            _ => new AzureResourceManagerOptionsValidator(Environment.GetEnvironmentVariable)));
        services.TryAddSingleton(TimeProvider.System);

        // The pipeline has the deadline, and tokens stand in the headers: neither is for this client.
        services.AddServiceClient(AzureFailures.ClientName, static _ => Timeout.InfiniteTimeSpan).RemoveAllLoggers();
        services.TryAddSingleton(provider => AzureCredential.Create(provider.GetRequiredService<IOptions<AzureResourceManagerOptions>>().Value));
        return services;
    }
}
