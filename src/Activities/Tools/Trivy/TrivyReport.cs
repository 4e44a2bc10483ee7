using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;

namespace AtomicDevOps.Activities.Tools.Trivy;

/// <summary>Trivy's JSON, schema version 2: https://trivy.dev/latest/docs/configuration/reporting/#json.</summary>
internal static class TrivyReport
{
    private const int SchemaVersion = 2;

    // The published checks name no weakness; these are the ones that another tool may find too.
    private static readonly Dictionary<string, string> Weaknesses = new(StringComparer.Ordinal)
    {
        ["DS002"] = "CWE-250",
        ["DS005"] = "CWE-73",
        ["DS013"] = "CWE-78",
        ["DS031"] = "CWE-798",
    };

    public static ScanReport Read(JsonElement root)
    {
        if (root.GetProperty("SchemaVersion").GetInt32() is var version and not SchemaVersion)
        {
            throw new FormatException(FormattableString.Invariant($"its schema has version {version}, and {SchemaVersion} is understood."));
        }

        var findings = new List<Finding>();
        foreach (var result in Items(root, "Results"))
        {
            var target = result.RequiredText("Target");
            findings.AddRange(Items(result, "Misconfigurations").Where(IsFailure).Select(found => Misconfiguration(found, target)));
            findings.AddRange(Items(result, "Secrets").Select(found => Secret(found, target)));
        }

        return new ScanReport("Trivy", ScanOutcome.Checked) { Findings = findings };
    }

    private static bool IsFailure(JsonElement found) => found.GetProperty("Status").GetString() is "FAIL";

    private static Finding Misconfiguration(JsonElement found, string target)
    {
        // Some checks have only the newer id.
        var rule = found.RequiredText("ID") is var id and not "N/A" ? id : found.RequiredText("AVDID");
        var message = $"{Text(found, "Message")}. {Text(found, "Resolution")}.";
        var cause = found.TryGetProperty("CauseMetadata", out var metadata) ? metadata : default;
        var start = Math.Max(Number(cause, "StartLine"), 1);
        return new Finding
        {
            Kind = FindingKind.Infrastructure,
            Title = Text(found, "Title"),
            Message = message,
            Location = new FindingLocation(target, start) { EndLine = Number(cause, "EndLine") is var end && end > start ? end : null },
            Severity = Severity(found),
            Weaknesses = Weaknesses.GetValueOrDefault(rule) is { } weakness ? [weakness] : [],
            Evidence = [new FindingEvidence("Trivy", rule) { Message = message, Help = Link(Text(found, "PrimaryURL")) }],
        };
    }

    // What was matched and the lines around it are left where they are: Trivy masks the secret itself, but not another one beside it.
    private static Finding Secret(JsonElement found, string target)
    {
        var title = Text(found, "Title");
        var start = found.GetProperty("StartLine").GetInt32();
        var end = found.GetProperty("EndLine").GetInt32();
        return new Finding
        {
            Kind = FindingKind.Secret,
            Title = $"{title} in the repository",
            Message = $"This looks like a secret ({title}). Whoever reads the repository has it: revoke it, take its successor from the environment or a vault.",
            Location = new FindingLocation(target, start) { EndLine = end > start ? end : null },
            Severity = Severity(found),
            Weaknesses = ["CWE-798"],
            Evidence = [new FindingEvidence("Trivy", Text(found, "RuleID")) { Message = title }],
        };
    }

    private static FindingSeverity Severity(JsonElement found) => Text(found, "Severity") switch
    {
        "CRITICAL" => FindingSeverity.Critical,
        "HIGH" => FindingSeverity.High,
        "MEDIUM" => FindingSeverity.Medium,
        "LOW" => FindingSeverity.Low,
        _ => FindingSeverity.Unknown,
    };

    private static JsonElement.ArrayEnumerator Items(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default;

    private static string Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim().TrimEnd('.') : string.Empty;

    private static int Number(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : 0;

    private static Uri? Link(string text) => Uri.TryCreate(text, UriKind.Absolute, out var link) && link.Scheme is "https" ? link : null;
}
