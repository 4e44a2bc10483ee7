using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Activities.Pipelines;

/// <summary>How a repository steers its pipeline: the content of its <c>.atomicdevops.yml</c>. Every key is optional.</summary>
public sealed record PipelineConfiguration
{
    /// <summary>Where a repository keeps the file.</summary>
    public const string Path = ".atomicdevops.yml";

    public BuildConfiguration Build { get; init; } = new();

    public TestConfiguration Test { get; init; } = new();

    public LintConfiguration Lint { get; init; } = new();

    public PolicyConfiguration Policy { get; init; } = new();

    public MergeConfiguration Merge { get; init; } = new();

    public SecurityConfiguration Security { get; init; } = new();

    public LimitsConfiguration Limits { get; init; } = new();

    /// <summary>Branches whose pushes run the pipeline without a pull request.</summary>
    public IReadOnlyList<string> Branches { get; init; } = [];
}

public sealed record BuildConfiguration
{
    /// <summary>Path of the Dockerfile from the root of the repository.</summary>
    public string Dockerfile { get; init; } = "Dockerfile";

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);
}

public sealed record TestConfiguration
{
    /// <summary>Auto lets the platform decide from the scope of the change.</summary>
    public TestStrategyChoice Strategy { get; init; } = TestStrategyChoice.Auto;

    /// <summary>Files and directories handed to pytest; none means that pytest finds them by itself.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Replaces <c>python3 -m pytest</c>; reporting arguments are added to it.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>The least line coverage in percent, 0 to 100; none means that coverage is no condition.</summary>
    public double? Coverage { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);
}

[JsonConverter(typeof(JsonStringEnumConverter<TestStrategyChoice>))]
public enum TestStrategyChoice
{
    Auto,
    Fast,
    Thorough,
    Coverage,
}

public sealed record LintConfiguration
{
    public bool Enabled { get; init; } = true;

    /// <summary>Runs in the image that was built; lines of the form <c>file:line: message</c> become annotations.</summary>
    public IReadOnlyList<string> Command { get; init; } = ["python3", "-m", "compileall", "-q", "."];

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);
}

public sealed record PolicyConfiguration
{
    /// <summary>Regular expression that the whole branch name has to match; none allows any name.</summary>
    public string? Branch { get; init; }

    /// <summary>Regular expression that the subject of every commit has to match; none allows any.</summary>
    public string? CommitMessage { get; init; }

    /// <summary>Whether the pull request needs a description.</summary>
    public bool Description { get; init; }

    /// <summary>Whether the branch has to contain its base's newest commit.</summary>
    public bool UpToDate { get; init; }

    /// <summary>Whether pull requests from forks are built at all.</summary>
    public bool Forks { get; init; } = true;
}

public sealed record MergeConfiguration
{
    /// <summary>Whether a pull request that passes is merged by the platform.</summary>
    public bool Automatic { get; init; }

    public MergeMethod Method { get; init; } = MergeMethod.Merge;

    /// <summary>Whether a person has to approve the merge at the gate <c>merge</c>.</summary>
    public bool Approval { get; init; }

    /// <summary>How long the gate waits for a person.</summary>
    public TimeSpan ApprovalTimeout { get; init; } = TimeSpan.FromDays(7);
}

/// <summary>What a pull request answers for is read from its target branch: a change cannot lower the bar that it has to take.</summary>
public sealed record SecurityConfiguration
{
    /// <summary>From here on a finding that the change adds blocks it. Secrets, and what is known to be exploited, always do.</summary>
    public FindingSeverity Threshold { get; init; } = FindingSeverity.High;

    /// <summary>What becomes of a change that a scanner did not look at, or not to the end.</summary>
    public NotCheckedPolicy NotChecked { get; init; } = NotCheckedPolicy.Warn;

    /// <summary>Whether the platform opens pull requests with fixes.</summary>
    public bool Fixes { get; init; } = true;

    /// <summary>Whether findings are handed to GitHub code scanning, too.</summary>
    public bool Upload { get; init; }

    public IReadOnlyList<Suppression> Suppressions { get; init; } = [];

    /// <summary>The web application in the image, where there is one to scan.</summary>
    public ApplicationConfiguration? Application { get; init; }
}

/// <summary>How the web application in the image is started and where it answers.</summary>
public sealed record ApplicationConfiguration
{
    /// <summary>Where it listens, on any address of its container.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Where a scan begins; it stays in this folder.</summary>
    public string Path { get; init; } = "/";

    /// <summary>Program and arguments; none means the image's own.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];
}

public sealed record LimitsConfiguration
{
    public long Memory { get; init; } = 512L * 1024 * 1024;

    public double Cpus { get; init; } = 1;

    public int Processes { get; init; } = 128;

    /// <summary>The largest file that the tree may hold, in bytes.</summary>
    public long FileSize { get; init; } = 100L * 1024 * 1024;

    /// <summary>The most that the tree may hold in all, in bytes.</summary>
    public long TreeSize { get; init; } = 500L * 1024 * 1024;

    /// <summary>The limits of a sandbox that may run for <paramref name="timeout"/>.</summary>
    public SandboxLimits ForSandbox(TimeSpan timeout) => new()
    {
        MemoryBytes = Memory,
        Cpus = Cpus,
        Processes = Processes,
        Timeout = timeout,
    };
}

/// <param name="Line">1-based line in the file.</param>
/// <param name="Column">1-based column in the line.</param>
/// <param name="Message">What is wrong and what would be right.</param>
public sealed record ConfigurationProblem(int Line, int Column, string Message)
{
    public override string ToString() => $"{PipelineConfiguration.Path}:{Line}:{Column}: {Message}";
}

/// <summary>Either a configuration, or every problem that kept the file from being one.</summary>
public sealed record ConfigurationReading(PipelineConfiguration? Configuration, IReadOnlyList<ConfigurationProblem> Problems);
