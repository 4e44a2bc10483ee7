using AtomicDevOps.Activities.Security.Ledger;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.KnownExploited;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Platform;

public static class PlatformServiceCollectionExtensions
{
    /// <summary>The operator's decisions and the off switches.</summary>
    public static IServiceCollection AddPlatform(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddDocuments(configuration);
        services.AddKnownExploited(configuration);
        services.AddSingleton<FindingLedgers>();
        services.AddSingleton<AgentSwitches>();
        services.AddOptions<PlatformOptions>()
            .Bind(configuration.GetSection(PlatformOptions.Section))
            .ValidateDataAnnotations()
            .Validate(
                options => options.Repositories.All(PlatformOptions.IsPattern),
                "Platform:Repositories has an entry that is no repository. Right would be 'owner/name' or 'owner/*'.")
            .Validate(
                options => options.PublicAddress is null or { IsAbsoluteUri: true, Scheme: "http" or "https" },
                "Platform:PublicAddress has to be an http or https address such as https://devops.example.com/.")
            .ValidateOnStart();
        return services;
    }
}
