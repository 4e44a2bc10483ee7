using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.Artifacts;

public static class ArtifactsServiceCollectionExtensions
{
    /// <summary>Artifacts in files under <c>Artifacts:Directory</c>.</summary>
    public static IServiceCollection AddArtifacts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ArtifactsOptions>()
            .Bind(configuration.GetSection("Artifacts"))
            .Validate(
                options => !string.IsNullOrWhiteSpace(options.Directory),
                "Artifacts:Directory is empty; it must be the path of a directory, for example .data/artifacts.")
            .Validate(options => WritableDirectory.IsUsable(options.Directory), WritableDirectory.Problem("Artifacts:Directory"))
            .ValidateOnStart();
        services.TryAddSingleton<IArtifactStore, FileArtifactStore>();
        return services;
    }
}
