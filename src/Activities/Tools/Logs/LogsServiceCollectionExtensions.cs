using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.Logs;

public static class LogsServiceCollectionExtensions
{
    /// <summary>Stage logs under <c>Logs:Directory</c>.</summary>
    public static IServiceCollection AddStageLogs(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSecretRedactor(configuration);
        services.AddOptions<LogsOptions>()
            .Bind(configuration.GetSection("Logs"))
            .Validate(options => !string.IsNullOrWhiteSpace(options.Directory), "Logs:Directory is empty; it must be the path of a directory, for example .data/logs.")
            .Validate(
                options => options.StageBytes is >= 4096 and <= 1024 * 1024 * 1024,
                "Logs:StageBytes is out of range; it must be from 4096 to 1073741824 bytes.")
            .Validate(options => WritableDirectory.IsUsable(options.Directory), WritableDirectory.Problem("Logs:Directory"))
            .ValidateOnStart();
        services.TryAddSingleton<IStageLog, FileStageLog>();
        return services;
    }

    internal static IServiceCollection AddSecretRedactor(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(_ => SecretRedactor.FromConfiguration(configuration));
        return services;
    }
}
