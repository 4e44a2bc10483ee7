using AtomicDevOps.Activities.Tools.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.Logs;

public static class LogsServiceCollectionExtensions
{
    private const string Section = "Logs";

    /// <summary>Stage logs in files under <c>Logs:Directory</c>, or in blobs of <c>Logs:Container</c>.</summary>
    public static IServiceCollection AddStageLogs(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSecretRedactor(configuration);
        services.AddStore<LogsOptions>(configuration, Section).Validate(
            options => options.StageBytes is >= 4096 and <= 1024 * 1024 * 1024,
            "Logs:StageBytes is out of range; it must be from 4096 to 1073741824 bytes.");
        services.TryAddSingleton<IStageLog>(provider => provider.OpenContainer<LogsOptions>(BlobStageLog.Tool, Section) is { } container
            ? ActivatorUtilities.CreateInstance<BlobStageLog>(provider, container)
            : ActivatorUtilities.CreateInstance<FileStageLog>(provider));
        return services;
    }

    internal static IServiceCollection AddSecretRedactor(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(_ => SecretRedactor.FromConfiguration(configuration));
        return services;
    }
}
