using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.GitHub;

public static class OctokitServiceCollectionExtensions
{
    /// <summary>
    /// Has <see cref="IGitHubClient"/> work by Octokit, before or after <see cref="GitHubServiceCollectionExtensions.AddGitHub"/>, whose
    /// settings, transport and tokens it shares.
    /// </summary>
    public static IServiceCollection AddOctokit(this IServiceCollection services)
        => services.Replace(ServiceDescriptor.Singleton<IGitHubClient, OctokitGitHubClient>());
}
