namespace AtomicDevOps.Activities.Tools.Processes;

/// <summary>Starts programs. The one way by which anything here runs a command line.</summary>
public interface IProcessRunner
{
    /// <summary>
    /// Runs a program to its end. Whatever happens, no process of its session is left: not after the end, a timeout, a limit or a cancellation.
    /// </summary>
    /// <exception cref="ProgramMissingException">The program is not installed.</exception>
    /// <exception cref="ToolException">The working directory does not exist, or the request is not valid.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled; the process tree has been killed.</exception>
    Task<ProcessResult> RunAsync(ProcessRequest request, CancellationToken cancellationToken);
}

/// <summary>What to run. Arguments are handed over as they are: no shell parses them.</summary>
/// <param name="Tool">The tool's name as the catalogue has it; error messages begin with it.</param>
/// <param name="FileName">An absolute path, or a name that is looked up in <c>PATH</c>.</param>
/// <param name="Arguments">The arguments. Never a secret: every user of the machine can read them.</param>
public sealed record ProcessRequest(string Tool, string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>The variables that a child inherits unless the request says otherwise; nothing else of this process's environment reaches it.</summary>
    public static IReadOnlyList<string> DefaultInheritedVariables { get; } = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    /// <summary>Absolute path; the system's temporary directory where it is left out.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Variables to set; they win over inherited ones. The only way to hand over a secret.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyList<string> InheritedVariables { get; init; } = DefaultInheritedVariables;

    /// <summary>Written to the program's standard input, which is then closed.</summary>
    public ReadOnlyMemory<byte> StandardInput { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many bytes of each of the two outputs are kept: the first and the last half of it.</summary>
    public int OutputBytes { get; init; } = 256 * 1024;

    /// <summary>Takes standard output as it comes, uncut; the result's <see cref="ProcessResult.StandardOutput"/> is then empty.</summary>
    public Stream? StandardOutputDestination { get; init; }

    /// <summary>Gets every piece of output as it comes, from both streams, one call at a time.</summary>
    public Func<ProcessOutputChunk, CancellationToken, ValueTask>? OnOutput { get; init; }

    /// <summary>How to get the program where it is missing, for example <c>apt-get install git</c>.</summary>
    public string? InstallHint { get; init; }

    /// <summary>Set for code that is not trusted; where it is null only the timeout holds.</summary>
    public ProcessLimits? Limits { get; init; }
}

/// <summary>
/// Limits on a whole process tree. A watch over <c>/proc</c> enforces them, so they need no rights and hold for root too,
/// but they act some tenths of a second late: they keep a machine usable, they are no wall against an attacker.
/// </summary>
public sealed record ProcessLimits
{
    /// <summary>How many processes the tree may have at once.</summary>
    public int Processes { get; init; } = 128;

    /// <summary>How much memory the tree may hold resident.</summary>
    public long MemoryBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>The largest file that may be written; the kernel enforces it.</summary>
    public long FileBytes { get; init; } = 256L * 1024 * 1024;
}

public enum ProcessOutputSource
{
    StandardOutput,
    StandardError,
}

/// <param name="Source">The stream that it came from.</param>
/// <param name="Text">Decoded as UTF-8; characters that a read cut apart are joined before they are handed on.</param>
public sealed record ProcessOutputChunk(ProcessOutputSource Source, string Text);

public enum ProcessEnding
{
    Exited,
    TimedOut,

    /// <summary>Held more memory than its limit.</summary>
    OutOfMemory,

    /// <summary>Had more processes than its limit.</summary>
    TooManyProcesses,
}

/// <param name="Ending">How it ended.</param>
/// <param name="ExitCode">The exit code where the program ended by itself; 128 plus the signal's number where a signal ended it.</param>
/// <param name="Duration">From start to end.</param>
public sealed record ProcessResult(ProcessEnding Ending, int? ExitCode, ProcessOutput StandardOutput, ProcessOutput StandardError, TimeSpan Duration)
{
    /// <summary>The program ended by itself with exit code 0.</summary>
    public bool Succeeded => Ending == ProcessEnding.Exited && ExitCode == 0;
}

/// <param name="Text">What was kept, decoded as UTF-8; where the middle was dropped, a line in its place says so.</param>
/// <param name="TotalBytes">How much was printed in all.</param>
/// <param name="Truncated">Whether something was dropped.</param>
public sealed record ProcessOutput(string Text, long TotalBytes, bool Truncated)
{
    public static ProcessOutput Empty { get; } = new("", 0, Truncated: false);
}
