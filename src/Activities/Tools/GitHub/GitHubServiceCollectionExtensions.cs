using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.Http;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.GitHub;

public static class GitHubServiceCollectionExtensions
{
    /// <summary>Largest answer that is held in memory; archives are streamed.</summary>
    private const long MaxAnswerBytes = 64 * 1024 * 1024;

    /// <summary>
    /// Adds <see cref="IGitHubClient"/>, <see cref="IGitHubTokenSource"/>, <see cref="GitHubExpert"/>, git's credentials for GitHub
    /// (<see cref="IGitCredentialSource"/>) and the probes, set up by the configuration section <c>GitHub</c> (<see cref="GitHubOptions"/>), which is checked at start.
    /// </summary>
    public static IServiceCollection AddGitHub(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GitHubOptions>().Bind(configuration.GetSection(GitHubOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GitHubOptions>, GitHubOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddArtifacts(configuration);

        services.AddServiceClient(
            GitHubTransport.ClientName, provider => provider.GetRequiredService<IOptions<GitHubOptions>>().Value.Timeout, MaxAnswerBytes);
        services.TryAddSingleton<GitHubTransport>();
        services.TryAddSingleton<IGitHubTokenSource>(provider => provider.GetRequiredService<IOptions<GitHubOptions>>().Value.App is null
            ? ActivatorUtilities.CreateInstance<PersonalTokenSource>(provider)
            : ActivatorUtilities.CreateInstance<AppTokenSource>(provider));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IGitCredentialSource, GitHubCredentialSource>());
        services.TryAddSingleton<IGitHubClient, GitHubRestClient>();
        services.TryAddSingleton<GitHubExpert>();
        services.AddSingleton<IAgentProbe>(provider => ActivatorUtilities.CreateInstance<GitHubProbe>(provider, GitHubTransport.Tool));
        services.AddSingleton<IAgentProbe>(provider => ActivatorUtilities.CreateInstance<GitHubProbe>(provider, GitHubExpert.AgentName));
        return services;
    }
}
