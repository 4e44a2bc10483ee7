using AtomicDevOps.Activities.Security.Ledger;
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
        services.AddStore<FindingsOptions>(configuration, Section)
            .Validate(static options => FindingDeadlines.IsInRange(options.Deadlines.Critical), OutOfRange(nameof(FindingDeadlines.Critical)))
            .Validate(static options => FindingDeadlines.IsInRange(options.Deadlines.High), OutOfRange(nameof(FindingDeadlines.High)))
            .Validate(static options => FindingDeadlines.IsInRange(options.Deadlines.Medium), OutOfRange(nameof(FindingDeadlines.Medium)))
            .Validate(static options => FindingDeadlines.IsInRange(options.Deadlines.Low), OutOfRange(nameof(FindingDeadlines.Low)))
            .Validate(
                static options => options.SweepInterval >= TimeSpan.FromHours(1) && options.SweepInterval <= TimeSpan.FromDays(365),
                "Findings:SweepInterval is out of range; it must be from 01:00:00 to 365.00:00:00.");
        services.TryAddSingleton<IDocumentStore>(provider => provider.OpenContainer<FindingsOptions>(DocumentJson.Tool, Section) is { } container
            ? new BlobDocumentStore(container)
            : ActivatorUtilities.CreateInstance<FileDocumentStore>(provider));
        return services;
    }

    private static string OutOfRange(string severity) => $"Findings:Deadlines:{severity} is out of range; it must be from 01:00:00 to 3650.00:00:00.";
}
