using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tools.PyTest;

/// <summary>Runs pytest, or a command that runs it, with this machine's Python on a copy of a tree that is removed afterwards.</summary>
public interface IPyTestClient
{
    /// <summary>The versions of Python and pytest, for example <c>Python 3.11.2, pytest 7.2.1</c>; null where there is no Python with pytest.</summary>
    Task<string?> GetVersionAsync(CancellationToken cancellationToken);

    /// <exception cref="ToolException">Running locally is not allowed by the configuration, or the archive is not safe to unpack.</exception>
    Task<PyTestRun> RunAsync(PyTestInvocation invocation, CancellationToken cancellationToken);
}

/// <param name="Workspace">The tree, unpacked into an empty directory that the command starts in.</param>
/// <param name="Command">Program and arguments; null runs the configured Python with <c>-m pytest</c>.</param>
/// <param name="Arguments">Put behind the command.</param>
/// <param name="Collect">Files to bring back, relative to the tree's root.</param>
public sealed record PyTestInvocation(
    WorkspaceReference Workspace,
    IReadOnlyList<string>? Command,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    SandboxLimits Limits,
    IReadOnlyList<string> Collect)
{
    public Func<ProcessOutputChunk, CancellationToken, ValueTask>? OnOutput { get; init; }
}

/// <param name="Output">Standard output, then standard error, cut to the limit.</param>
/// <param name="Root">The directory that the tree was in.</param>
/// <param name="Files">The collected files that exist.</param>
public sealed record PyTestRun(
    ProcessEnding Ending,
    int? ExitCode,
    string Output,
    TimeSpan Duration,
    string Root,
    IReadOnlyDictionary<string, byte[]> Files);
