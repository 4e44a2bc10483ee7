using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;

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
        var message = match.RequiredText("message");
        return new Finding
        {
            Kind = Enum.Parse<FindingKind>(metadata.RequiredText("kind")),
            Title = metadata.RequiredText("title"),
            Message = message,
            Location = new FindingLocation(Path(match.RequiredText("file")), line)
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
            Weaknesses = [metadata.RequiredText("cwe")],
            Evidence = [new FindingEvidence("ast-grep", match.RequiredText("ruleId")) { Message = message }],
        };
    }

    private static string Path(string file) => file.StartsWith("./", StringComparison.Ordinal) ? file[2..] : file;
}
