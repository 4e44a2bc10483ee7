using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>
/// Runs untrusted code in a container that can do as little as possible: no network, no capabilities, no new privileges, not root,
/// a read-only root, limits on memory, CPU, processes, output and time. Whatever happens, the container and its volumes are gone afterwards.
/// </summary>
public interface IContainerSandbox
{
    /// <exception cref="ToolUnavailableException">The engine cannot be reached, or went away meanwhile.</exception>
    /// <exception cref="ToolNotFoundException">The image does not exist and cannot be pulled.</exception>
    Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellationToken);
}

/// <param name="RunId">The pipeline run; containers carry it as a label, so that all of a run's can be found and removed.</param>
/// <param name="Stage">The stage, unique in the run: running the same stage again first removes what an earlier try left.</param>
/// <param name="Image">Image id or reference.</param>
/// <param name="Command">Program and arguments, not parsed by a shell.</param>
public sealed record SandboxRequest(string RunId, string Stage, string Image, IReadOnlyList<string> Command)
{
    /// <summary>Unpacked into <see cref="WorkingDirectory"/>, which is then writable.</summary>
    public WorkspaceReference? Workspace { get; init; }

    public string WorkingDirectory { get; init; } = "/workspace";

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public SandboxLimits Limits { get; init; } = new();

    /// <summary>Absolute paths of files to bring out after the command has ended; a missing file is left out of the result.</summary>
    public IReadOnlyList<string> Collect { get; init; } = [];

    /// <summary>
    /// The id of a sandbox's container whose network namespace is joined: what listens there can be reached, and nothing else, as it has no network either.
    /// Only the platform's own code can ask for it: it is no part of the request's JSON.
    /// </summary>
    internal string? NetworkOf { get; init; }
}

public sealed record SandboxLimits
{
    public long MemoryBytes { get; init; } = 512L * 1024 * 1024;

    public double Cpus { get; init; } = 1;

    public int Processes { get; init; } = 128;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How much of the output is kept: the first and the last half of it.</summary>
    public int OutputBytes { get; init; } = 256 * 1024;

    /// <summary>The largest file that the command may write, and the largest that is collected.</summary>
    public long FileBytes { get; init; } = 256L * 1024 * 1024;
}

/// <param name="Ending">How the command ended.</param>
/// <param name="ExitCode">The exit code, where it exited by itself.</param>
/// <param name="Output">Standard output and error as they came, cut to the limit.</param>
/// <param name="OutputBytes">How much it printed in all.</param>
public sealed record SandboxResult(SandboxEnding Ending, int? ExitCode, string Output, long OutputBytes, TimeSpan Duration)
{
    /// <summary>The collected files by path.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; init; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);
}

public enum SandboxEnding
{
    Exited,
    TimedOut,
    OutOfMemory,

    /// <summary>Somebody removed or killed the container, for example because the run was cancelled.</summary>
    Killed,
}
