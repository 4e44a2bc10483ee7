using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.Wapiti;

public static class WapitiServiceCollectionExtensions
{
    /// <summary><see cref="WapitiCli"/> and its probe, from configuration section <c>Wapiti</c> (<see cref="WapitiOptions"/>), which is checked at start.</summary>
    public static IServiceCollection AddWapiti(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddProcesses(configuration);
        services.AddOptions<WapitiOptions>().Bind(configuration.GetSection(WapitiOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<WapitiCli>();
        services.AddSingleton<IAgentProbe, WapitiProbe>();
        return services;
    }
}
