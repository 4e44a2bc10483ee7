using System.Globalization;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.CycloneDx;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Snyk;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <summary>
/// Asks Snyk about dependencies: by its command line where build tools may run and it is installed, else by one SBOM of what head and base depend on. What it
/// finds is placed where the manifests and locks name the package, so that it is the same finding as the advisories'.
/// </summary>
internal sealed class SnykDependencyScanner(ISnykClient api, ISnykCli cli, IArtifactStore artifacts, IOptions<SnykOptions> options) : IDependencyScanner
{
    private const string Tool = "Snyk";

    public bool IsEnabled => api.IsConfigured;

    public async Task<(ScanReport Head, ScanReport? Base)> ScanAsync(
        ScaRequest request, DependencyReport head, DependencyReport? @base, CancellationToken cancellationToken)
    {
        if (head.Files.Count == 0)
        {
            return (new ScanReport(Tool, ScanOutcome.NotApplicable), @base is null ? null : new ScanReport(Tool, ScanOutcome.NotApplicable));
        }

        return options.Value.AllowBuild && await IsInstalledAsync(cancellationToken)
            ? await TestTreesAsync(request, head, @base, cancellationToken)
            : await TestInventoryAsync(head, @base, cancellationToken);
    }

    private async Task<bool> IsInstalledAsync(CancellationToken cancellationToken)
    {
        try
        {
            await cli.GetVersionAsync(cancellationToken);
            return true;
        }
        catch (ToolException)
        {
            return false;
        }
    }

