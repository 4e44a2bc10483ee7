using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tools.Wapiti;

/// <param name="Target">Where to begin: http or https on a loopback address. What lies in another folder, on another port or on another host is never asked.</param>
public sealed record WapitiScan(Uri Target, WapitiScanMode Mode)
{
    /// <summary>The names of attack modules, where they are not the mode's own.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>The deadline, where it is not the mode's own of the settings.</summary>
    public TimeSpan? Timeout { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<WapitiScanMode>))]
public enum WapitiScanMode
{
    /// <summary>Follows links and looks at the answers.</summary>
    Baseline,

    /// <summary>Attacks what it found too: never anything but a copy that may break.</summary>
    Full,
}

/// <summary>A place from which the target can be reached, and where Wapiti is installed.</summary>
/// <param name="Directory">The absolute path, in that place, of a directory that no other scan uses.</param>
/// <param name="RunAsync">Runs a command there to its end; throws a <see cref="ProgramMissingException"/> where Wapiti is not installed.</param>
public sealed record WapitiHost(string Directory, Func<WapitiCommand, CancellationToken, Task<WapitiRun>> RunAsync);

/// <param name="Environment">All variables that the program gets besides <c>PATH</c>.</param>
/// <param name="ReportPath">Where the report will be, below the host's directory.</param>
/// <param name="Timeout">After it the program is ended.</param>
public sealed record WapitiCommand(
    string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string ReportPath, TimeSpan Timeout);

/// <param name="ExitCode">Where the program ended by itself.</param>
/// <param name="Output">Both streams.</param>
/// <param name="Report">The report's bytes; null where there is none or it is larger than <see cref="WapitiCli.MaxReportBytes"/>.</param>
public sealed record WapitiRun(ProcessEnding Ending, int? ExitCode, string Output, bool OutputIsWhole, byte[]? Report);
