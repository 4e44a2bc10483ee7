using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Experts.Sca;

public static class ScaServiceCollectionExtensions
{
    /// <summary>The expert and the source of advisories that it asks, from the configuration section <c>Osv</c>.</summary>
    public static IServiceCollection AddSca(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddArtifacts(configuration);
        services.AddOptions<OsvOptions>()
            .Bind(configuration.GetSection(OsvOptions.Section))
            .Validate(
                static options => options.Directory is null || Directory.Exists(options.Directory),
                "Osv:Directory names a directory that does not exist. Right would be one with OSV records, such as an unpacked export of a database.")
            .ValidateOnStart();
        services.TryAddSingleton<IAdvisorySource, OsvClient>();
        services.TryAddSingleton<ScaExpert>();
        services.AddSingleton<IAgentProbe, OsvProbe>();
        services.AddSingleton<IAgentProbe, ScaExpertProbe>();
        return services;
    }
}
