using AtomicDevOps.Activities.Tools.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AtomicDevOps.Activities.Tools.Documents;

public static class DocumentsServiceCollectionExtensions
{
    private const string Section = "Findings";

    /// <summary>Documents in files under <c>Findings:Directory</c>, or in blobs of <c>Findings:Container</c>.</summary>
    public static IServiceCollection AddDocuments(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddStore<FindingsOptions>(configuration, Section).Validate(
            static options => options.Deadlines.AreInRange,
            "Findings:Deadlines has a time that is out of range; each must be from 01:00:00 to 3650.00:00:00.");
        services.TryAddSingleton<IDocumentStore>(provider => provider.OpenContainer<FindingsOptions>(DocumentJson.Tool, Section) is { } container
            ? new BlobDocumentStore(container)
            : ActivatorUtilities.CreateInstance<FileDocumentStore>(provider));
        return services;
    }
}
