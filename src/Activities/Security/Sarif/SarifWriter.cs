using System.Globalization;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Json;

namespace AtomicDevOps.Activities.Security.Sarif;

/// <summary>
/// Writes one list of findings as a log in SARIF 2.1.0 within the limits that GitHub code scanning has
/// (https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit). What <see cref="SarifReader"/> reads from it
/// are the same findings.
/// </summary>
public static class SarifWriter
{
    public const int MostResults = 25_000;

    /// <summary>What the platform's own logs, and GitHub's alerts about what they tell, name as the tool.</summary>
    public const string PlatformTool = "Atomic DevOps";

    private const int MostDescriptionCharacters = 1024;
    private const int MostTags = 20;
    private const string Root = "%SRCROOT%";

    /// <param name="findings">With fingerprints; the most urgent are kept where there are too many.</param>
    /// <param name="reports">Of each tool that was asked.</param>
    /// <returns>What was left out, a sentence each.</returns>
    public static IReadOnlyList<string> Write(Stream target, IReadOnlyList<Finding> findings, IReadOnlyList<ScanReport> reports, SarifWriterOptions options)
    {
        var all = findings.Select(finding => (Finding: finding, Suppression: (Suppression?)null))
            .Concat(options.Suppressed.Select(suppressed => (suppressed.Finding, Suppression: (Suppression?)suppressed.Suppression)))
            .OrderBy(entry => entry.Suppression is not null)
            .ThenBy(entry => entry.Finding, FindingPriority.Comparer)
            .ToList();
        var told = new List<string>();
        if (all.RemoveAll(entry => entry.Finding.Location.Path.Length == 0) is > 0 and var without)
        {
            told.Add(string.Create(CultureInfo.InvariantCulture, $"{without} findings without a file are left out, as code scanning takes none of them."));
        }

        if (all.Count > MostResults)
        {
            told.Add(string.Create(CultureInfo.InvariantCulture, $"{all.Count - MostResults} of the least urgent findings are left out, as code scanning takes {MostResults}."));
            all.RemoveRange(MostResults, all.Count - MostResults);
        }

        var rules = all.GroupBy(entry => RuleId(entry.Finding), StringComparer.Ordinal)
            .OrderBy(rule => rule.Key, StringComparer.Ordinal)
            .Select(rule => (Id: rule.Key, Findings: rule.Select(entry => entry.Finding).ToArray()))
            .ToArray();
        var indexes = rules.Select((rule, index) => (rule.Id, index)).ToDictionary(rule => rule.Id, rule => rule.index, StringComparer.Ordinal);
        using var json = new Utf8JsonWriter(target, new JsonWriterOptions { Indented = false });
        json.WriteStartObject();
        json.WriteString("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        json.WriteString("version", "2.1.0");
        json.WriteStartArray("runs");
        json.WriteStartObject();
        json.WriteStartObject("tool");
        json.WriteStartObject("driver");
        json.WriteString("name", options.Tool);
        json.WriteString("semanticVersion", options.Version);
        WriteString(json, "informationUri", options.Information?.AbsoluteUri);
        json.WriteStartArray("rules");
        var cutTags = 0;
        foreach (var (id, same) in rules)
        {
            cutTags += WriteRule(json, id, same) ? 1 : 0;
        }

        if (cutTags > 0)
        {
            told.Add(string.Create(CultureInfo.InvariantCulture, $"{cutTags} rules have only {MostTags} of their tags, as code scanning takes no more."));
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("automationDetails");
        json.WriteString("id", options.Category);
        json.WriteEndObject();
        json.WriteStartObject("originalUriBaseIds");
        json.WriteStartObject(Root);
        WriteText(json, "description", "The repository's root.");
        json.WriteEndObject();
        json.WriteEndObject();
        WriteInvocations(json, reports);
        json.WriteString("columnKind", "utf16CodeUnits");
        json.WriteStartArray("results");
        foreach (var (finding, suppression) in all)
        {
            WriteResult(json, finding, suppression, RuleId(finding), indexes[RuleId(finding)]);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        return told;
    }

    private static string RuleId(Finding finding) => finding.Package is { } package ? package.Advisory : $"{finding.Evidence[0].Tool}/{finding.Evidence[0].Rule}";

    private static bool WriteRule(Utf8JsonWriter json, string id, Finding[] same)
    {
        var first = same.OrderBy(finding => finding, FindingPriority.Comparer).First();
        string[] tags =
        [
            "security",
            .. Kinds(first.Kind),
            .. Weakness.Order(same.SelectMany(finding => finding.Weaknesses)).Select(Tag).OfType<string>(),
        ];
        json.WriteStartObject();
        json.WriteString("id", id);
        var description = PlainText.Line(first.Title, MostDescriptionCharacters);
        WriteText(json, "shortDescription", description);
        WriteText(json, "fullDescription", description);
        json.WriteStartObject("help");
        json.WriteString("text", Help(first));
        json.WriteEndObject();
        if (first.Evidence.Select(evidence => evidence.Help).FirstOrDefault(help => help is not null) is { } link)
        {
            json.WriteString("helpUri", link.AbsoluteUri);
        }

        json.WriteStartObject("defaultConfiguration");
        json.WriteString("level", Level(same.Max(finding => SecurityGate.Weigh(finding.Severity))));
        json.WriteEndObject();
        json.WriteStartObject("properties");
        json.WriteString("security-severity", Score(same.Max(Score)));
        json.WriteStartArray("tags");
        foreach (var tag in tags.Take(MostTags))
        {
            json.WriteStringValue(tag);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        return tags.Length > MostTags;
    }

    private static string Help(Finding finding)
    {
        var help = new StringBuilder(finding.Title).Append('.');
        foreach (var weakness in finding.Weaknesses)
        {
            help.Append(CultureInfo.InvariantCulture, $" {weakness}: https://cwe.mitre.org/data/definitions/{weakness[(weakness.IndexOf('-', StringComparison.Ordinal) + 1)..]}.html");
        }

        foreach (var evidence in finding.Evidence.Where(evidence => evidence.Help is not null))
        {
            help.Append(CultureInfo.InvariantCulture, $" {evidence.Tool} {evidence.Rule}: {evidence.Help!.AbsoluteUri}");
        }

        return help.ToString();
    }

    /// <summary>One for each tool, so that one that did not look is told from one that found nothing.</summary>
    private static void WriteInvocations(Utf8JsonWriter json, IReadOnlyList<ScanReport> reports)
    {
        json.WriteStartArray("invocations");
        foreach (var report in reports.OrderBy(report => report.Tool, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteBoolean("executionSuccessful", report.Outcome != ScanOutcome.NotChecked);
            if (report.Outcome is ScanOutcome.NotChecked or ScanOutcome.PartlyChecked)
            {
                json.WriteStartArray("toolExecutionNotifications");
                json.WriteStartObject();
                json.WriteString("level", "error");
                WriteText(
                    json, "message", $"{report.Tool} {(report.Outcome == ScanOutcome.NotChecked ? "did not check" : "checked only a part")}: {report.Reason ?? "it gave no reason."}");
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteResult(Utf8JsonWriter json, Finding finding, Suppression? suppression, string ruleId, int ruleIndex)
    {
        json.WriteStartObject();
        json.WriteString("ruleId", ruleId);
        json.WriteNumber("ruleIndex", ruleIndex);
        json.WriteString("level", Level(finding.Severity));
        WriteText(json, "message", finding.Message.Length > 0 ? finding.Message : finding.Title);
        json.WriteStartArray("locations");
        json.WriteStartObject();
        json.WriteStartObject("physicalLocation");
        json.WriteStartObject("artifactLocation");
        json.WriteString("uri", string.Join('/', finding.Location.Path.Split('/').Select(Uri.EscapeDataString)));
        json.WriteString("uriBaseId", Root);
        json.WriteEndObject();
        json.WriteStartObject("region");
        json.WriteNumber("startLine", finding.Location.StartLine);
        WriteNumber(json, "startColumn", finding.Location.StartColumn);
        WriteNumber(json, "endLine", finding.Location.EndLine);
        WriteNumber(json, "endColumn", finding.Location.EndColumn);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        if (finding.Fingerprint.Length > 0)
        {
            json.WriteStartObject("partialFingerprints");
            json.WriteString(SarifReader.FingerprintKey, finding.Fingerprint);
            json.WriteString("primaryLocationLineHash", finding.Fingerprint + ":1");
            json.WriteEndObject();
        }

        if (suppression is not null)
        {
            json.WriteStartArray("suppressions");
            json.WriteStartObject();
            json.WriteString("kind", "external");
            json.WriteString("status", "accepted");
            json.WriteString("justification", suppression.ToString());
            json.WriteEndObject();
            json.WriteEndArray();
        }

        WriteProperties(json, finding);
        json.WriteEndObject();
    }

    private static void WriteProperties(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartObject("properties");
        if (finding.Score is { } score)
        {
            json.WriteString("security-severity", Score(score));
        }

        json.WriteStartArray("cwe");
        foreach (var weakness in finding.Weaknesses)
        {
            json.WriteStringValue(weakness);
        }

        json.WriteEndArray();
        json.WriteStartObject(SarifReader.PropertyKey);
        json.WriteString("kind", finding.Kind.ToString());
        json.WriteString("title", finding.Title);
        json.WriteString("severity", finding.Severity.ToString());
        WriteString(json, "vector", finding.Vector);
        WriteString(json, "lineDigest", finding.Location.LineDigest);
        json.WriteBoolean("knownExploited", finding.KnownExploited);
        if (finding.Reachable is { } reachable)
        {
            json.WriteBoolean("reachable", reachable);
        }

        if (finding.Package is { } package)
        {
            json.WriteStartObject("package");
            json.WriteString("ecosystem", package.Ecosystem);
            json.WriteString("name", package.Name);
            json.WriteString("version", package.Version);
            json.WriteString("advisory", package.Advisory);
            json.WriteStartArray("aliases");
            foreach (var alias in package.Aliases)
            {
                json.WriteStringValue(alias);
            }

            json.WriteEndArray();
            WriteString(json, "fixedVersion", package.FixedVersion);
            json.WriteBoolean("isDirect", package.IsDirect);
            json.WriteEndObject();
        }

        json.WriteStartArray("evidence");
        foreach (var evidence in finding.Evidence)
        {
            json.WriteStartObject();
            json.WriteString("tool", evidence.Tool);
            json.WriteString("rule", evidence.Rule);
            WriteString(json, "toolVersion", evidence.ToolVersion);
            WriteString(json, "message", evidence.Message);
            WriteString(json, "help", evidence.Help?.AbsoluteUri);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string[] Kinds(FindingKind kind) => kind switch
    {
        FindingKind.Secret => ["secret"],
        FindingKind.Infrastructure => ["misconfiguration"],
        FindingKind.Dependency => ["vulnerability"],
        _ => [],
    };

    private static string? Tag(string weakness) =>
        int.TryParse(weakness.AsSpan(weakness.IndexOf('-', StringComparison.Ordinal) + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? string.Create(CultureInfo.InvariantCulture, $"external/cwe/cwe-{number:000}")
            : null;

    private static string Level(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Critical or FindingSeverity.High => "error",
        FindingSeverity.Low or FindingSeverity.None => "note",
        _ => "warning",
    };

    /// <summary>One in the middle of the severity's range where none is known.</summary>
    private static double Score(Finding finding) => finding.Score ?? finding.Severity switch
    {
        FindingSeverity.Critical => 9.5,
        FindingSeverity.High => 8.0,
        FindingSeverity.Low => 2.0,
        FindingSeverity.None => 0.0,
        _ => 5.5,
    };

    private static string Score(double score) => score.ToString("0.0", CultureInfo.InvariantCulture);

    private static void WriteText(Utf8JsonWriter json, string name, string text)
    {
        json.WriteStartObject(name);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static void WriteString(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }
}

/// <param name="Tool">The platform's name.</param>
/// <param name="Version">The platform's semantic version.</param>
/// <param name="Information">Where the platform is reached; null where nobody can.</param>
/// <param name="Category">Tells this analysis from others of the same commit; it ends in a slash or names the run after the last one.</param>
public sealed record SarifWriterOptions(string Tool, string Version, Uri? Information, string Category)
{
    /// <summary>Written with the word of whoever suppressed them.</summary>
    public IReadOnlyList<SuppressedFinding> Suppressed { get; init; } = [];
}
