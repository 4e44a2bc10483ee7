using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.PyTest;

public static class PyTestServiceCollectionExtensions
{
    /// <summary>
    /// The pytest client, the expert on it and their probes, from configuration section <c>PyTest</c>.
    /// Runs in containers need an <see cref="Docker.IContainerSandbox"/> to be registered too.
    /// </summary>
    public static IServiceCollection AddPyTest(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddProcesses(configuration);
        services.AddArtifacts(configuration);
        services.AddStageLogs(configuration);
        services.AddOptions<PyTestOptions>()
            .Bind(configuration.GetSection("PyTest"))
            .Validate(
                options => options.Python is null || !string.IsNullOrWhiteSpace(options.Python),
                "PyTest:Python is empty; it must be a program's name or absolute path, for example /usr/bin/python3, or be left out.")
            .Validate(options => !Path.IsPathRooted(options.Python) || File.Exists(options.Python), "PyTest:Python names a program that does not exist.")
            .Validate(
                options => options.Directory is null || Directory.Exists(options.Directory),
                "PyTest:Directory names a directory that does not exist.")
            .ValidateOnStart();
        services.TryAddSingleton<IPyTestClient, PyTestCli>();
        services.TryAddSingleton<PyTestExpert>();
        services.AddSingleton<IAgentProbe, PyTestCliProbe>();
        services.AddSingleton<IAgentProbe, PyTestExpertProbe>();
        return services;
    }
}
