using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.AstGrep;
using AtomicDevOps.Activities.Tools.Bandit;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Activities.Tools.Trivy;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Experts.Sast;

public static class SastServiceCollectionExtensions
{
    /// <summary>The expert and the scanners that it asks, from the configuration sections <c>Bandit</c>, <c>Trivy</c> and <c>AstGrep</c>.</summary>
    public static IServiceCollection AddSast(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddProcesses(configuration);
        services.AddArtifacts(configuration);
        services.AddOptions<BanditOptions>().Bind(configuration.GetSection(BanditOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<TrivyOptions>().Bind(configuration.GetSection(TrivyOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<AstGrepOptions>().Bind(configuration.GetSection(AstGrepOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddScanner<BanditCli>(BanditCli.ToolName, BanditCli.InstallHint);
        services.AddScanner<TrivyCli>(TrivyCli.ToolName, TrivyCli.InstallHint);
        services.AddScanner<AstGrepCli>(AstGrepCli.ToolName, AstGrepCli.InstallHint);
        services.TryAddSingleton<SastExpert>();
        services.AddSingleton<IAgentProbe, SastExpertProbe>();
        return services;
    }

    private static void AddScanner<TScanner>(this IServiceCollection services, string agent, string installHint)
        where TScanner : class, ICodeScanner
    {
        services.TryAddSingleton<TScanner>();
        services.AddSingleton<ICodeScanner>(static provider => provider.GetRequiredService<TScanner>());
        services.AddSingleton<IAgentProbe>(provider => new CodeScannerProbe(agent, provider.GetRequiredService<TScanner>(), installHint));
    }
}
