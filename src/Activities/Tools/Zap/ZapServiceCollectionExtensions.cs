using AtomicDevOps.Activities.Tools.Http;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Zap;

public static class ZapServiceCollectionExtensions
{
    /// <summary>The client of ZAP and its probe, from configuration section <c>Zap</c> (<see cref="ZapOptions"/>), which is checked at start.</summary>
    public static IServiceCollection AddZap(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSecretRedactor(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<ZapOptions>().Bind(configuration.GetSection(ZapOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ZapOptions>, ZapOptionsValidator>());
        JsonTransport.AddClient(services, ZapClient.ClientName, provider => provider.GetRequiredService<IOptions<ZapOptions>>().Value.Timeout);
        services.TryAddSingleton<IZapClient, ZapClient>();
        services.AddSingleton<IAgentProbe, ZapProbe>();
        return services;
    }
}
