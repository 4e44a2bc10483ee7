using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.ChatModel;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Experts.GenRemediationSecurity;

public static class GenRemediationSecurityServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="GenRemediationSecurityExpert"/> and the chat model that it asks, set up by the configuration sections <c>ChatModel</c>
    /// (<see cref="ChatModelOptions"/>) and <c>Remediation</c> (<see cref="RemediationOptions"/>), which are checked at start.
    /// </summary>
    public static IServiceCollection AddGenRemediationSecurity(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddChatModel(configuration);
        services.AddArtifacts(configuration);
        services.AddOptions<RemediationOptions>()
            .Bind(configuration.GetSection(RemediationOptions.Section))
            .Validate(static options => options.MaxFiles is >= 1 and <= 20, "Remediation:MaxFiles is out of range; it must be from 1 to 20.")
            .Validate(static options => options.MaxChangedLines is >= 1 and <= 1_000, "Remediation:MaxChangedLines is out of range; it must be from 1 to 1000.")
            .Validate(static options => options.MaxPatchBytes is >= 1_024 and <= 262_144, "Remediation:MaxPatchBytes is out of range; it must be from 1024 to 262144.")
            .ValidateOnStart();
        services.TryAddSingleton<GenRemediationSecurityExpert>();
        services.AddSingleton<IAgentProbe, GenRemediationSecurityProbe>();
        return services;
    }
}
