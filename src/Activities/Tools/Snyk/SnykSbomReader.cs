using System.Globalization;
using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.CycloneDx;
using AtomicDevOps.Activities.Tools.Http;

namespace AtomicDevOps.Activities.Tools.Snyk;

/// <summary>Makes a report of what a test of an SBOM found: vulnerabilities, packages, and remedies that tell which belongs to which.</summary>
internal static class SnykSbomReader
{
    public static ScanReport Read(IReadOnlyList<JsonElement> pages, string path, string version, Func<string, string> redact)
    {
        var included = pages.SelectMany(page => JsonAnswer.Each(JsonAnswer.Find(page, "included"))).ToList();
        var packages = IndexOf(included, "packages");
        var vulnerabilities = IndexOf(included, "vulnerabilities");
        var findings = new List<Finding>();
        var placed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var remedy in included.Where(each => JsonAnswer.FindText(each, "type") is "remedies"))
        {
            var relations = JsonAnswer.Find(remedy, "relationships");
            if (JsonAnswer.FindText(relations, "vulnerability", "data", "id") is { } id
                && vulnerabilities.TryGetValue(id, out var vulnerability)
                && JsonAnswer.FindText(relations, "affected_package", "data", "id") is { } package
                && packages.TryGetValue(package, out var affected)
                && ReadFinding(id, vulnerability, affected, path, version, redact) is { } finding)
            {
                placed.Add(id);
                findings.Add(finding);
            }
        }

        var lost = vulnerabilities.Keys.Count(id => !placed.Contains(id)) + CountMissing(pages, placed, vulnerabilities);
        var untested = pages.Sum(page => JsonAnswer.Each(JsonAnswer.Find(page, "data", "attributes", "test_summary", "untested")).Count());
        return new ScanReport(SnykIssueReader.Tool, lost + untested == 0 ? ScanOutcome.Checked : ScanOutcome.PartlyChecked)
        {
            ToolVersion = version,
            Findings = [.. findings.DistinctBy(finding => (finding.Package!.Advisory, finding.Package.Ecosystem, finding.Package.Name, finding.Package.Version))],
            Reason = (untested, lost) switch
            {
                (0, 0) => null,
                (0, _) => string.Create(CultureInfo.InvariantCulture, $"{lost} vulnerabilities of Snyk's answer belong to no package of it and are left out."),
                _ => string.Create(CultureInfo.InvariantCulture, $"{untested} components of the SBOM were not tested, for example because they have no package URL."),
            },
        };
    }

    /// <summary>What the answer refers to and does not hold.</summary>
    private static int CountMissing(IReadOnlyList<JsonElement> pages, HashSet<string> placed, Dictionary<string, JsonElement> vulnerabilities) =>
        pages.SelectMany(page => JsonAnswer.Each(JsonAnswer.Find(page, "data", "relationships", "vulnerabilities", "data")))
            .Select(each => JsonAnswer.FindText(each, "id"))
            .OfType<string>()
            .Distinct(StringComparer.Ordinal)
            .Count(id => !placed.Contains(id) && !vulnerabilities.ContainsKey(id));

    private static Dictionary<string, JsonElement> IndexOf(IEnumerable<JsonElement> included, string type)
    {
        var index = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var each in included.Where(each => string.Equals(JsonAnswer.FindText(each, "type"), type, StringComparison.Ordinal)))
        {
            if (JsonAnswer.FindText(each, "id") is { } id)
            {
                index.TryAdd(id, JsonAnswer.Find(each, "attributes"));
            }
        }

        return index;
    }

    private static Finding? ReadFinding(
        string id, JsonElement vulnerability, JsonElement package, string path, string version, Func<string, string> redact)
    {
        if (JsonAnswer.FindText(package, "name") is not { Length: > 0 } name
            || JsonAnswer.FindText(package, "version") is not { } packageVersion
            || JsonAnswer.FindText(vulnerability, "title") is not { Length: > 0 } title)
        {
            return null;
        }

        // The URL tells the ecosystem and the whole name.
        var ecosystem = SnykIssueReader.EcosystemOf(id);
        if (PackageUrl.TryParse(JsonAnswer.FindText(package, "purl"), out var url) && url.Ecosystem is { } known)
        {
            (ecosystem, name) = (known, url.PackageName);
        }

        var (score, vector) = SnykIssueReader.ReadScore(vulnerability);
        var problems = SnykIssueReader.ReadProblems(vulnerability);
        var fixedVersions = JsonAnswer.Each(JsonAnswer.Find(vulnerability, "coordinates")).Select(SnykIssueReader.FixedVersion).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        return new Finding
        {
            Kind = FindingKind.Dependency,
            Title = SnykIssueReader.OneLine(redact($"{name} {packageVersion}: {title}")),
            Message = SnykIssueReader.Cut(redact(JsonAnswer.FindText(vulnerability, "description") ?? title)),
            Location = new FindingLocation(path, 1),
            Severity = SnykIssueReader.SeverityOf(JsonAnswer.FindText(vulnerability, "effective_severity_level")),
            Score = score,
            Vector = vector,
            Weaknesses = [.. problems.Where(SnykIssueReader.IsCwe)],
            Package = new VulnerablePackage(ecosystem, name, packageVersion, id)
            {
                Aliases = [.. problems.Where(problem => !string.Equals(problem, id, StringComparison.Ordinal) && !SnykIssueReader.IsCwe(problem))],
                FixedVersion = fixedVersions.Count == 1 ? fixedVersions[0] : null,
            },
            Evidence = [new FindingEvidence(SnykIssueReader.Tool, id) { ToolVersion = version, Message = SnykIssueReader.Cut(redact(title)), Help = SnykIssueReader.HelpOf(id) }],
        };
    }
}
