using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tools.CodeQl;

/// <summary>CodeQL. How an analysis ends is a result; <see cref="ToolException"/> is for a program that answers in no form of CodeQL's.</summary>
public interface ICodeQlClient
{
    /// <summary>The version, such as <c>2.23.1</c>.</summary>
    /// <exception cref="ProgramMissingException">CodeQL is not installed.</exception>
    Task<Version> GetVersionAsync(CancellationToken cancellationToken);

    /// <summary>The languages that there are extractors for, as CodeQL names them: <c>cpp</c>, <c>csharp</c>, <c>go</c>, <c>java</c>, <c>javascript</c>, …</summary>
    /// <exception cref="ProgramMissingException">CodeQL is not installed.</exception>
    Task<IReadOnlyList<string>> ResolveLanguagesAsync(CancellationToken cancellationToken);

    /// <summary>Extracts one language of a tree and runs the queries. The tree is only read where nothing has to be built.</summary>
    Task<CodeQlAnalysis> AnalyzeAsync(CodeQlInvocation invocation, CancellationToken cancellationToken);
}

/// <param name="SourceRoot">The tree's absolute path.</param>
/// <param name="Language">As CodeQL names it.</param>
/// <param name="SarifFile">The absolute path of the file that the results go to; it is there afterwards only where it is whole.</param>
public sealed record CodeQlInvocation(string SourceRoot, string Language, string SarifFile)
{
    /// <summary>Gets what CodeQL says as it comes.</summary>
    public Func<ProcessOutputChunk, CancellationToken, ValueTask>? OnOutput { get; init; }
}

public enum CodeQlEnding
{
    /// <summary>Every query was run over everything that was extracted.</summary>
    Analyzed,

    /// <summary>There is no code of the language in the tree.</summary>
    NoSource,

    /// <summary>Some queries took too long; the file has the results of the others.</summary>
    QueriesTimedOut,

    /// <summary>There is no such program.</summary>
    Missing,

    /// <summary>The program is too old.</summary>
    TooOld,

    /// <summary>The installation has no extractor for the language.</summary>
    NoExtractor,

    /// <summary>The language has to be built, which is not allowed.</summary>
    BuildNotAllowed,

    TimedOut,

    OutOfMemory,

    /// <summary>CodeQL ended without an error and left no results, or a part of them.</summary>
    Incomplete,

    Failed,
}

/// <param name="SarifFile">The results as SARIF 2.1.0, well-formed to its end; null where there are none.</param>
public sealed record CodeQlAnalysis(CodeQlEnding Ending, string Language, string? SarifFile)
{
    public string? ToolVersion { get; init; }

    /// <summary>Why it did not check, or not all, and what would help; null where it did.</summary>
    public string? Reason { get; init; }

    /// <summary>What that means for the report.</summary>
    public ScanOutcome Outcome => Ending switch
    {
        CodeQlEnding.Analyzed => ScanOutcome.Checked,
        CodeQlEnding.NoSource => ScanOutcome.NotApplicable,
        CodeQlEnding.QueriesTimedOut => ScanOutcome.PartlyChecked,
        _ => ScanOutcome.NotChecked,
    };
}
