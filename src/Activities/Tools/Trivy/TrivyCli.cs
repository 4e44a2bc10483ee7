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

    private static readonly ScannerProduct Product = new(
        ToolName, "Trivy", InstallHint, static line => line.Replace("Version: ", string.Empty, StringComparison.Ordinal));

    private readonly ScannerProgram _program;

    public TrivyCli(IProcessRunner processes, IOptions<TrivyOptions> options) =>
        _program = new ScannerProgram(processes, Product, options.Value.Program, options.Value.Timeout);

    public string Name => Product.Name;

    /// <summary>A secret can stand in any file.</summary>
    public bool LooksAt(string path) => true;

    public async Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken) =>
        await _program.FindVersionAsync(cancellationToken) is { } version ? new ScannerVersion(version, []) : null;

    public async Task<ScanReport> ScanAsync(string directory, CancellationToken cancellationToken)
    {
        // Its settings and ignore files are looked for in the working directory, which is not the change's to fill.
        using var working = new ScratchDirectory("trivy");
        return await _program.RunAsync(
            [
                "filesystem", "--quiet", "--format", "json", "--scanners", "config,secret", "--skip-policy-update", "--offline-scan",
                "--cache-dir", Path.Combine(working.Path, "cache"), directory,
            ],
            working.Path,
            TrivyReport.Read,
            cancellationToken);
    }
}
