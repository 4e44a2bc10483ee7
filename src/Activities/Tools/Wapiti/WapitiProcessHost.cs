using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tools.Wapiti;

/// <summary>This machine, with a directory that goes with it.</summary>
internal sealed class WapitiProcessHost(IProcessRunner processes) : IDisposable
{
    private readonly ScratchDirectory _directory = new("wapiti");

    public WapitiHost Host => new(_directory.Path, RunAsync);

    private async Task<WapitiRun> RunAsync(WapitiCommand command, CancellationToken cancellationToken)
    {
        var result = await processes.RunAsync(
            new ProcessRequest(WapitiCli.ToolName, command.Program, command.Arguments)
            {
                WorkingDirectory = _directory.Path,
                InheritedVariables = ["PATH"],
                Environment = command.Environment,
                Timeout = command.Timeout,
                OutputBytes = WapitiCli.MaxOutputBytes,
                InstallHint = WapitiCli.InstallHint,
                Limits = new ProcessLimits { MemoryBytes = 1024L * 1024 * 1024 },
            },
            cancellationToken);
        var report = new FileInfo(command.ReportPath);
        return new WapitiRun(
            result.Ending,
            result.ExitCode,
            $"{result.StandardOutput.Text}\n{result.StandardError.Text}",
            !result.StandardOutput.Truncated && !result.StandardError.Truncated,
            report is { Exists: true, Length: <= WapitiCli.MaxReportBytes } ? await File.ReadAllBytesAsync(report.FullName, cancellationToken) : null);
    }

    public void Dispose() => _directory.Dispose();
}
