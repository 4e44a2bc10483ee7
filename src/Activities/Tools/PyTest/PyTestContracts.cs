using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.PyTest;

[JsonConverter(typeof(JsonStringEnumConverter<PyTestOutcome>))]
public enum PyTestOutcome
{
    Passed,
    Failed,

    /// <summary>pytest found no test to run.</summary>
    NoTests,

    /// <summary>Test files could not be imported or parsed, so their tests did not run.</summary>
    CollectionError,

    /// <summary>pytest did not understand its arguments or configuration, or a path does not exist.</summary>
    UsageError,
    TimedOut,
    OutOfMemory,

    /// <summary>The process ended without a report: a signal, too many processes, or an error in pytest itself.</summary>
    Crashed,

    /// <summary>Python or pytest (or pytest-cov for coverage) is not there.</summary>
    ToolMissing,
}

[JsonConverter(typeof(JsonStringEnumConverter<PyTestStrategy>))]
public enum PyTestStrategy
{
    /// <summary>Stops at the first failure.</summary>
    Fast,

    /// <summary>Runs everything.</summary>
    Thorough,

    /// <summary>Runs everything and measures line coverage; needs pytest-cov.</summary>
    Coverage,
}

[JsonConverter(typeof(JsonStringEnumConverter<PyTestFailureKind>))]
public enum PyTestFailureKind
{
    /// <summary>An <c>assert</c> did not hold, or <c>pytest.fail</c> was called.</summary>
    Assertion,

    /// <summary>The test raised an exception.</summary>
    Exception,
    ImportError,
    SyntaxError,

    /// <summary>A fixture failed before or after the test, or does not exist.</summary>
    Fixture,
    Timeout,
}

public sealed record PyTestCounts(int Total, int Passed, int Failed, int Errors, int Skipped)
{
    public static PyTestCounts None { get; } = new(0, 0, 0, 0, 0);
}

/// <param name="TestId">pytest's id as far as the report gives it, for example <c>tests/test_a.py::TestB::test_c[1]</c>.</param>
/// <param name="File">From the tree's root, parted by <c>/</c>; null where the report does not tell.</param>
/// <param name="Line">From 1 on.</param>
/// <param name="Message">What went wrong, cut after 4,000 characters.</param>
/// <param name="Hint">What is likely to help; null where nothing better than the message can be said.</param>
public sealed record PyTestFailure(string TestId, string? File, int? Line, string Message, PyTestFailureKind Kind, string? Hint);

/// <param name="LineRate">Covered lines over all lines, 0 to 1.</param>
/// <param name="Threshold">What was asked for, 0 to 1; null where nothing was.</param>
/// <param name="LeastCovered">The ten files with the lowest rates below 1, lowest first.</param>
public sealed record PyTestCoverage(double LineRate, double? Threshold, IReadOnlyList<FileCoverage> LeastCovered)
{
    /// <summary>The rate reaches the threshold, or there is none.</summary>
    public bool ReachesThreshold => Threshold is not { } threshold || LineRate >= threshold;
}

/// <param name="File">As coverage.py reports it.</param>
/// <param name="LineRate">0 to 1.</param>
/// <param name="MissedLines">How many lines no test ran.</param>
public sealed record FileCoverage(string File, double LineRate, int MissedLines);
