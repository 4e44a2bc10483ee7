using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;

namespace AtomicDevOps.Activities.Tools.Bandit;

/// <summary>Bandit's JSON: https://bandit.readthedocs.io/en/latest/formatters/json.html.</summary>
internal static class BanditReport
{
    public static ScanReport Read(JsonElement root, string directory)
    {
        var findings = root.GetProperty("results").EnumerateArray().Select(result => Finding(result, directory)).ToArray();
        var errors = root.GetProperty("errors").EnumerateArray()
            .Select(error => $"{Relative(error.RequiredText("filename"), directory)} ({error.GetProperty("reason").GetString()})")
            .ToArray();
        return new ScanReport("Bandit", errors.Length == 0 ? ScanOutcome.Checked : ScanOutcome.PartlyChecked)
        {
            Findings = findings,
            Reason = errors.Length == 0 ? null : $"It could not read {string.Join(", ", errors.Take(5))}{(errors.Length > 5 ? " and others" : string.Empty)}.",
        };
    }

    private static Finding Finding(JsonElement result, string directory)
    {
        var rule = result.RequiredText("test_id");
        var isSecret = rule is "B105" or "B106" or "B107";

        // The message of these rules quotes the secret.
        var message = isSecret ? "A password or key stands in the code. Whoever reads the code has it; take it from the environment or a vault, and replace it." : result.RequiredText("issue_text");
        return new Finding
        {
            Kind = isSecret ? FindingKind.Secret : FindingKind.Code,
            Title = isSecret ? "Hard-coded password or key" : Title(result.RequiredText("test_name"), message),
            Message = message,
            Location = new FindingLocation(Relative(result.RequiredText("filename"), directory), result.GetProperty("line_number").GetInt32()),
            Severity = Severity(result.RequiredText("issue_severity"), result.RequiredText("issue_confidence")),
            Weaknesses = Weakness(result, rule) is { } weakness ? [weakness] : [],
            Evidence =
            [
                new FindingEvidence("Bandit", rule)
                {
                    Message = message,
                    Help = Uri.TryCreate(result.GetProperty("more_info").GetString(), UriKind.Absolute, out var help) ? help : null,
                },
            ],
        };
    }

    private static string Relative(string path, string directory) => Path.GetRelativePath(directory, Path.Combine(directory, path)).Replace('\\', '/');

    private static string? Weakness(JsonElement result, string rule) =>
        result.TryGetProperty("issue_cwe", out var cwe) && cwe.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number
            ? FormattableString.Invariant($"CWE-{id.GetInt32()}")
            : DocumentedWeakness(rule);

    // Reports of 1.6 have no weakness ids, those of 1.7.3 and later do; these are of the plugins' documentation.
    private static string? DocumentedWeakness(string rule) => rule switch
    {
        "B313" or "B314" or "B315" or "B316" or "B317" or "B318" or "B319" or "B320" or "B411" or "B506" => "CWE-20",
        "B310" => "CWE-22",
        "B102" or "B307" or "B404" or "B601" or "B602" or "B603" or "B604" or "B605" or "B606" or "B607" or "B609" => "CWE-78",
        "B308" => "CWE-79",
        "B702" or "B703" => "CWE-80",
        "B608" or "B610" or "B611" => "CWE-89",
        "B201" or "B701" => "CWE-94",
        "B105" or "B106" or "B107" => "CWE-259",
        "B323" or "B501" or "B507" => "CWE-295",
        "B312" or "B321" or "B401" or "B402" => "CWE-319",
        "B505" => "CWE-326",
        "B303" or "B304" or "B305" or "B324" or "B502" or "B503" or "B504" => "CWE-327",
        "B311" => "CWE-330",
        "B108" or "B306" => "CWE-377",
        "B301" or "B302" or "B403" => "CWE-502",
        "B104" => "CWE-605",
        "B101" or "B110" or "B112" => "CWE-703",
        "B103" => "CWE-732",
        _ => null,
    };

    // All rules about calls and imports that are on a list have one name.
    private static string Title(string name, string message) =>
        name is "blacklist" or "" ? message.Split(". ")[0].TrimEnd('.') : char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');

    /// <summary>What Bandit is not sure of counts one step less.</summary>
    private static FindingSeverity Severity(string severity, string confidence)
    {
        var told = severity switch
        {
            "HIGH" => FindingSeverity.High,
            "MEDIUM" => FindingSeverity.Medium,
            "LOW" => FindingSeverity.Low,
            _ => FindingSeverity.Unknown,
        };
        return told > FindingSeverity.Low && confidence is "LOW" ? told - 1 : told;
    }
}
