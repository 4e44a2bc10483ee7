using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.CodeQl;

/// <summary>Analyzes every language of a tree that CodeQL knows, one after the other, since each takes the memory that it is allowed.</summary>
internal sealed class CodeQlScanner(ICodeQlClient codeQl, IOptions<CodeQlOptions> options) : ITreeScanner
{
    private readonly CodeQlOptions _options = options.Value;

    public string Name => "CodeQL";

    public bool IsEnabled => _options.Enabled;

    public bool LooksAt(string path) => CodeQlLanguages.Of(path) is not null;

    public async Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new ScannerVersion($"{await codeQl.GetVersionAsync(cancellationToken)}+{_options.Suite}{(_options.AllowBuild ? "+built" : string.Empty)}", []);
        }
        catch (ToolException)
        {
            return null;
        }
    }

    public async Task<TreeScan> ScanAsync(string directory, CancellationToken cancellationToken)
    {
        using var results = new ScratchDirectory("codeql");
        var reports = new List<(string Part, ScanReport Report)>();
        var isFinal = true;
        foreach (var language in LanguagesIn(directory))
        {
            if (string.Equals(language, CodeQlLanguages.Kotlin, StringComparison.Ordinal))
            {
                reports.Add((language, NotChecked("CodeQL reads it only while it is built as a part of a Java project, which is not done here.")));
                continue;
            }

            var (ending, report) = await AnalyzeAsync(language, directory, results.Path, cancellationToken);
            if (ending is CodeQlEnding.Missing or CodeQlEnding.TooOld)
            {
                return new TreeScan(report, IsFinal: false);
            }

            isFinal &= ending is CodeQlEnding.Analyzed or CodeQlEnding.NoSource or CodeQlEnding.BuildNotAllowed;
            reports.Add((language, report));
        }

        return new TreeScan(ScanReports.Join(Name, reports), isFinal);
    }

    private async Task<(CodeQlEnding Ending, ScanReport Report)> AnalyzeAsync(string language, string directory, string results, CancellationToken cancellationToken)
    {
        CodeQlAnalysis analysis;
        try
        {
            analysis = await codeQl.AnalyzeAsync(new CodeQlInvocation(directory, language, Path.Combine(results, $"{language}.sarif")), cancellationToken);
        }
        catch (ToolException exception)
        {
            return (CodeQlEnding.Failed, NotChecked(exception.Message));
        }

        if (analysis.SarifFile is not { } file)
        {
            return (analysis.Ending, new ScanReport(Name, analysis.Outcome) { ToolVersion = analysis.ToolVersion, Reason = analysis.Outcome == ScanOutcome.NotApplicable ? null : analysis.Reason });
        }

        var report = await SarifLog.ReadAsync(file, Name, directory, cancellationToken) with { ToolVersion = analysis.ToolVersion };
        return (analysis.Ending, analysis.Outcome == ScanOutcome.PartlyChecked ? report.WithGap(analysis.Reason, report.Reason) : report);
    }

    private static IEnumerable<string> LanguagesIn(string directory) => Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
        .Select(file => CodeQlLanguages.Of(Path.GetRelativePath(directory, file).Replace('\\', '/')))
        .OfType<string>()
        .Distinct(StringComparer.Ordinal)
        .Order(StringComparer.Ordinal);

    private ScanReport NotChecked(string reason) => new(Name, ScanOutcome.NotChecked) { Reason = reason };
}
