using System.Globalization;
using System.Text;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>The comment that a person reads on the pull request. What comes from the change itself cannot format, link or notify.</summary>
internal static class PullRequestComment
{
    /// <summary>Hidden in the comment, so that the next run updates it instead of adding one.</summary>
    public const string Marker = "pipeline";

    /// <summary>GitHub takes 65,536 characters; what is left of them is for the marker and the closing link.</summary>
    private const int LongestBody = 60_000;

    private const int LongestDetails = 6_000;
    private const int LongestSummary = 1_000;
    private const int LongestCell = 300;
    private const int MostFindings = 20;

    public static string Render(PipelineResult result, Uri? runUrl)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"### {Icon(result.Verdict)} {Headline(result.Verdict)}");
        if (result.HeadSha is { Length: >= 7 } sha)
        {
            text.Append(CultureInfo.InvariantCulture, $" · `{sha[..7]}`");
        }

        text.Append("\n\n").Append(Markdown.Plain(Cut(result.Summary, LongestSummary))).Append("\n\n");
        if (result.Stages.Count > 0)
        {
            text.Append("| stage | result | time | |\n|---|---|---:|---|\n");
            foreach (var stage in result.Stages)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {StageName(stage)} | {Icon(stage.State)} {Word(stage.State)} | {Time(stage.Duration)} | {Cell(stage.Summary)} |\n");
            }
        }

        if (result.Security is { Findings.Count: > 0 } security)
        {
            AppendFindings(text, security);
        }

        foreach (var stage in result.Stages.Where(stage => stage.State is StageState.Failed or StageState.Errored && stage.Details is { Length: > 0 }))
        {
            var details = stage.Details!.Length > LongestDetails ? "…" + stage.Details[^LongestDetails..] : stage.Details;
            var fence = Markdown.Fence(details);
            var section = $"\n<details open><summary>{stage.Name}</summary>\n\n{fence}text\n{details.TrimEnd()}\n{fence}\n\n</details>\n";
            text.Append(text.Length + section.Length <= LongestBody ? section : $"\nThe output of {stage.Name} does not fit in here.\n");
        }

        if (runUrl is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n[The run]({runUrl})\n");
        }

        return text.ToString();
    }

    private static void AppendFindings(StringBuilder text, SecurityVerdict security)
    {
        text.Append("\n| | finding | where | what would be right |\n|---|---|---|---|\n");
        foreach (var finding in security.Findings.Take(MostFindings))
        {
            var place = $"{finding.Path}:{finding.StartLine.ToString(CultureInfo.InvariantCulture)}";
            text.Append(CultureInfo.InvariantCulture, $"| {(finding.Blocks ? "❌" : "⚠️")} {finding.Severity.ToString().ToLowerInvariant()} | {Cell(finding.Title)} ({Cell(finding.Id)}) | {Cell(place)} | {Cell(finding.Message)} |\n");
        }

        if (security.Counts is { } counts && counts.Added > MostFindings)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nAnd {counts.Added - MostFindings} more.\n");
        }
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : $"{text[..length]}…";

    private static string StageName(StageStatus stage) => stage.CheckRun is null ? stage.Name : $"[{stage.Name}]({stage.CheckRun})";

    private static string Cell(string? text) => Markdown.Plain(Cut(text ?? string.Empty, LongestCell));

    private static string Time(TimeSpan? duration) => duration switch
    {
        null => string.Empty,
        { TotalMinutes: >= 1 } long_ => $"{(int)long_.TotalMinutes} min {long_.Seconds} s",
        { } short_ => short_.TotalSeconds.ToString("0.0 s", CultureInfo.InvariantCulture),
    };

    private static string Headline(PipelineVerdict verdict) => verdict switch
    {
        PipelineVerdict.Passed => "Passed",
        PipelineVerdict.Merged => "Passed and merged",
        PipelineVerdict.Failed => "Failed",
        PipelineVerdict.Refused => "Not run",
        PipelineVerdict.Superseded => "Superseded",
        PipelineVerdict.Cancelled => "Cancelled",
        _ => "Could not be checked",
    };

    private static string Icon(PipelineVerdict verdict) => verdict switch
    {
        PipelineVerdict.Passed or PipelineVerdict.Merged => "✅",
        PipelineVerdict.Failed => "❌",
        PipelineVerdict.Errored => "⚠️",
        _ => "⚪",
    };

    private static string Icon(StageState state) => state switch
    {
        StageState.Passed => "✅",
        StageState.Failed => "❌",
        StageState.Errored => "⚠️",
        StageState.Running or StageState.Waiting or StageState.Pending => "⏳",
        _ => "⚪",
    };

    private static string Word(StageState state) => state == StageState.Errored ? "not checked" : state.ToString().ToLowerInvariant();
}
