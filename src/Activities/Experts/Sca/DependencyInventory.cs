using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Security.CycloneDx;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <summary>What a tree depends on, as a document that other tools read, and that can be judged again when there are new advisories.</summary>
internal static class DependencyInventory
{
    private const string FileName = "inventory.cdx.json";
    private const string Required = "required";
    private const string Optional = "optional";
    private const string Excluded = "excluded";

    /// <summary>The same for the same tree: without a serial number and without a time.</summary>
    /// <param name="repository">Whose tree it is; null where nobody said.</param>
    public static CycloneDxDocument Of(DependencyReport report, RepositoryName? repository, string commitSha)
    {
        var subject = repository is null ? null : Subject(repository, commitSha);
        var components = report.Dependencies.GroupBy(ReferenceOf, StringComparer.Ordinal).OrderBy(static same => same.Key, StringComparer.Ordinal).ToArray();
        return new CycloneDxDocument
        {
            Tools = [new CycloneDxComponent("application", "Atomic DevOps") { Version = typeof(DependencyInventory).Assembly.GetName().Version!.ToString(3) }],
            Subject = subject,
            Components = [.. components.Select(static same => Component(same.Key, [.. same]))],
            Dependencies = subject?.Reference is not { } reference
                ? []
                : [new CycloneDxDependency(reference, [.. components.Where(static same => same.Any(static each => each.IsDirect)).Select(static same => same.Key)])],
            IsIncomplete = report.Problems.Count > 0,
        };
    }

    /// <summary>What such a document says; one that cannot be read is a problem of the report.</summary>
    public static DependencyReport Read(byte[] document) =>
        DependencyFiles.Read(new InMemoryRepositoryFiles(new Dictionary<string, byte[]>(StringComparer.Ordinal) { [FileName] = document }));

    private static CycloneDxComponent Subject(RepositoryName repository, string commitSha)
    {
        var url = new PackageUrl("github", repository.Owner.ToLowerInvariant(), repository.Name.ToLowerInvariant(), commitSha).ToString();
        return new CycloneDxComponent("application", repository.Name) { Group = repository.Owner, Version = commitSha, Reference = url, PackageUrl = url };
    }

    private static string ReferenceOf(PackageDependency dependency) =>
        PackageUrl.Of(dependency.Ecosystem, dependency.Name, dependency.Version)?.ToString() ?? $"{dependency.Ecosystem} {dependency.Name} {dependency.Version}";

    private static CycloneDxComponent Component(string reference, PackageDependency[] same)
    {
        var first = same[0];
        var url = PackageUrl.Of(first.Ecosystem, first.Name, first.Version);
        return new CycloneDxComponent("library", url?.Name ?? first.Name)
        {
            Reference = reference,
            Group = url?.Namespace,
            Version = first.Version,
            PackageUrl = url?.ToString(),
            Scope = Array.Exists(same, static each => each.Scope is null) ? Required
                : Array.TrueForAll(same, static each => each.Scope is "dev" or "test" or "build" or Excluded) ? Excluded : Optional,
            Occurrences =
            [
                .. same.Select(static each => new CycloneDxOccurrence(each.Path, each.Line)).Distinct()
                    .OrderBy(static each => each.Location, StringComparer.Ordinal).ThenBy(static each => each.Line),
            ],
        };
    }
}
