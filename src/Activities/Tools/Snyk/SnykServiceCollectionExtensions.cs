using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Http;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Snyk;

public static class SnykServiceCollectionExtensions
{
    /// <summary>Snyk's REST API, its command line, the scanner of code that asks it, and their probes, from configuration section <c>Snyk</c> (<see cref="SnykOptions"/>), which is checked at start.</summary>
    public static IServiceCollection AddSnyk(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddProcesses(configuration);
        services.AddOptions<SnykOptions>().Bind(configuration.GetSection(SnykOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SnykOptions>, SnykOptionsValidator>());
        JsonTransport.AddClient(services, SnykClient.ClientName, provider => provider.GetRequiredService<IOptions<SnykOptions>>().Value.Timeout);
        services.TryAddSingleton<SnykClient>();
        services.TryAddSingleton<ISnykClient>(provider => provider.GetRequiredService<SnykClient>());
        services.TryAddSingleton<ISnykCli, SnykCli>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITreeScanner, SnykCodeScanner>());
        services.AddSingleton<IAgentProbe, SnykProbe>();
        services.AddSingleton<IAgentProbe, SnykCliProbe>();
        return services;
    }
}
