using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Security;

namespace AtomicDevOps.Activities.Tools.Wapiti;

/// <summary>What a scan left out: Wapiti says it in its output only, and ends as if all were well.</summary>
internal static partial class WapitiGaps
{
    public static IReadOnlyList<string> Find(WapitiRun run)
    {
        var gaps = new List<string>();
        if (run.Output.Contains("Max scan time was reached", StringComparison.Ordinal))
        {
            gaps.Add("it ran out of time before it had followed every link");
        }

        if (CutModule.Matches(run.Output).Select(match => match.Groups["module"].Value).Distinct(StringComparer.Ordinal).ToArray() is { Length: > 0 } cut)
        {
            gaps.Add($"it ran out of time for {string.Join(", ", cut.Take(20))}");
        }

        if (MissingModule.Matches(run.Output).Select(match => match.Groups["module"].Value).Distinct(StringComparer.Ordinal).ToArray() is { Length: > 0 } missing)
        {
            gaps.Add($"this version has no working module {string.Join(", ", missing.Take(20))}");
        }

        if (Trace.IsMatch(run.Output))
        {
            gaps.Add("one of its modules failed");
        }

        if (Skipped.IsMatch(run.Output))
        {
            gaps.Add("the application did not answer some requests");
        }

        if (!run.OutputIsWhole)
        {
            gaps.Add("it printed more than is read");
        }

        return gaps;
    }

    public static ScanReport LeavingOut(this ScanReport report, IReadOnlyList<string> gaps)
    {
        if (gaps.Count == 0 || report.Outcome is not (ScanOutcome.Checked or ScanOutcome.PartlyChecked))
        {
            return report;
        }

        var reason = string.Join("; ", gaps);
        return report with
        {
            Outcome = ScanOutcome.PartlyChecked,
            Reason = $"{(report.Reason is null ? string.Empty : $"{report.Reason} ")}{char.ToUpperInvariant(reason[0])}{reason[1..]}.",
        };
    }

    [GeneratedRegex(@"^Max attack time was reached for module (?<module>[a-z_]{1,40})", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex CutModule { get; }

    [GeneratedRegex(
        @"^\[!\] (Unable to find a module named|Could not find module|Missing dependencies for module) (?<module>[a-z_]{1,40})",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 5_000)]
    private static partial Regex MissingModule { get; }

    [GeneratedRegex(@"^  File ""[^""\n]*wapitiCore/", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Trace { get; }

    [GeneratedRegex(@"^[0-9]+ requests were skipped due to network issues", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Skipped { get; }
}
