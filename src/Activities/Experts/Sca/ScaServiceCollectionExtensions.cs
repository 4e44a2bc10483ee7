using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.Http;
using AtomicDevOps.Activities.Tools.KnownExploited;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Experts.Sca;

public static class ScaServiceCollectionExtensions
{
    /// <summary>The expert and the source of advisories that it asks, from the configuration section <c>Osv</c>. <c>AddSnyk</c> has to be called too.</summary>
    public static IServiceCollection AddSca(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddArtifacts(configuration);
        services.AddDocuments(configuration);
        services.AddKnownExploited(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<OsvOptions>().Bind(configuration.GetSection(OsvOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OsvOptions>, OsvOptionsValidator>());
        JsonTransport.AddClient(services, OsvApi.ClientName, static provider => provider.GetRequiredService<IOptions<OsvOptions>>().Value.Timeout);
        services.TryAddSingleton<IAdvisorySource, OsvClient>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IDependencyScanner, SnykDependencyScanner>());
        services.TryAddSingleton<ScaExpert>();
        services.AddSingleton<IAgentProbe, OsvProbe>();
        services.AddSingleton<IAgentProbe, ScaExpertProbe>();
        return services;
    }
}
