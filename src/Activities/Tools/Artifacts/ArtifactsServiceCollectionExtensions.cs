using AtomicDevOps.Activities.Tools.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.Artifacts;

public static class ArtifactsServiceCollectionExtensions
{
    private const string Section = "Artifacts";

    /// <summary>Artifacts in files under <c>Artifacts:Directory</c>, or in blobs of <c>Artifacts:Container</c>.</summary>
    public static IServiceCollection AddArtifacts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddStore<ArtifactsOptions>(configuration, Section);
        services.TryAddSingleton<IArtifactStore>(provider => provider.OpenContainer<ArtifactsOptions>(BlobArtifactStore.Tool, Section) is { } container
            ? new BlobArtifactStore(container)
            : ActivatorUtilities.CreateInstance<FileArtifactStore>(provider));
        return services;
    }
}
