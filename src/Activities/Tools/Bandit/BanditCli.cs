using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Bandit;

/// <summary>Bandit's command line: https://bandit.readthedocs.io/en/latest/man/bandit.html. Versions from 1.6 on.</summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Looks for weaknesses in Python code, with Bandit.")]
public sealed class BanditCli : ICodeScanner
{
    internal const string ToolName = "Bandit CLI";
    internal const string InstallHint = "Install it, for example with: pip install bandit";

    private static readonly ScannerProduct Product = new(
        ToolName, "Bandit", InstallHint, static line => line.Replace("bandit ", string.Empty, StringComparison.Ordinal))
    {
        FoundSomething = 1,
    };

    private readonly ScannerProgram _program;
    private readonly SelfTest _selfTest;

    public BanditCli(IProcessRunner processes, IOptions<BanditOptions> options)
    {
        _program = new ScannerProgram(processes, Product, options.Value.Program, options.Value.Timeout);
        _selfTest = new SelfTest(this, _program);
    }

    public string Name => Product.Name;

    public bool LooksAt(string path) => path.EndsWith(".py", StringComparison.OrdinalIgnoreCase);

    public Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken) => _selfTest.RunAsync(cancellationToken);

    public async Task<ScanReport> ScanAsync(string directory, CancellationToken cancellationToken)
    {
        var version = await FindVersionAsync(cancellationToken);
        var report = await RunAsync(directory, cancellationToken);
        return version is { Blind.Count: 0 } || report.Outcome == ScanOutcome.NotChecked
            ? report
            : report with
            {
                Outcome = ScanOutcome.PartlyChecked,
                Reason = string.Join(' ', new[] { report.Reason, Doubt(version) }.OfType<string>()),
            };
    }

    private static string Doubt(ScannerVersion? version) => version is null
        ? "Whether this Bandit recognises what its rules are for could not be tried."
        : $"This Bandit does not recognise what its rules {string.Join(", ", version.Blind)} are for, because it is older than the Python that runs it. Install a newer Bandit.";

    internal Task<ScanReport> RunAsync(string directory, CancellationToken cancellationToken) => _program.RunAsync(
        ["--recursive", directory, "--format", "json", "--quiet", "--ignore-nosec"],
        directory,
        root => BanditReport.Read(root, directory),
        cancellationToken);
}
