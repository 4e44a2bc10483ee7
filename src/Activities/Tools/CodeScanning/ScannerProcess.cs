using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tools.CodeScanning;

/// <summary>How scanners are run: without this process's secrets, within limits, and with every way to fail turned into a report.</summary>
internal sealed class ScannerProcess(IProcessRunner processes, string tool, string name, string installHint)
{
    private const int MaxOutputBytes = 64 * 1024 * 1024;
    private const int LongestReason = 300;

    /// <summary>The first line that the program prints about itself; null where it is missing or cannot be run.</summary>
    public async Task<string?> AskVersionAsync(string program, string argument, CancellationToken cancellationToken)
    {
        try
        {
            var result = await processes.RunAsync(
                new ProcessRequest(tool, program, [argument]) { Timeout = TimeSpan.FromSeconds(30), InstallHint = installHint }, cancellationToken);
            return result.Succeeded && result.StandardOutput.Text.Split('\n')[0].Trim() is { Length: > 0 } line ? line : null;
        }
        catch (ProgramMissingException)
        {
            return null;
        }
    }

    /// <param name="read">Reads the JSON that the program printed.</param>
    /// <param name="mayExitWith">The exit codes with which the program reports, not fails.</param>
    public async Task<ScanReport> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string workingDirectory,
        TimeSpan timeout,
        Func<JsonElement, ScanReport> read,
        Func<int, bool> mayExitWith,
        CancellationToken cancellationToken)
    {
        ProcessResult result;
        using var output = new MemoryStream();
        try
        {
            result = await processes.RunAsync(
                new ProcessRequest(tool, program, arguments)
                {
                    WorkingDirectory = workingDirectory,
                    InheritedVariables = ["PATH"],
                    Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = workingDirectory, ["LANG"] = "C.UTF-8", ["NO_COLOR"] = "1" },
                    Timeout = timeout,
                    StandardOutputDestination = new LengthLimitedStream(output, MaxOutputBytes),
                    InstallHint = installHint,
                    Limits = new ProcessLimits { MemoryBytes = 2L * 1024 * 1024 * 1024 },
                },
                cancellationToken);
        }
        catch (ProgramMissingException)
        {
            return NotChecked($"{name} is not installed. {installHint}");
        }
        catch (InvalidDataException)
        {
            return NotChecked($"It printed more than {MaxOutputBytes / (1024 * 1024)} MiB.");
        }

        return result switch
        {
            { Ending: ProcessEnding.TimedOut } => NotChecked($"It did not end within {timeout.TotalSeconds:0} s."),
            { Ending: not ProcessEnding.Exited } => NotChecked($"It was ended: {result.Ending}."),
            { ExitCode: { } code } when !mayExitWith(code) => NotChecked($"It failed with exit code {code}: {Tail(result.StandardError.Text)}"),
            _ => Read(output, read),
        };
    }

    public ScanReport NotChecked(string reason) => new(name, ScanOutcome.NotChecked) { Reason = reason };

    private ScanReport Read(MemoryStream output, Func<JsonElement, ScanReport> read)
    {
        try
        {
            using var document = JsonDocument.Parse(output.GetBuffer().AsMemory(0, (int)output.Length));
            return read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return NotChecked($"What it printed is not what its documentation says: {exception.Message}");
        }
    }

    private static string Tail(string text)
    {
        var trimmed = text.Trim();
        return trimmed.Length <= LongestReason ? trimmed : $"…{trimmed[^LongestReason..]}";
    }
}
