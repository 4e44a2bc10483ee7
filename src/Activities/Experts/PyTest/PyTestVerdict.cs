using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.PyTest;

namespace AtomicDevOps.Activities.Experts.PyTest;

/// <summary>How a run ended, wherever it took place.</summary>
internal enum PyTestRunEnding
{
    Exited,
    TimedOut,
    OutOfMemory,
    TooManyProcesses,
}

/// <param name="Root">The directory that the tests ran in.</param>
/// <param name="Files">The reports, by path relative to the root.</param>
internal sealed record PyTestRunResult(PyTestRunEnding Ending, int? ExitCode, string Output, TimeSpan Duration, string Root, IReadOnlyDictionary<string, byte[]> Files);

/// <summary>Judges a run by its end, its exit code and its reports.</summary>
/// <remarks>pytest's exit codes: https://docs.pytest.org/en/stable/reference/exit-codes.html</remarks>
internal static partial class PyTestVerdict
{
    private const int MaxFailures = 50;
    private const int CommandNotExecutable = 126;
    private const int CommandNotFound = 127;

    public static PyTestReport Judge(PyTestRunResult run, PyTestCommandLine commandLine, PyTestRequest request, string outputTail)
    {
        JUnitReport? junit = null;
        PyTestCoverage? coverage = null;
        string? damage = null;
        try
        {
            junit = run.Files.TryGetValue(commandLine.JUnitPath, out var junitXml) ? JUnitReport.Parse(junitXml) : null;
            coverage = commandLine.CoveragePath is { } path && run.Files.TryGetValue(path, out var coverageXml)
                ? CoberturaReport.Parse(coverageXml, request.CoverageThreshold)
                : null;
        }
        catch (ReportFormatException exception)
        {
            damage = exception.Message;
        }

        var (outcome, problem) = damage is null ? Decide(run, junit, request) : OutcomeWithoutReport(run, damage, request.Limits);
        if (outcome is PyTestOutcome.Passed or PyTestOutcome.Failed && commandLine.CoveragePath is not null && coverage is null)
        {
            problem ??= "Coverage was asked for, but no coverage report was written. Install pytest-cov where the tests run.";
        }

        var failures = (junit?.Problems ?? [])
            .OrderBy(failure => failure.IsError)
            .Take(MaxFailures)
            .Select(failure => FailureAnalysis.Analyze(failure, run.Root));
        return new PyTestReport(outcome, junit?.Counts ?? PyTestCounts.None, run.Duration, [.. failures], coverage, outputTail, problem);
    }

    private static (PyTestOutcome Outcome, string? Problem) OutcomeWithoutReport(PyTestRunResult run, string damage, SandboxLimits limits) =>
        run.Ending == PyTestRunEnding.Exited ? (PyTestOutcome.Crashed, damage) : EndedByLimit(run.Ending, limits);

    private static (PyTestOutcome Outcome, string? Problem) EndedByLimit(PyTestRunEnding ending, SandboxLimits limits) => ending switch
    {
        PyTestRunEnding.TimedOut => (PyTestOutcome.TimedOut, $"The tests did not end within {limits.Timeout}. Look for a wait that nothing ends, split the tests, or raise test.timeout."),
        PyTestRunEnding.OutOfMemory => (PyTestOutcome.OutOfMemory, $"The tests used more than {limits.MemoryBytes / (1024 * 1024)} MiB of memory. Use less, or raise limits.memory."),
        _ => (PyTestOutcome.Crashed, $"The tests had more than {limits.Processes} processes at once. Start fewer, or raise limits.processes."),
    };

    private static (PyTestOutcome Outcome, string? Problem) Decide(PyTestRunResult run, JUnitReport? junit, PyTestRequest request)
    {
        if (run.Ending != PyTestRunEnding.Exited)
        {
            return EndedByLimit(run.Ending, request.Limits);
        }

        if (junit is null)
        {
            return DecideWithoutReport(run, request);
        }

        var broken = junit.Counts.Failed + junit.Counts.Errors > 0;
        var notCollected = junit.Problems.Any(problem => problem.IsError && problem.Message is "collection failure");
        return run.ExitCode switch
        {
            2 or 1 when notCollected => (PyTestOutcome.CollectionError, "Some test files could not be imported, so their tests did not run."),
            0 when !broken && junit.Counts.Total == 0 && request.Command is not { Count: > 0 } => (PyTestOutcome.NoTests, NoTests),
            0 when !broken => (PyTestOutcome.Passed, null),
            0 => (PyTestOutcome.Failed, "pytest ended with success, but its report holds failures."),
            1 when broken => (PyTestOutcome.Failed, null),
            1 => (PyTestOutcome.Failed, "No test failed, but pytest ended with an error; the end of its output says why."),
            2 => (PyTestOutcome.Crashed, "pytest was interrupted."),
            3 => (PyTestOutcome.Crashed, "pytest met an internal error; the end of its output says more."),
            4 => DecideUsageError(run.Output),
            5 => (PyTestOutcome.NoTests, NoTests),
            _ => broken ? (PyTestOutcome.Failed, null) : (PyTestOutcome.Crashed, $"The command ended with code {run.ExitCode}."),
        };
    }

    private static (PyTestOutcome Outcome, string? Problem) DecideWithoutReport(PyTestRunResult run, PyTestRequest request)
    {
        if (run.ExitCode is CommandNotExecutable or CommandNotFound || PyTestMissing().IsMatch(run.Output))
        {
            var command = request.Command is { Count: > 0 } own ? own[0] : "Python with pytest";
            return (PyTestOutcome.ToolMissing, $"{command} is not there. Install it in the image, or on the machine where tests run locally: python3 -m pip install pytest, or apt-get install python3-pytest.");
        }

        if (run.ExitCode == 4)
        {
            return DecideUsageError(run.Output);
        }

        if (request.Command is { Count: > 0 })
        {
            return run.ExitCode == 0
                ? (PyTestOutcome.Passed, "The command left no report, so single tests are not known.")
                : (PyTestOutcome.Failed, $"The command ended with code {run.ExitCode} and left no report; the end of its output says more.");
        }

        return run.ExitCode == 5
            ? (PyTestOutcome.NoTests, NoTests)
            : (PyTestOutcome.Crashed, $"pytest ended with code {run.ExitCode} and left no report. A test may have ended the whole process, or a signal has.");
    }

    private static (PyTestOutcome Outcome, string? Problem) DecideUsageError(string output)
    {
        if (CoverageMissing().IsMatch(output))
        {
            return (PyTestOutcome.ToolMissing, "pytest-cov is not there. Install it in the image, or on the machine where tests run locally: python3 -m pip install pytest-cov, or apt-get install python3-pytest-cov.");
        }

        return ConftestFailed().IsMatch(output)
            ? (PyTestOutcome.CollectionError, "A conftest.py could not be imported; the end of the output says why.")
            : (PyTestOutcome.UsageError, "pytest did not accept its arguments, its configuration or a test path; the end of its output says which.");
    }

    private const string NoTests = "pytest found no tests. Name test files test_*.py and test functions test_*, and check test.paths.";

    [GeneratedRegex(@"No module named '?pytest'?\s*$", RegexOptions.Multiline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PyTestMissing();

    [GeneratedRegex(@"unrecognized arguments:.*--cov", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex CoverageMissing();

    [GeneratedRegex(@"while loading conftest", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ConftestFailed();
}
