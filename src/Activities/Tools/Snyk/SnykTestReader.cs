using System.Globalization;
using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Http;

namespace AtomicDevOps.Activities.Tools.Snyk;

/// <summary>
/// Makes a report of what <c>snyk test</c> writes as JSON, one object or a list with one for each project:
/// https://docs.snyk.io/developer-tools/snyk-cli/scan-and-maintain-projects-using-the-cli/snyk-cli-for-open-source/review-the-snyk-open-source-cli-results.
/// Its SARIF does not name packages and other databases' ids apart.
/// </summary>
internal static class SnykTestReader
{
    private const long MaxBytes = 64 * 1024 * 1024;
    private const int MostNamed = 5;

    public static async Task<ScanReport> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await using var json = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (json.Length > MaxBytes)
            {
                return NotChecked($"its results are larger than {MaxBytes / (1024 * 1024)} MiB");
            }

            using var document = await JsonDocument.ParseAsync(json, cancellationToken: cancellationToken);
            return Read(document.RootElement);
        }
        catch (FileNotFoundException)
        {
            return NotChecked("it left no results in JSON");
        }
        catch (JsonException)
        {
            return NotChecked("its results in JSON are cut short or damaged");
        }
    }

    private static ScanReport Read(JsonElement root)
    {
        JsonElement[] projects = root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray()] : [root];
        var findings = new List<Finding>();
        var problems = new List<string>();
        foreach (var project in projects)
        {
            var path = PathOf(project);
            var vulnerabilities = JsonAnswer.Find(project, "vulnerabilities");
            if (vulnerabilities.ValueKind != JsonValueKind.Array)
            {
                problems.Add($"{(path.Length == 0 ? "A project" : path)} was not tested{(JsonAnswer.FindText(project, "error") is { } error ? $": {SnykIssueReader.Cut(SnykIssueReader.OneLine(error))}" : string.Empty)}");
                continue;
            }

            var unread = 0;
            foreach (var vulnerability in vulnerabilities.EnumerateArray().Where(static each => JsonAnswer.FindText(each, "type") is not "license"))
            {
                if (ReadFinding(vulnerability, path) is { } finding)
                {
                    findings.Add(finding);
                }
                else
                {
                    unread++;
                }
            }

            if (unread > 0)
            {
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{unread} vulnerabilities of {path} lack what Snyk's JSON usually has, and are left out"));
            }
        }

        var reason = string.Join("; ", problems.Take(MostNamed)) + (problems.Count > MostNamed ? " and others" : string.Empty);
        return new ScanReport(
            SnykIssueReader.Tool, problems.Count == 0 ? ScanOutcome.Checked : problems.Count == projects.Length && findings.Count == 0 ? ScanOutcome.NotChecked : ScanOutcome.PartlyChecked)
        {
            Findings = [.. findings.DistinctBy(static finding => (finding.Location.Path, finding.Package!.Advisory, finding.Package.Name, finding.Package.Version))],
            Reason = problems.Count == 0 ? null : reason + ".",
        };
    }

    private static ScanReport NotChecked(string problem) => new(SnykIssueReader.Tool, ScanOutcome.NotChecked) { Reason = $"Snyk ended, but {problem}." };

    /// <returns>From the tree's root; empty for what leads anywhere else.</returns>
    private static string PathOf(JsonElement project)
    {
        var path = (JsonAnswer.FindText(project, "displayTargetFile") ?? JsonAnswer.FindText(project, "targetFile") ?? string.Empty).Replace('\\', '/');
        return path.StartsWith('/') || path.Contains(':', StringComparison.Ordinal) || path.Split('/').Contains("..", StringComparer.Ordinal) ? string.Empty : path;
    }

    private static Finding? ReadFinding(JsonElement vulnerability, string path)
    {
        if (JsonAnswer.FindText(vulnerability, "id") is not { Length: > 0 } id
            || JsonAnswer.FindText(vulnerability, "title") is not { Length: > 0 } title
            || (JsonAnswer.FindText(vulnerability, "packageName") ?? JsonAnswer.FindText(vulnerability, "name")) is not { Length: > 0 } name
            || JsonAnswer.FindText(vulnerability, "version") is not { } version)
        {
            return null;
        }

        var fixedIn = Texts(vulnerability, "fixedIn");
        var from = Texts(vulnerability, "from");
        return new Finding
        {
            Kind = FindingKind.Dependency,
            Title = SnykIssueReader.OneLine($"{name} {version}: {title}"),
            Message = SnykIssueReader.Cut(JsonAnswer.FindText(vulnerability, "description") ?? title),
            Location = new FindingLocation(path, 1),
            Severity = SnykIssueReader.SeverityOf(JsonAnswer.FindText(vulnerability, "severityWithCritical") ?? JsonAnswer.FindText(vulnerability, "severity")),
            Score = JsonAnswer.Find(vulnerability, "cvssScore") is { ValueKind: JsonValueKind.Number } score && score.GetDouble() is >= 0 and <= 10 and var number ? number : null,
            Vector = JsonAnswer.FindText(vulnerability, "CVSSv3"),
            Weaknesses = [.. Texts(vulnerability, "identifiers", "CWE").Where(SnykIssueReader.IsCwe)],
            Package = new VulnerablePackage(SnykIssueReader.EcosystemOf(id), name, version, id)
            {
                Aliases = [.. Texts(vulnerability, "identifiers", "CVE"), .. Texts(vulnerability, "identifiers", "GHSA")],
                FixedVersion = fixedIn.Count == 1 ? fixedIn[0] : null,
                IsDirect = from.Count <= 2,
            },
            Evidence = [new FindingEvidence(SnykIssueReader.Tool, id) { Message = SnykIssueReader.Cut(title), Help = SnykIssueReader.HelpOf(id) }],
        };
    }

    private static List<string> Texts(JsonElement element, params ReadOnlySpan<string> path) =>
        [.. JsonAnswer.Each(JsonAnswer.Find(element, path)).Where(static each => each.ValueKind == JsonValueKind.String).Select(static each => each.GetString()!).Distinct(StringComparer.Ordinal)];
}
