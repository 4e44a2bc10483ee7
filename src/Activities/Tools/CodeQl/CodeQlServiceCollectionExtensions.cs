using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.CodeQl;

public static class CodeQlServiceCollectionExtensions
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>The CodeQL client, the scanner that asks it, and its probe, from configuration section <c>CodeQl</c> (<see cref="CodeQlOptions"/>), which is checked at start.</summary>
    public static IServiceCollection AddCodeQl(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddProcesses(configuration);
        services.AddOptions<CodeQlOptions>()
            .Bind(configuration.GetSection(CodeQlOptions.Section))
            .Validate(
                options => !string.IsNullOrWhiteSpace(options.Executable),
                "CodeQl:Executable is empty; it must be a program's name or absolute path, for example codeql.")
            .Validate(options => !Path.IsPathRooted(options.Executable) || File.Exists(options.Executable), "CodeQl:Executable names a program that does not exist.")
            .Validate(options => Enum.IsDefined(options.Suite), "CodeQl:Suite is none; it must be Default, SecurityExtended or SecurityAndQuality.")
            .Validate(options => options.Threads is >= 0 and <= 256, "CodeQl:Threads is out of range; it must be 0 (one a core) to 256.")
            .Validate(options => options.MemoryMegabytes is >= 2048 and <= 1048576, "CodeQl:MemoryMegabytes is out of range; it must be 2048 to 1048576.")
            .Validate(
                options => options.Timeout >= Second && options.Timeout <= Day,
                "CodeQl:Timeout is out of range; it must be from a second to a day, for example 00:30:00.")
            .Validate(
                options => options.QueryTimeout >= Second && options.QueryTimeout <= Day,
                "CodeQl:QueryTimeout is out of range; it must be from a second to a day, for example 00:10:00.")
            .Validate(options => options.Directory is null || Directory.Exists(options.Directory), "CodeQl:Directory names a directory that does not exist.")
            .ValidateOnStart();
        services.TryAddSingleton<ICodeQlClient, CodeQlCli>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITreeScanner, CodeQlScanner>());
        services.AddSingleton<IAgentProbe, CodeQlCliProbe>();
        return services;
    }
}
