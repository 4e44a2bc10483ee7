using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Trivy;

/// <summary>
/// Trivy's command line, its rules for secrets and for what describes infrastructure: https://trivy.dev/latest/docs/references/configuration/cli/trivy_filesystem/.
/// It works without a network; what is known of vulnerable packages comes from OSV.
/// </summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Looks for secrets in files, and for weaknesses in Dockerfiles, Terraform and Kubernetes manifests, with Trivy.")]
public sealed class TrivyCli : ICodeScanner
{
    internal const string ToolName = "Trivy CLI";
    internal const string InstallHint = "Install it as https://trivy.dev/latest/getting-started/installation/ says, or name its program in Trivy:Program.";

    private readonly IOptions<TrivyOptions> _options;
    private readonly ScannerProcess _process;
    private ScannerVersion? _version;

    public TrivyCli(IProcessRunner processes, IOptions<TrivyOptions> options)
    {
        _options = options;
        _process = new ScannerProcess(processes, ToolName, Name, InstallHint);
    }

    public string Name => "Trivy";

    /// <summary>A secret can stand in any file.</summary>
    public bool LooksAt(string path) => true;

    public async Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken) =>
        _version ??= await _process.AskVersionAsync(_options.Value.Program, "--version", cancellationToken) is { } text
            ? new ScannerVersion(text.Replace("Version: ", string.Empty, StringComparison.Ordinal), [])
            : null;

    public async Task<ScanReport> ScanAsync(string directory, CancellationToken cancellationToken)
    {
        if (await FindVersionAsync(cancellationToken) is not { } version)
        {
            return _process.NotChecked($"Trivy is not installed. {InstallHint}");
        }

        // Its settings and ignore files are looked for in the working directory, which is not the change's to fill.
        using var working = new ScratchDirectory("trivy");
        var report = await _process.RunAsync(
            _options.Value.Program,
            [
                "filesystem", "--quiet", "--format", "json", "--scanners", "config,secret", "--skip-policy-update", "--offline-scan",
                "--cache-dir", Path.Combine(working.Path, "cache"), directory,
            ],
            working.Path,
            _options.Value.Timeout,
            TrivyReport.Read,
            static code => code == 0,
            cancellationToken);
        return report with { ToolVersion = version.Text };
    }
}
