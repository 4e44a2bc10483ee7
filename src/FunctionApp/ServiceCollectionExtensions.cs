using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.FunctionApp.Agents;
using AtomicDevOps.FunctionApp.GitHubWebhook;

namespace AtomicDevOps.FunctionApp;

internal static class ServiceCollectionExtensions
{
    /// <summary>Everything that triggers, orchestrators and activities need, the same in both hosts.</summary>
    public static IServiceCollection AddAtomicDevOps(this IServiceCollection services, IConfiguration configuration) => services
        .AddPlatform(configuration)
        .AddSingleton<AgentCatalog>()
        .AddSingleton<AgentMetrics>()
        .AddGitHubWebhook(configuration);
}
