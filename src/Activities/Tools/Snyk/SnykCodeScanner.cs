using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Snyk;

/// <summary>Tests source code with <c>snyk code test</c>, which sends it to Snyk: only where the settings say so.</summary>
internal sealed class SnykCodeScanner(ISnykCli cli, IOptions<SnykOptions> options) : ITreeScanner
{
    /// <summary>By https://docs.snyk.io/supported-languages/supported-languages-list: those of Snyk Code.</summary>
    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".cls", ".trigger", ".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".hxx", ".cs", ".aspx", ".dart", ".ex", ".exs", ".go", ".groovy", ".java", ".jsp",
        ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".ejs", ".kt", ".kts", ".php", ".phtml", ".py", ".rb", ".erb", ".rs", ".scala", ".swift", ".vb",
    };

    public string Name => "Snyk Code";

    public bool IsEnabled => options.Value is { IsConfigured: true, Code: true };

    public bool LooksAt(string path) => Extensions.Contains(Path.GetExtension(path));

    public async Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new ScannerVersion(await cli.GetVersionAsync(cancellationToken), []);
        }
        catch (ToolException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<TreeScan> ScanAsync(string directory, CancellationToken cancellationToken)
    {
        using var results = new ScratchDirectory("snyk");
        return new TreeScan(await TestAsync(directory, Path.Combine(results.Path, "code.sarif"), cancellationToken), IsFinal: false);
    }

    private async Task<ScanReport> TestAsync(string directory, string results, CancellationToken cancellationToken)
    {
        SnykCliTest test;
        try
        {
            test = await cli.TestAsync(new SnykCliInvocation(SnykCliCommand.CodeTest, directory, results), cancellationToken);
        }
        catch (ToolException exception)
        {
            return new ScanReport(Name, ScanOutcome.NotChecked) { Reason = exception.Message };
        }

        if (test.SarifFile is not { } file)
        {
            return new ScanReport(Name, test.Outcome) { ToolVersion = test.ToolVersion, Reason = test.Reason };
        }

        var report = await SarifLog.ReadAsync(file, Name, directory, cancellationToken) with { ToolVersion = test.ToolVersion };
        return test.Outcome == ScanOutcome.PartlyChecked ? report.WithGap(test.Reason, report.Reason) : report;
    }
}
