using AtomicDevOps.Activities.Packages.Imports;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Security;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <summary>Says of a vulnerable package that code reaches it where the repository's source imports it. That it does not is never said: there are ways that reading does not see.</summary>
internal static class Reachability
{
    public static bool CanTell(Finding finding) => finding is { Reachable: null, Package.Ecosystem: "PyPI" or "npm" or "Go" };

    public static ScanReport Mark(ScanReport report, DependencyReport dependencies, SourceImports imports)
    {
        var modules = dependencies.Dependencies.Where(static each => each.Ecosystem is "Go").Select(static each => each.Name).ToHashSet(StringComparer.Ordinal);
        return report with { Findings = [.. report.Findings.Select(finding => CanTell(finding) ? finding with { Reachable = IsImported(finding.Package!) } : finding)] };

        // What another package brings is not what an import of the repository means, as npm may install several versions.
        bool? IsImported(VulnerablePackage package) => package.Ecosystem switch
        {
            "PyPI" => imports.ImportsPython(package.Name),
            "npm" => package.IsDirect ? imports.ImportsEcmaScript(package.Name) : null,
            _ => imports.ImportsGo(package.Name, modules),
        };
    }
}