    private async Task<(ScanReport Head, ScanReport? Base)> TestInventoryAsync(DependencyReport head, DependencyReport? @base, CancellationToken cancellationToken)
    {
        var components = head.Dependencies.Concat(@base?.Dependencies ?? []).Select(UrlOf).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(ComponentOf)
            .ToArray();
        ScanReport report;
        try
        {
            report = components.Length == 0 ? new ScanReport(Tool, ScanOutcome.Checked) : await api.TestSbomAsync(Write(components), string.Empty, cancellationToken);
        }
        catch (ToolException exception)
        {
            report = new ScanReport(Tool, ScanOutcome.NotChecked) { Reason = exception.Message };
        }

        return (Of(head), @base is null ? null : Of(@base));

        ScanReport Of(DependencyReport dependencies)
        {
            var untold = dependencies.Dependencies.Count(static each => UrlOf(each) is null);
            var gap = untold == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"Snyk was not asked about {untold} dependencies, whose exact version or ecosystem it could not be told.");
            var placed = report with { Findings = [.. report.Findings.SelectMany(finding => Place(finding, dependencies))] };
            return gap is null ? placed : placed.WithGap(report.Reason, gap);
        }
    }

    private async Task<(ScanReport Head, ScanReport? Base)> TestTreesAsync(
        ScaRequest request, DependencyReport head, DependencyReport? @base, CancellationToken cancellationToken)
    {
        var ofHead = await TestTreeAsync(request.Head, cancellationToken);
        var placed = ofHead with { Findings = PlaceOrKeep(ofHead, head) };
        if (request.Base is not { } reference || @base is null)
        {
            return (placed, null);
        }

        var ofBase = await TestTreeAsync(reference, cancellationToken);
        if (ofBase.Outcome is ScanOutcome.Checked or ScanOutcome.NotApplicable || ofHead.Outcome == ScanOutcome.NotChecked)
        {
            return (placed, ofBase with { Findings = PlaceOrKeep(ofBase, @base) });
        }

        // What is true of a version is true of it in the base as well, so most of what was there before is known all the same.
        var known = PlaceOrKeep(ofBase, @base).Concat(ofHead.Findings.SelectMany(finding => Place(finding, @base)));
        return (
            placed.WithGap(placed.Reason, $"What the change builds on was not tested whole, so packages that no file names may count as the change's: {ofBase.Reason}"),
            ofBase with { Findings = [.. known.Distinct()] });
    }

    private async Task<ScanReport> TestTreeAsync(WorkspaceReference workspace, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("snyk");
        var tree = Directory.CreateDirectory(Path.Combine(directory.Path, "tree")).FullName;
        await using (var archive = await artifacts.OpenReadAsync(workspace.Archive.Key, cancellationToken))
        {
            // The policy file tells Snyk what to leave out; only the platform's own suppressions count.
            await WorkspaceUnpacker.UnpackAsync(archive, tree, static path => Path.GetFileName(path) is not ".snyk", cancellationToken);
        }

        var results = Path.Combine(directory.Path, "results.json");
        SnykCliTest test;
        try
        {
            test = await cli.TestAsync(
                new SnykCliInvocation(SnykCliCommand.Test, tree, Path.Combine(directory.Path, "results.sarif")) { JsonFile = results }, cancellationToken);
        }
        catch (ToolException exception)
        {
            return new ScanReport(Tool, ScanOutcome.NotChecked) { Reason = exception.Message };
        }

        if (test.SarifFile is null)
        {
            return new ScanReport(Tool, test.Outcome) { ToolVersion = test.ToolVersion, Reason = test.Reason };
        }

        var report = await SnykTestReader.ReadAsync(results, cancellationToken) with { ToolVersion = test.ToolVersion };
        return test.Outcome == ScanOutcome.PartlyChecked ? report.WithGap(test.Reason, report.Reason) : report;
    }

    private static Finding[] PlaceOrKeep(ScanReport report, DependencyReport dependencies) =>
        [.. report.Findings.SelectMany(finding => Place(finding, dependencies) is { Length: > 0 } placed ? placed : [finding])];

    /// <returns>The finding at every place that names its package in its version.</returns>
    private static Finding[] Place(Finding finding, DependencyReport dependencies) =>
    [
        .. dependencies.Dependencies.Where(dependency => finding.Package is { } package && IsSame(package, dependency))
            .DistinctBy(static dependency => (dependency.Path, dependency.Line))
            .Select(dependency => finding with
            {
                Location = new FindingLocation(dependency.Path, dependency.Line),
                Package = finding.Package! with { Ecosystem = dependency.Ecosystem, Name = dependency.Name, Version = dependency.Version!, IsDirect = dependency.IsDirect },
            }),
    ];

    private static bool IsSame(VulnerablePackage package, PackageDependency dependency)
    {
        if (dependency.Version is not { } version || !string.Equals(package.Ecosystem.Split(':')[0], dependency.Ecosystem.Split(':')[0], StringComparison.Ordinal))
        {
            return false;
        }

        var scheme = VersionScheme.Find(dependency.Ecosystem);
        var (name, other) = (scheme?.NormalName(package.Name) ?? package.Name, scheme?.NormalName(dependency.Name) ?? dependency.Name);

        // Snyk names Go's packages, and files name the modules that they are in.
        var isNamed = string.Equals(name, other, StringComparison.Ordinal)
            || (dependency.Ecosystem is "Go" && name.StartsWith(other + "/", StringComparison.Ordinal));
        return isNamed && (scheme?.Read(package.Version) is { } read && scheme.Read(version) is { } against
            ? read.CompareTo(against) == 0
            : string.Equals(package.Version, version, StringComparison.Ordinal));
    }

    private static string? UrlOf(PackageDependency dependency) =>
        dependency.Version is { } version && VersionScheme.Find(dependency.Ecosystem)?.Read(version) is not null
            ? PackageUrl.Of(dependency.Ecosystem, dependency.Name, version)?.ToString()
            : null;

    private static CycloneDxComponent ComponentOf(string text)
    {
        var url = PackageUrl.Parse(text);
        return new CycloneDxComponent("library", url.Name) { Reference = text, Group = url.Namespace, Version = url.Version, PackageUrl = text };
    }

    private static byte[] Write(CycloneDxComponent[] components)
    {
        const string Root = "root";
        using var stream = new MemoryStream();
        CycloneDxWriter.Write(stream, new CycloneDxDocument
        {
            Subject = new CycloneDxComponent("application", "repository") { Reference = Root },
            Components = components,
            Dependencies = [new CycloneDxDependency(Root, [.. components.Select(static component => component.Reference!)])],
        });
        return stream.ToArray();
    }
}
