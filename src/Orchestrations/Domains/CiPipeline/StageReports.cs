using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Orchestrations.Pipelines;

namespace AtomicDevOps.Orchestrations.Domains.CiPipeline;

/// <summary>What a build's result means for the change.</summary>
internal static class BuildReport
{
    public static StageOutcome Judge(ImageBuildResult result, string dockerfile)
    {
        if (result.Outcome == ImageBuildOutcome.Succeeded)
        {
            var cached = result.CachedSteps > 0 ? $", {result.CachedSteps} of them from the cache" : string.Empty;
            return StageOutcome.Passed($"{result.Steps} steps{cached}.");
        }

        var error = result.Error ?? $"The image cannot be built: {result.Outcome}.";
        var summary = result.FailedStep is { } step ? $"{error} Step: {step}" : error;
        return StageOutcome.Failed(summary, result.Output) with
        {
            Annotations = result.FailedLine is { } line ? [new CheckAnnotation(dockerfile, line, line, CheckAnnotationLevel.Failure, summary)] : [],
        };
    }
}

/// <summary>What the tests' report means for the change.</summary>
internal static class TestReport
{
    private const int MostAnnotations = 50;

    /// <param name="threshold">The line coverage asked for, 0 to 1; coverage that was asked for and not measured is not reached.</param>
    public static StageOutcome Judge(PyTestReport report, double? threshold, TimeSpan timeout)
    {
        var summary = Summarize(report, timeout);
        if (report.Outcome == PyTestOutcome.Passed)
        {
            if (threshold is null || report.Coverage is { ReachesThreshold: true })
            {
                return StageOutcome.Passed(summary);
            }

            if (report.Coverage is null)
            {
                return StageOutcome.Failed($"{summary} Coverage was asked for and could not be measured: {report.Problem ?? "pytest left no coverage report"}", report.OutputTail);
            }
        }

        // Without the tool nothing is known about the change; everything else the author can mend.
        var state = report.Outcome == PyTestOutcome.ToolMissing ? StageState.Errored : StageState.Failed;
        return new StageOutcome(state, summary)
        {
            Details = Details(report),
            Annotations =
            [
                .. from failure in report.Failures.Take(MostAnnotations)
                   where failure.File is not null
                   let line = failure.Line ?? 1
                   select new CheckAnnotation(failure.File!, line, line, CheckAnnotationLevel.Failure, Message(failure)) { Title = failure.TestId },
            ],
        };
    }

    private static string Summarize(PyTestReport report, TimeSpan timeout)
    {
        var counts = string.Create(CultureInfo.InvariantCulture, $"{report.Counts.Passed} of {report.Counts.Total} tests passed");
        if (report.Counts.Skipped > 0)
        {
            counts += $", {report.Counts.Skipped} skipped";
        }

        var summary = report.Outcome switch
        {
            PyTestOutcome.Passed or PyTestOutcome.Failed => counts,
            PyTestOutcome.NoTests => "pytest found no test",
            PyTestOutcome.TimedOut => string.Create(CultureInfo.InvariantCulture, $"The tests did not end within {timeout.TotalSeconds:0.#} s"),
            _ => report.Problem?.TrimEnd('.') ?? $"The tests ended with {report.Outcome}",
        };
        if (report.Coverage is { } coverage)
        {
            summary += string.Create(CultureInfo.InvariantCulture, $"; line coverage {coverage.LineRate * 100:0.#} %");
            if (coverage.Threshold is { } threshold)
            {
                summary += string.Create(CultureInfo.InvariantCulture, $", {(coverage.ReachesThreshold ? "at least" : "less than")} the {threshold * 100:0.#} % asked for");
            }
        }

        return summary + (report.Cached ? " (same content as before)." : ".");
    }

    private static string Details(PyTestReport report)
    {
        var text = new StringBuilder();
        foreach (var failure in report.Failures)
        {
            text.Append(failure.TestId).Append('\n').Append(Message(failure)).Append("\n\n");
        }

        if (report.Coverage is { ReachesThreshold: false } coverage)
        {
            foreach (var file in coverage.LeastCovered)
            {
                text.Append(CultureInfo.InvariantCulture, $"{file.File}: {file.LineRate * 100:0.#} %, {file.MissedLines} lines missed\n");
            }
        }

        return text.Length > 0 ? text.ToString() : report.OutputTail;
    }

    private static string Message(PyTestFailure failure) =>
        failure.Hint is { } hint ? $"{failure.Message}\n{hint}" : failure.Message;
}

/// <summary>What a lint command's ending means for the change.</summary>
internal static partial class LintReport
{
    private const int MostAnnotations = 50;
    private const string Workspace = "/workspace/";

    public static StageOutcome Judge(SandboxResult result, LintConfiguration lint) => result.Ending switch
    {
        SandboxEnding.Exited when result.ExitCode == 0 => StageOutcome.Passed("Nothing to complain about."),
        SandboxEnding.Exited => StageOutcome.Failed($"{lint.Command[0]} ended with exit code {result.ExitCode}.", result.Output) with
        {
            Annotations = [.. Annotations(result.Output)],
        },
        SandboxEnding.TimedOut => StageOutcome.Failed(
            string.Create(CultureInfo.InvariantCulture, $"{lint.Command[0]} did not end within {lint.Timeout.TotalSeconds:0.#} s."), result.Output),
        SandboxEnding.OutOfMemory => StageOutcome.Failed($"{lint.Command[0]} used more memory than it may.", result.Output),
        _ => new StageOutcome(StageState.Errored, $"{lint.Command[0]} was killed from outside."),
    };

    private static IEnumerable<CheckAnnotation> Annotations(string output) =>
        (from line in output.Split('\n')
         let match = Finding().Match(line)
         where match.Success
         let file = Relative(match.Groups["file"].Value)
         where file is not null
         let number = int.Parse(match.Groups["line"].ValueSpan, CultureInfo.InvariantCulture)
         let message = match.Groups["message"].Value.Trim()
         select new CheckAnnotation(file, number, number, CheckAnnotationLevel.Failure, message.Length > 0 ? message : "Reported here."))
        .Take(MostAnnotations);

    // Only files of the change can be annotated, not those of the image.
    private static string? Relative(string path)
    {
        var relative = path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path.StartsWith(Workspace, StringComparison.Ordinal) ? path[Workspace.Length..] : path;
        return relative.Length == 0 || relative[0] == '/' || relative.Split('/').Contains("..", StringComparer.Ordinal) ? null : relative;
    }

    // file:line: message and file:line:column: message, as most linters write; and Python's own File "x", line n.
    [GeneratedRegex(
        """^(?:(?<file>[^\s:"][^:"]{0,300}):(?<line>[1-9][0-9]{0,8}):(?:[0-9]{1,9}:)?(?<message>.*)|.*File "(?<file>[^"]{1,300})", line (?<line>[1-9][0-9]{0,8})(?<message>.*))$""",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Finding();
}
