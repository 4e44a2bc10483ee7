using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Http;

namespace AtomicDevOps.Activities.Tools.Snyk;

/// <summary>Makes findings of Snyk's projects and issues.</summary>
internal static partial class SnykIssueReader
{
    public const string Tool = "Snyk";

    private const int MaxMessage = 2000;

    public static SnykProject? ReadProject(JsonElement item)
    {
        var attributes = JsonAnswer.Find(item, "attributes");
        return JsonAnswer.FindText(item, "id") is { Length: > 0 } id && JsonAnswer.FindText(attributes, "name") is { } name
            ? new SnykProject(
                id,
                name,
                JsonAnswer.FindText(attributes, "type") ?? "",
                JsonAnswer.FindText(attributes, "origin") ?? "",
                JsonAnswer.FindText(attributes, "target_file") ?? "",
                JsonAnswer.FindText(attributes, "target_reference") ?? "",
                JsonAnswer.FindText(attributes, "status") is "active")
            : null;
    }

    public static bool IsLicence(JsonElement item) => JsonAnswer.FindText(item, "attributes", "type") is "license";

    /// <returns>One for each place; none where the issue lacks what the API documents.</returns>
    public static IEnumerable<Finding> ReadIssue(JsonElement item, SnykProject? project, Func<string, string> redact)
    {
        var attributes = JsonAnswer.Find(item, "attributes");
        if (JsonAnswer.FindText(attributes, "title") is not { Length: > 0 } title
            || JsonAnswer.FindText(attributes, "key") is not { } key
            || KindOf(JsonAnswer.FindText(attributes, "type")) is not { } kind)
        {
            yield break;
        }

        var (score, vector) = ReadScore(attributes);
        var problems = ReadProblems(attributes);
        var rule = problems.FirstOrDefault(IsSnyks) ?? (problems.Count > 0 ? problems[0] : key);
        var finding = new Finding
        {
            Kind = kind,
            Title = OneLine(redact(title)),
            Message = Cut(redact(JsonAnswer.FindText(attributes, "description") ?? title)),
            Location = new FindingLocation(string.IsNullOrEmpty(project?.TargetFile) ? project?.Name ?? "." : project.TargetFile, 1),
            Severity = SeverityOf(JsonAnswer.FindText(attributes, "effective_severity_level")),
            Score = score,
            Vector = vector,
            Weaknesses = [.. JsonAnswer.Each(JsonAnswer.Find(attributes, "classes"))
                .Select(each => JsonAnswer.FindText(each, "id"))
                .OfType<string>()
                .Where(id => Cwe().IsMatch(id))
                .Distinct(StringComparer.Ordinal)],
            Evidence = [new FindingEvidence(Tool, rule) { Message = Cut(redact(title)), Help = HelpOf(rule) }],
        };
        foreach (var coordinate in JsonAnswer.Each(JsonAnswer.Find(attributes, "coordinates")))
        {
            if (JsonAnswer.FindText(coordinate, "state") is "resolved")
            {
                continue;
            }

            var reachable = JsonAnswer.FindText(coordinate, "reachability") is "function" ? true : (bool?)null;
            foreach (var representation in JsonAnswer.Each(JsonAnswer.Find(coordinate, "representations")))
            {
                if (Place(finding, representation, rule, problems, FixedVersion(coordinate)) is { } placed)
                {
                    yield return placed with { Reachable = reachable };
                }
            }
        }
    }

    /// <summary>Of the SBOM test, whose problems, scores and remedies have the issues' shapes.</summary>
    public static (double? Score, string? Vector) ReadScore(JsonElement attributes)
    {
        var best = JsonAnswer.Each(JsonAnswer.Find(attributes, "severities"))
            .Where(each => JsonAnswer.FindText(each, "vector") is { Length: > 0 }
                && JsonAnswer.Find(each, "score") is { ValueKind: JsonValueKind.Number } score
                && score.GetDouble() is >= 0 and <= 10)
            .OrderByDescending(each => JsonAnswer.FindText(each, "source") is "Snyk")
            .FirstOrDefault();
        return best.ValueKind == JsonValueKind.Object ? (JsonAnswer.Find(best, "score").GetDouble(), JsonAnswer.FindText(best, "vector")) : (null, null);
    }

