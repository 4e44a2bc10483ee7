using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GenRemediationSecurity;
using AtomicDevOps.Activities.Experts.PenTest;
using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Experts.Sca;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools.CodeQl;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Activities.Tools.Snyk;
using AtomicDevOps.Activities.Tools.Zap;
using AtomicDevOps.FunctionApp.Agents;
using AtomicDevOps.FunctionApp.GitHubWebhook;
using AtomicDevOps.FunctionApp.Hosting;
using AtomicDevOps.FunctionApp.Telemetry;

namespace AtomicDevOps.FunctionApp;

internal static class ServiceCollectionExtensions
{
    /// <summary>Everything that triggers, orchestrators and activities need, the same in both hosts.</summary>
    public static IServiceCollection AddAtomicDevOps(this IServiceCollection services, IConfiguration configuration) => services
        .AddProblemDetails()
        .AddPlatform(KeyVaultReferences.RequireResolved(configuration))
        .AddStageLogs(configuration)
        .AddGitHub(configuration)
        .AddGit(configuration)
        .AddDockerExpert(configuration)
        .AddPyTest(configuration)
        .AddAzureResourceManager(configuration)
        .AddSast(configuration)
        .AddSca(configuration)
        .AddPenTest(configuration)
        .AddGenRemediationSecurity(configuration)
        .AddCodeQl(configuration)
        .AddSnyk(configuration)
        .AddZap(configuration)
        .AddAgents(configuration)
        .AddGitHubWebhook(configuration)
        .AddTelemetry(configuration)
        .AddHealthChecks().Services
        .AddHost(configuration);
}
