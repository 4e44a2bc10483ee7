using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.AstGrep;

/// <summary>ast-grep's command line with the platform's own rules for Python, JavaScript and TypeScript: https://ast-grep.github.io/reference/cli/scan.html.</summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Looks for weaknesses in Python, JavaScript and TypeScript code by its syntax tree, with ast-grep.")]
public sealed class AstGrepCli : ICodeScanner
{
    internal const string ToolName = "ast-grep CLI";
    internal const string InstallHint = "Install it, for example with: npm install --global @ast-grep/cli";

    private static readonly string[] Extensions = [".py", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx"];
    private static readonly string RulesKey = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(AstGrepRules.All)))[..12];
    private static readonly string[] IgnoringNothing = [.. new[] { "hidden", "dot", "exclude", "global", "parent", "vcs" }.SelectMany(kind => new[] { "--no-ignore", kind })];

    private static readonly ScannerProduct Product = new(
        ToolName, "ast-grep", InstallHint, static line => $"{line.Replace("ast-grep ", string.Empty, StringComparison.Ordinal)}+rules.{RulesKey}")
    {
        FoundSomething = 1,
    };

    private readonly ScannerProgram _program;

    public AstGrepCli(IProcessRunner processes, IOptions<AstGrepOptions> options) =>
        _program = new ScannerProgram(processes, Product, options.Value.Program, options.Value.Timeout);

    public string Name => Product.Name;

    public bool LooksAt(string path) => Extensions.Any(extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    public async Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken) =>
        await _program.FindVersionAsync(cancellationToken) is { } version ? new ScannerVersion(version, []) : null;

    public Task<ScanReport> ScanAsync(string directory, CancellationToken cancellationToken) => _program.RunAsync(
        ["scan", "--inline-rules", AstGrepRules.All, "--json=compact", "--include-metadata", .. IgnoringNothing, "."],
        directory,
        AstGrepReport.Read,
        cancellationToken);
}
