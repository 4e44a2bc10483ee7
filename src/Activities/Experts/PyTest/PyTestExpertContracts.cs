using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.PyTest;

namespace AtomicDevOps.Activities.Experts.PyTest;

/// <param name="RunId">The pipeline run.</param>
/// <param name="Stage">The stage, unique in the run.</param>
/// <param name="Runner">Where the tests run.</param>
/// <param name="Workspace">The tree to test.</param>
public sealed record PyTestRequest(string RunId, string Stage, PyTestRunner Runner, WorkspaceReference Workspace)
{
    public PyTestStrategy Strategy { get; init; } = PyTestStrategy.Thorough;

    /// <summary>Files or directories from the tree's root; none means what the repository's own configuration says.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>
    /// Program and arguments to run instead of <c>python3 -m pytest</c>; pytest's options then come by <c>PYTEST_ADDOPTS</c>,
    /// so that a wrapper such as <c>make test</c> works too. Where it leaves no report, its exit code alone decides.
    /// </summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Put at the end of pytest's own arguments.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Line coverage to reach, 0 to 1; setting it measures coverage whatever the strategy. It does not change the outcome: see <see cref="PyTestCoverage.ReachesThreshold"/>.</summary>
    public double? CoverageThreshold { get; init; }

    public SandboxLimits Limits { get; init; } = new();
}

/// <param name="Image">Image id or reference, for <see cref="PyTestRunnerKind.Container"/>. Only results of an image id (<c>sha256:…</c>) are cached: a name may mean another image tomorrow.</param>
public sealed record PyTestRunner(PyTestRunnerKind Kind, string? Image = null)
{
    public static PyTestRunner Local { get; } = new(PyTestRunnerKind.Local);

    public static PyTestRunner Container(string image) => new(PyTestRunnerKind.Container, image);
}

[JsonConverter(typeof(JsonStringEnumConverter<PyTestRunnerKind>))]
public enum PyTestRunnerKind
{
    /// <summary>In a locked-down container.</summary>
    Container,

    /// <summary>By this machine's own Python, in a directory that is removed afterwards; only where <c>PyTest:AllowLocal</c> is true.</summary>
    Local,
}

/// <param name="Failures">At most 50, failures before errors.</param>
/// <param name="OutputTail">The end of what was printed, at most 16,000 characters, secrets redacted.</param>
/// <param name="Problem">For outcomes other than passed and failed, what is wrong and what would be right.</param>
/// <param name="Cached">The same tree was tested before in the same way; this is the report of that run.</param>
public sealed record PyTestReport(
    PyTestOutcome Outcome,
    PyTestCounts Counts,
    TimeSpan Duration,
    IReadOnlyList<PyTestFailure> Failures,
    PyTestCoverage? Coverage,
    string OutputTail,
    string? Problem = null,
    bool Cached = false);

/// <param name="Outcome"><see cref="PyTestOutcome.Passed"/> where the collection worked.</param>
/// <param name="TestIds">At most 10,000.</param>
/// <param name="Total">How many tests there are.</param>
public sealed record CollectedTests(PyTestOutcome Outcome, IReadOnlyList<string> TestIds, int Total, string? Problem = null);
