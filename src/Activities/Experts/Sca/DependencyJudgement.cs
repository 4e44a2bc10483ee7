using System.Globalization;
using AtomicDevOps.Activities.Packages;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Cvss;
using AtomicDevOps.Activities.Tools.Osv;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <summary>Compares dependencies with advisories.</summary>
internal static class DependencyJudgement
{
    public const string Tool = "OSV";
    private const int MostNamed = 5;

    public static ScanReport NotNeeded { get; } = new(Tool, ScanOutcome.NotApplicable);

    public static OsvPackage PackageOf(PackageDependency dependency) => new(dependency.Ecosystem, dependency.Name);

    // Requirements files include others by any name.
    public static bool MayNameDependencies(string path) =>
        DependencyFiles.IsRead(path) || path.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".in", StringComparison.OrdinalIgnoreCase);

    /// <param name="answer">Null where there was nothing to ask about, or where the source could not answer.</param>
    /// <param name="problem">Why the source could not answer.</param>
    public static ScanReport Judge(DependencyReport report, AdvisoryAnswer? answer, string? problem)
    {
        if (report.Files.Count == 0)
        {
            return NotNeeded;
        }

        if (problem is not null)
        {
            return new ScanReport(Tool, ScanOutcome.NotChecked) { Reason = problem };
        }

        var gaps = report.Problems.Select(each => $"{each.Path}:{each.Line.ToString(CultureInfo.InvariantCulture)}: {each.Message}").ToList();
        gaps.AddRange(answer?.Problems ?? []);
        var findings = new List<Finding>();
        var unversioned = new List<string>();
        foreach (var dependency in report.Dependencies)
        {
            if (dependency.Version is not { } version || VersionScheme.Find(dependency.Ecosystem)?.Read(version) is null)
            {
                unversioned.Add($"{dependency.Name} ({dependency.Path}:{dependency.Line.ToString(CultureInfo.InvariantCulture)})");
                continue;
            }

            var records = answer?.Records.GetValueOrDefault(PackageOf(dependency)) ?? [];
            foreach (var record in records)
            {
                switch (OsvEvaluation.Evaluate(record, dependency.Ecosystem, dependency.Name, version))
                {
                    case OsvVerdict.Affected:
                        findings.Add(FindingOf(dependency, version, record, records));
                        break;
                    case OsvVerdict.Unknown:
                        gaps.Add($"{record.Id} cannot be compared with {dependency.Name} {version}.");
                        break;
                    default:
                        break;
                }
            }
        }

        var unknown = report.Dependencies.Select(static each => each.Ecosystem.Split(':')[0]).Distinct(StringComparer.Ordinal)
            .Where(ecosystem => answer?.Ecosystems?.Contains(ecosystem) is false)
            .Order(StringComparer.Ordinal)
            .ToList();
        if (unknown.Count > 0)
        {
            gaps.Add($"The source has no advisories at all about {Named(unknown)}.");
        }

        if (unversioned.Count > 0)
        {
            gaps.Add($"No exact version is told of {Named(unversioned)}; a lock file would.");
        }

        return new ScanReport(Tool, gaps.Count == 0 ? ScanOutcome.Checked : ScanOutcome.PartlyChecked)
        {
            Findings = findings,
            ToolVersion = answer?.AsOf,
            Reason = gaps.Count == 0 ? null : Named(gaps, " "),
        };
    }

    private static string Named(List<string> all, string separator = ", ") =>
        string.Join(separator, all.Take(MostNamed)) + (all.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {all.Count - MostNamed} more") : string.Empty);

    private static Finding FindingOf(PackageDependency dependency, string version, OsvRecord record, IReadOnlyList<OsvRecord> records)
    {
        var summary = OneLine(record.Summary ?? record.Details ?? record.Id);
        var vector = record.Severity.Select(each => CvssVector.TryParse(each.Score, out var read) ? read : null).OfType<CvssVector>().OrderByDescending(each => each.BaseScore).FirstOrDefault();
        var clean = LeastFixed.Find(dependency.Ecosystem, dependency.Name, version, [.. records], static _ => true);
        return new Finding
        {
            Kind = FindingKind.Dependency,
            Title = $"{dependency.Name} {version}: {summary}",
            Message = clean.Version is { } target
                ? $"{dependency.Name} {version} is affected by {record.Id}. {target} is the least later version that no advisory is known to affect."
                : $"{dependency.Name} {version} is affected by {record.Id}. No later version is known that no advisory affects.",
            Location = new FindingLocation(dependency.Path, dependency.Line),
            Severity = vector?.Severity ?? FindingSeverity.Unknown,
            Score = vector?.BaseScore,
            Vector = vector?.ToString(),
            Package = new VulnerablePackage(dependency.Ecosystem, dependency.Name, version, record.Id)
            {
                Aliases = record.Aliases,
                FixedVersion = OsvEvaluation.FirstFixed(record, dependency.Ecosystem, dependency.Name, version),
                IsDirect = dependency.IsDirect,
            },
            Evidence = [new FindingEvidence(Tool, record.Id) { Message = summary, Help = new Uri($"https://osv.dev/vulnerability/{Uri.EscapeDataString(record.Id)}") }],
        };
    }

    private static string OneLine(string text)
    {
        const int Longest = 120;
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= Longest ? line : $"{line[..Longest]}…";
    }
}
