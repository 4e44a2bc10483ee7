using System.Text.Json;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.CodeQl;

/// <summary>
/// The CodeQL command line. What it takes and how it ends:
/// https://docs.github.com/code-security/codeql-cli/codeql-cli-manual and
/// https://docs.github.com/code-security/codeql-cli/using-the-advanced-functionality-of-the-codeql-cli/exit-codes.
/// </summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Makes a CodeQL database of a source tree and runs the queries over it.")]
public sealed partial class CodeQlCli(
    IProcessRunner processes, SecretRedactor redactor, IOptions<CodeQlOptions> options, TimeProvider timeProvider, ILogger<CodeQlCli> logger) : ICodeQlClient
{
    public const string ToolName = "CodeQL CLI";

    private const string InstallHint = "Unpack a CodeQL bundle from https://github.com/github/codeql-action/releases and put it into PATH, or name it in CodeQl:Executable";
    private const int MaxProcesses = 512;
    private const long MaxFileBytes = 64L * 1024 * 1024 * 1024;
    private const int MaxReason = 600;
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromMinutes(1);

    /// <summary>The first that knows <c>--build-mode</c>.</summary>
    internal static readonly Version Oldest = new(2, 16, 4);

    /// <summary>Those that CodeQL reads without building them.</summary>
    private static readonly HashSet<string> Buildless = new(StringComparer.Ordinal)
    {
        "actions", "cpp", "csharp", "java", "javascript", "python", "ruby", "rust",
    };

    private readonly CodeQlOptions _options = options.Value;

    public async Task<Version> GetVersionAsync(CancellationToken cancellationToken)
    {
        using var answer = await AskAsync(["version", "--format=json"], cancellationToken);
        return answer.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("version", out var version)
            && version.ValueKind == JsonValueKind.String
            && Version.TryParse(Number().Match(version.GetString()!).Value, out var parsed)
                ? parsed
                : throw NoAnswer("version", "it holds no version");
    }

    public async Task<IReadOnlyList<string>> ResolveLanguagesAsync(CancellationToken cancellationToken)
    {
        using var answer = await AskAsync(["resolve", "languages", "--format=json"], cancellationToken);
        return answer.RootElement.ValueKind == JsonValueKind.Object
            ? [.. answer.RootElement.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal)]
            : throw NoAnswer("resolve languages", "it is no list of languages");
    }

    public async Task<CodeQlAnalysis> AnalyzeAsync(CodeQlInvocation invocation, CancellationToken cancellationToken)
    {
        Check(invocation);
        Version version;
        IReadOnlyList<string> languages;
        try
        {
            version = await GetVersionAsync(cancellationToken);
            if (version < Oldest)
            {
                return Ended(CodeQlEnding.TooOld, $"CodeQL {version} is too old; install {Oldest} or newer");
            }

            languages = await ResolveLanguagesAsync(cancellationToken);
        }
        catch (ProgramMissingException)
        {
            return new CodeQlAnalysis(CodeQlEnding.Missing, invocation.Language, SarifFile: null)
            {
                Reason = $"The program '{_options.Executable}' is not installed. {InstallHint}.",
            };
        }

        if (!languages.Contains(invocation.Language, StringComparer.Ordinal))
        {
            return Ended(
                CodeQlEnding.NoExtractor,
                $"CodeQL has no extractor for '{invocation.Language}' here, only for {string.Join(", ", languages)}; install a bundle that has it");
        }

        if (!Buildless.Contains(invocation.Language) && !_options.AllowBuild)
        {
            return Ended(
                CodeQlEnding.BuildNotAllowed,
                $"CodeQL reads '{invocation.Language}' only while it is built, which would run the repository's code; set CodeQl:AllowBuild to true where every author is trusted");
        }

        var room = Directory.CreateDirectory(
            Path.Combine(Path.GetFullPath(_options.Directory ?? Path.GetTempPath()), "atomic-devops-codeql-" + Guid.NewGuid().ToString("N"))).FullName;
        try
        {
            return await AnalyzeAsync(invocation, room, Ended, cancellationToken);
        }
        finally
        {
            Remove(room);
        }

        CodeQlAnalysis Ended(CodeQlEnding ending, string? reason) => new(ending, invocation.Language, SarifFile: null)
        {
            ToolVersion = version.ToString(),
            Reason = reason is null ? null : redactor.Redact(reason.TrimEnd('.')) + ".",
        };
    }

    private async Task<CodeQlAnalysis> AnalyzeAsync(
        CodeQlInvocation invocation, string room, Func<CodeQlEnding, string?, CodeQlAnalysis> ended, CancellationToken cancellationToken)
    {
        var started = timeProvider.GetTimestamp();
        var database = Path.Combine(room, "database");
        var created = await RunAsync(invocation, CreateArguments(invocation, database), started, cancellationToken);
        if (created is not { Ending: ProcessEnding.Exited, ExitCode: 0 })
        {
            var (ending, reason) = Explain("database create", created);
            return ended(ending is CodeQlEnding.QueriesTimedOut ? CodeQlEnding.Failed : ending, reason);
        }

        var sarif = Path.Combine(room, "results.sarif");
        var analyzed = await RunAsync(invocation, AnalyzeArguments(invocation, database, sarif), started, cancellationToken);
        var outcome = analyzed.Succeeded ? (Ending: CodeQlEnding.Analyzed, Reason: null) : Explain("database analyze", analyzed);
        if (outcome.Ending is not (CodeQlEnding.Analyzed or CodeQlEnding.QueriesTimedOut))
        {
            return ended(outcome.Ending, outcome.Reason);
        }

        if (await SarifFile.FindProblemAsync(sarif, cancellationToken) is { } problem)
        {
            return ended(
                outcome.Ending is CodeQlEnding.Analyzed ? CodeQlEnding.Incomplete : CodeQlEnding.TimedOut,
                outcome.Reason is null ? $"codeql database analyze ended without an error, but {problem}" : $"{outcome.Reason}, and {problem}");
        }

        File.Move(sarif, invocation.SarifFile, overwrite: true);
        return ended(outcome.Ending, outcome.Reason) with { SarifFile = invocation.SarifFile };
    }

    private List<string> CreateArguments(CodeQlInvocation invocation, string database)
    {
        var mode = Buildless.Contains(invocation.Language) ? "none" : "autobuild";
        return
        [
            "database", "create", $"--language={invocation.Language}", $"--source-root={invocation.SourceRoot}", $"--build-mode={mode}",
            Invariant($"--threads={_options.Threads}"), Invariant($"--ram={_options.MemoryMegabytes}"), "--", database,
        ];
    }

    private List<string> AnalyzeArguments(CodeQlInvocation invocation, string database, string sarif)
    {
        // Not sarif-latest: the manual keeps that from automation, since another version of CodeQL may mean another version of SARIF by it.
        var arguments = new List<string>
        {
            "database", "analyze", "--format=sarifv2.1.0", $"--output={sarif}", $"--sarif-category=/language:{invocation.Language}",
            "--no-sarif-add-snippets", Invariant($"--threads={_options.Threads}"), Invariant($"--ram={_options.MemoryMegabytes}"),
            Invariant($"--timeout={(long)_options.QueryTimeout.TotalSeconds}"), "--", database,
        };
        var suite = _options.Suite switch
        {
            CodeQlSuite.SecurityExtended => "security-extended",
            CodeQlSuite.SecurityAndQuality => "security-and-quality",
            _ => null,
        };
        if (suite is not null)
        {
            arguments.Add($"codeql/{invocation.Language}-queries:codeql-suites/{invocation.Language}-{suite}.qls");
        }

        return arguments;
    }

    private async Task<ProcessResult> RunAsync(CodeQlInvocation invocation, IReadOnlyList<string> arguments, long started, CancellationToken cancellationToken)
    {
        var left = _options.Timeout - timeProvider.GetElapsedTime(started);
        return left <= TimeSpan.Zero
            ? new ProcessResult(ProcessEnding.TimedOut, ExitCode: null, ProcessOutput.Empty, ProcessOutput.Empty, TimeSpan.Zero)
            : await processes.RunAsync(
                new ProcessRequest(ToolName, _options.Executable, arguments)
                {
                    WorkingDirectory = invocation.SourceRoot,
                    Timeout = left,
                    InstallHint = InstallHint,
                    OnOutput = invocation.OnOutput,
                    Limits = new ProcessLimits
                    {
                        Processes = MaxProcesses,
                        MemoryBytes = _options.MemoryMegabytes * 2L * 1024 * 1024,
                        FileBytes = MaxFileBytes,
                    },
                },
                cancellationToken);
    }

    private (CodeQlEnding Ending, string Reason) Explain(string command, ProcessResult result)
    {
        var words = LastWords(result);
        return result switch
        {
            { Ending: ProcessEnding.TimedOut } => (
                CodeQlEnding.TimedOut, $"codeql {command} was ended after the {_options.Timeout} of CodeQl:Timeout; raise it, or give more CodeQl:Threads"),
            { Ending: ProcessEnding.OutOfMemory } => (
                CodeQlEnding.OutOfMemory,
                Invariant($"codeql {command} held more than twice the {_options.MemoryMegabytes} MB of CodeQl:MemoryMegabytes; raise it")),
            { Ending: ProcessEnding.TooManyProcesses } => (
                CodeQlEnding.Failed, Invariant($"codeql {command} had more than {MaxProcesses} processes")),
            { ExitCode: 32 } => (CodeQlEnding.NoSource, "CodeQL found no code of the language"),
            { ExitCode: 33 } => (
                CodeQlEnding.QueriesTimedOut, $"Some queries took longer than the {_options.QueryTimeout} of CodeQl:QueryTimeout and have no results; raise it"),
            { ExitCode: 99 } => (
                CodeQlEnding.OutOfMemory,
                Invariant($"codeql {command} ran out of memory with the {_options.MemoryMegabytes} MB of CodeQl:MemoryMegabytes; raise it{words}")),
            { ExitCode: 98 } => (CodeQlEnding.Failed, $"codeql {command} was cancelled from outside{words}"),
            { ExitCode: 3 } => (CodeQlEnding.Failed, $"The launcher of CodeQL does not find its own installation; install the bundle anew{words}"),
            { ExitCode: 100 } => (CodeQlEnding.Failed, $"codeql {command} met an internal error of CodeQL{words}"),
            { ExitCode: 137 } => (CodeQlEnding.OutOfMemory, $"codeql {command} was killed, most likely by the system for want of memory{words}"),
            _ => (CodeQlEnding.Failed, Invariant($"codeql {command} ended with exit code {result.ExitCode}{words}")),
        };
    }

    /// <summary>The fatal error if CodeQL told one, else the last line that it wrote.</summary>
    private string LastWords(ProcessResult result)
    {
        var lines = redactor.Redact(result.StandardError.Text).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var line = lines.FirstOrDefault(each => each.Contains("A fatal error occurred", StringComparison.Ordinal)) ?? lines.LastOrDefault();
        return line is null ? "" : $": {(line.Length > MaxReason ? string.Concat(line.AsSpan(0, MaxReason), "…") : line)}";
    }

    private async Task<JsonDocument> AskAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var command = string.Join(' ', arguments.TakeWhile(argument => !argument.StartsWith('-')));
        var result = await processes.RunAsync(
            new ProcessRequest(ToolName, _options.Executable, arguments) { Timeout = ProbeTimeout, InstallHint = InstallHint }, cancellationToken);
        if (result.Ending == ProcessEnding.TimedOut)
        {
            throw new ToolTimeoutException(ToolName, $"codeql {command} did not end within {ProbeTimeout}.");
        }

        if (!result.Succeeded)
        {
            throw new ToolException(ToolName, Invariant($"codeql {command} ended with exit code {result.ExitCode}{LastWords(result)}"));
        }

        try
        {
            return JsonDocument.Parse(result.StandardOutput.Text);
        }
        catch (JsonException exception)
        {
            throw NoAnswer(command, exception.Message);
        }
    }

    private static void Check(CodeQlInvocation invocation)
    {
        if (!LanguageName().IsMatch(invocation.Language))
        {
            throw new ToolException(ToolName, $"'{invocation.Language}' is no language of CodeQL's; right would be a name such as python, csharp or javascript.");
        }

        if (!Path.IsPathFullyQualified(invocation.SourceRoot) || !Directory.Exists(invocation.SourceRoot))
        {
            throw new ToolException(ToolName, $"The source root '{invocation.SourceRoot}' is not the absolute path of a directory that exists.");
        }

        if (!Path.IsPathFullyQualified(invocation.SarifFile) || !Directory.Exists(Path.GetDirectoryName(invocation.SarifFile)))
        {
            throw new ToolException(ToolName, $"The file '{invocation.SarifFile}' for the results has no absolute path in a directory that exists.");
        }
    }

    private void Remove(string room)
    {
        try
        {
            Directory.Delete(room, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning(exception, "The directory {Directory} of an analysis could not be removed; remove it by hand.", room);
        }
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private ToolException NoAnswer(string command, string problem) =>
        new(ToolName, $"'{_options.Executable} {command}' answered in a form that is not CodeQL's ({problem}): is CodeQl:Executable right?");

    [GeneratedRegex(@"^\d+\.\d+(?:\.\d+)?", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Number();

    [GeneratedRegex("^[a-z]{1,20}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex LanguageName();
}
