using System.Globalization;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Wapiti;

/// <summary>Wapiti's command line: https://wapiti-scanner.github.io/. Versions 3.0.4 and later.</summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Scans a running web application on a loopback address, with Wapiti.")]
public sealed partial class WapitiCli(IProcessRunner processes, IOptions<WapitiOptions> options, SecretRedactor redactor)
{
    internal const string ToolName = "Wapiti CLI";
    internal const string InstallHint = "Install it, for example with: apt-get install wapiti";

    internal const int MaxReportBytes = 16 * 1024 * 1024;

    internal const int MaxOutputBytes = 4 * 1024 * 1024;

    private const int LongestReason = 300;
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The version on this machine; null where it is missing or cannot be run.</summary>
    public async Task<string?> FindVersionAsync(CancellationToken cancellationToken)
    {
        using var scratch = new ScratchDirectory("wapiti");
        try
        {
            var result = await processes.RunAsync(
                new ProcessRequest(ToolName, options.Value.Program, ["--version"])
                {
                    WorkingDirectory = scratch.Path,
                    InheritedVariables = ["PATH"],
                    Environment = EnvironmentIn(scratch.Path),
                    Timeout = TimeSpan.FromSeconds(30),
                    InstallHint = InstallHint,
                },
                cancellationToken);
            return result.Succeeded && VersionLine.Match(result.StandardOutput.Text) is { Success: true } match ? match.Value.Trim() : null;
        }
        catch (ProgramMissingException)
        {
            return null;
        }
    }

    /// <summary>Scans from this machine.</summary>
    /// <inheritdoc cref="ScanAsync(WapitiScan, WapitiHost, CancellationToken)"/>
    public async Task<ScanReport> ScanAsync(WapitiScan scan, CancellationToken cancellationToken)
    {
        using var host = new WapitiProcessHost(processes);
        return await ScanAsync(scan, host.Host, cancellationToken);
    }

    /// <summary>How long a scan may take.</summary>
    public TimeSpan TimeoutOf(WapitiScan scan) =>
        scan.Timeout ?? (scan.Mode == WapitiScanMode.Baseline ? options.Value.BaselineTimeout : options.Value.FullTimeout);

    /// <returns>A scanner that is missing, fails or takes too long is <see cref="ScanOutcome.NotChecked"/> with the reason; nothing of that is thrown.</returns>
    /// <exception cref="ToolException">The target is no loopback address, or a module is not one that may be asked; nothing was sent.</exception>
    public async Task<ScanReport> ScanAsync(WapitiScan scan, WapitiHost host, CancellationToken cancellationToken)
    {
        var command = CommandOf(scan, host.Directory);
        WapitiRun run;
        try
        {
            run = await host.RunAsync(command, cancellationToken);
        }
        catch (ProgramMissingException exception)
        {
            return NotChecked(exception.Message);
        }

        return run switch
        {
            { Ending: ProcessEnding.TimedOut } => NotChecked($"It did not end within {command.Timeout.TotalSeconds:0} s."),
            { Ending: not ProcessEnding.Exited } => NotChecked($"It was ended: {run.Ending}."),
            { ExitCode: not 0 } => NotChecked($"It failed with exit code {run.ExitCode}: {Tail(run.Output)}"),
            { Report: null } => NotChecked($"It wrote no report of at most {MaxReportBytes / (1024 * 1024)} MiB: {Tail(run.Output)}"),
            _ when Crawled.Match(run.Output) is { Success: true } crawled && crawled.Groups["count"].Value is "0" =>
                NotChecked("Nothing answered at the target."),
            _ => WapitiReport.Read(run.Report, redactor.Redact).LeavingOut(WapitiGaps.Find(run)),
        };
    }

    internal static ScanReport NotChecked(string reason) => new(WapitiReport.Tool, ScanOutcome.NotChecked) { Reason = reason };

    private WapitiCommand CommandOf(WapitiScan scan, string directory)
    {
        var target = scan.Target;
        if (!target.IsAbsoluteUri || target.Scheme is not ("http" or "https") || !target.IsLoopback || target.UserInfo.Length > 0 || target.Fragment.Length > 0 || target.Query.Length > 0)
        {
            throw new ToolException(ToolName, "the target is no http address of this machine; right would be one such as http://127.0.0.1:8000/, without user, query and fragment. Nothing was sent.");
        }

        var timeout = TimeoutOf(scan);
        if (timeout < LeastTimeout)
        {
            throw new ToolException(ToolName, $"a deadline of {timeout} is too short; right would be {LeastTimeout} or more.");
        }

        // The deadline ends the program without a report, so crawling and each module end before.
        var modules = WapitiModules.Of(scan);
        var crawling = timeout * 0.2;
        var attacking = timeout * 0.7 / modules.Count;

        // The folder and nothing wider: a domain is to Wapiti also every other port of it.
        var folder = new Uri(target, ".").AbsoluteUri;
        var report = $"{directory}/report.json";
        return new WapitiCommand(
            options.Value.Program,
            [
                "--url", folder,
                "--start", target.AbsoluteUri,
                "--scope", "folder",
                "--module", string.Join(',', modules),
                "--max-scan-time", Seconds(crawling),
                "--max-attack-time", Seconds(attacking),

                // What attacks make an application call is itself, not a server of Wapiti's authors.
                "--endpoint", folder,
                "--store-session", $"{directory}/session",
                "--store-config", $"{directory}/config",
                "--flush-session",
                "--no-bugreport",
                "--verify-ssl", "0",
                "--verbose", "0",
                "--format", "json",
                "--output", report,
            ],
            EnvironmentIn(directory),
            report,
            timeout);
    }

    private static Dictionary<string, string> EnvironmentIn(string directory) => new(StringComparer.Ordinal)
    {
        ["HOME"] = directory,
        ["TMPDIR"] = directory,
        ["LANG"] = "C.UTF-8",
        ["LC_ALL"] = "C.UTF-8",
        ["PYTHONDONTWRITEBYTECODE"] = "1",
    };

    // Wapiti takes what is below a second for no limit at all.
    private static string Seconds(TimeSpan time) => Math.Max(1, Math.Floor(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    private string Tail(string text)
    {
        var line = redactor.Redact(text.Trim());
        return Security.Json.PlainText.Line(line.Length <= LongestReason ? line : $"…{line[^LongestReason..]}", LongestReason + 1);
    }

    [GeneratedRegex(@"^Wapiti [0-9]+(\.[0-9]+)+\s*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex VersionLine { get; }

    [GeneratedRegex(@"^\[\*\] Wapiti found (?<count>[0-9]+) URLs and forms", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Crawled { get; }
}
