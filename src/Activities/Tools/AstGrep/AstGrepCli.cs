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
    private const int FoundAnError = 1;

    private static readonly string[] Extensions = [".py", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx"];
    private static readonly string RulesKey = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(AstGrepRules.All)))[..12];
    private static readonly string[] IgnoringNothing = [.. new[] { "hidden", "dot", "exclude", "global", "parent", "vcs" }.SelectMany(kind => new[] { "--no-ignore", kind })];

    private readonly IOptions<AstGrepOptions> _options;
    private readonly ScannerProcess _process;
    private ScannerVersion? _version;

    public AstGrepCli(IProcessRunner processes, IOptions<AstGrepOptions> options)
    {
        _options = options;
        _process = new ScannerProcess(processes, ToolName, Name, InstallHint);
    }

    public string Name => "ast-grep";

    public bool LooksAt(string path) => Extensions.Any(extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    public async Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken) =>
        _version ??= await _process.AskVersionAsync(_options.Value.Program, "--version", cancellationToken) is { } text
            ? new ScannerVersion($"{text.Replace("ast-grep ", string.Empty, StringComparison.Ordinal)}+rules.{RulesKey}", [])
            : null;

    public async Task<ScanReport> ScanAsync(string directory, CancellationToken cancellationToken)
    {
        if (await FindVersionAsync(cancellationToken) is not { } version)
        {
            return _process.NotChecked($"ast-grep is not installed. {InstallHint}");
        }

        var report = await _process.RunAsync(
            _options.Value.Program,
            ["scan", "--inline-rules", AstGrepRules.All, "--json=compact", "--include-metadata", .. IgnoringNothing, "."],
            directory,
            _options.Value.Timeout,
            AstGrepReport.Read,
            static code => code is 0 or FoundAnError,
            cancellationToken);
        return report with { ToolVersion = version.Text };
    }
}