    public static IReadOnlyList<string> ReadProblems(JsonElement attributes) =>
        [.. JsonAnswer.Each(JsonAnswer.Find(attributes, "problems")).Select(each => JsonAnswer.FindText(each, "id")).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>The one version that Snyk says mends it; null where it names none, or one for each of several lines of releases.</summary>
    public static string? FixedVersion(JsonElement coordinate)
    {
        var named = JsonAnswer.Each(JsonAnswer.Find(coordinate, "remedies"))
            .Select(each => JsonAnswer.FindText(each, "details", "upgrade_package"))
            .OfType<string>()
            .Where(version => version.Length > 0 && !version.Contains(',', StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        return named.Count == 1 ? named[0] : null;
    }

    public static FindingSeverity SeverityOf(string? level) => level switch
    {
        "critical" => FindingSeverity.Critical,
        "high" => FindingSeverity.High,
        "medium" => FindingSeverity.Medium,
        "low" => FindingSeverity.Low,
        "info" or "none" => FindingSeverity.None,
        _ => FindingSeverity.Unknown,
    };

    public static Uri? HelpOf(string rule) => IsSnyks(rule) ? new Uri($"https://security.snyk.io/vuln/{Uri.EscapeDataString(rule)}") : null;

    public static string Cut(string text) => text.Length > MaxMessage ? string.Concat(text.AsSpan(0, MaxMessage), "…") : text;

    public static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    public static bool IsCwe(string id) => Cwe().IsMatch(id);

    private static bool IsSnyks(string id) => SnykId().IsMatch(id);

    private static FindingKind? KindOf(string? type) => type switch
    {
        "package_vulnerability" => FindingKind.Dependency,
        "code" or "custom" => FindingKind.Code,
        "config" or "cloud" => FindingKind.Infrastructure,
        _ => null,
    };

    private static Finding? Place(Finding finding, JsonElement representation, string rule, IReadOnlyList<string> problems, string? fixedVersion)
    {
        if (JsonAnswer.Find(representation, "sourceLocation") is { ValueKind: JsonValueKind.Object } source)
        {
            return JsonAnswer.FindText(source, "file") is { Length: > 0 } file ? finding with { Location = ReadLocation(file, JsonAnswer.Find(source, "region")) } : null;
        }

        if (JsonAnswer.Find(representation, "dependency") is { ValueKind: JsonValueKind.Object } dependency)
        {
            return JsonAnswer.FindText(dependency, "package_name") is { Length: > 0 } name && JsonAnswer.FindText(dependency, "package_version") is { } version
                ? finding with
                {
                    Title = $"{name} {version}: {finding.Title}",
                    Package = new VulnerablePackage(EcosystemOf(rule), name, version, rule)
                    {
                        Aliases = [.. problems.Where(problem => !string.Equals(problem, rule, StringComparison.Ordinal) && !IsCwe(problem))],
                        FixedVersion = fixedVersion,
                    },
                }
                : null;
        }

        return JsonAnswer.FindText(representation, "resourcePath") is not null || JsonAnswer.Find(representation, "cloud_resource").ValueKind == JsonValueKind.Object
            ? finding
            : null;
    }

    private static FindingLocation ReadLocation(string file, JsonElement region)
    {
        var line = Number(region, "start", "line") ?? 1;
        return new FindingLocation(file.Replace('\\', '/').TrimStart('/'), Math.Max(line, 1))
        {
            EndLine = Number(region, "end", "line") is { } end && end > line ? end : null,
            StartColumn = Number(region, "start", "column") is > 0 and var column ? column : null,
            EndColumn = Number(region, "end", "column") is > 0 and var last ? last : null,
        };
    }

    private static int? Number(JsonElement element, params ReadOnlySpan<string> path) =>
        JsonAnswer.Find(element, path) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;

    /// <summary>OSV's name for what Snyk's ids name: <c>SNYK-PYTHON-DJANGO-40026</c>, <c>SNYK-DEBIAN12-OPENSSL-…</c>, <c>npm:st:20171013</c>.</summary>
    internal static string EcosystemOf(string id)
    {
        var part = id.StartsWith("npm:", StringComparison.Ordinal) ? "JS" : id.Split('-') is ["SNYK", var second, ..] ? second : "";
        return part switch
        {
            "PYTHON" => "PyPI",
            "JS" => "npm",
            "DOTNET" => "NuGet",
            "JAVA" => "Maven",
            "GOLANG" => "Go",
            "RUST" => "crates.io",
            "RUBY" => "RubyGems",
            "PHP" => "Packagist",
            "HEX" => "Hex",
            "DART" => "Pub",
            "SWIFT" => "SwiftURL",
            _ when part.StartsWith("DEBIAN", StringComparison.Ordinal) && part.Length > 6 => $"Debian:{part[6..]}",
            _ when part.StartsWith("ALPINE", StringComparison.Ordinal) && part.Length > 7 => string.Create(CultureInfo.InvariantCulture, $"Alpine:v{part[6]}.{part[7..]}"),
            _ when part.StartsWith("UBUNTU", StringComparison.Ordinal) && part.Length == 10 => $"Ubuntu:{part[6..8]}.{part[8..]}",
            _ => part,
        };
    }

    [GeneratedRegex("^CWE-[0-9]{1,6}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Cwe();

    [GeneratedRegex("^(?:SNYK-[A-Z0-9]{2,30}-[A-Za-z0-9_.-]{1,300}|npm:[a-z0-9@/_.-]{1,220}:[0-9-]{8,12})$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SnykId();
}
