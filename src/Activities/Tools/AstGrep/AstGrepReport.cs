using System.Text.Json;
using AtomicDevOps.Activities.Security;

namespace AtomicDevOps.Activities.Tools.AstGrep;

/// <summary>ast-grep's JSON with the rules' metadata: https://ast-grep.github.io/guide/tools/json.html. Its lines and columns begin at 0.</summary>
internal static class AstGrepReport
{
    public static ScanReport Read(JsonElement root) => new("ast-grep", ScanOutcome.Checked) { Findings = [.. root.EnumerateArray().Select(Finding)] };

    private static Finding Finding(JsonElement match)
    {
        var metadata = match.GetProperty("metadata");
        var start = match.GetProperty("range").GetProperty("start");
        var end = match.GetProperty("range").GetProperty("end");
        var line = start.GetProperty("line").GetInt32() + 1;
        var lastLine = end.GetProperty("line").GetInt32() + 1;
        var message = match.GetProperty("message").GetString()!;
        return new Finding
        {
            Kind = Enum.Parse<FindingKind>(metadata.GetProperty("kind").GetString()!),
            Title = metadata.GetProperty("title").GetString()!,
            Message = message,
            Location = new FindingLocation(Path(match.GetProperty("file").GetString()!), line)
            {
                EndLine = lastLine > line ? lastLine : null,
                StartColumn = start.GetProperty("column").GetInt32() + 1,
                EndColumn = end.GetProperty("column").GetInt32() + 1,
            },
            Severity = match.GetProperty("severity").GetString() switch
            {
                "error" => FindingSeverity.High,
                "warning" => FindingSeverity.Medium,
                "info" => FindingSeverity.Low,
                _ => FindingSeverity.Unknown,
            },
            Weaknesses = [metadata.GetProperty("cwe").GetString()!],
            Evidence = [new FindingEvidence("ast-grep", match.GetProperty("ruleId").GetString()!) { Message = message }],
        };
    }

    private static string Path(string file) => file.StartsWith("./", StringComparison.Ordinal) ? file[2..] : file;
}
