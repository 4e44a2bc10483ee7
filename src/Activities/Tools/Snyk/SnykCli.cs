using System.Globalization;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Snyk;

/// <summary>
/// The Snyk command line, by https://docs.snyk.io/developer-tools/snyk-cli/commands/test and
/// https://docs.snyk.io/developer-tools/snyk-cli/commands/code-test.
/// </summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Tests dependencies and source code with the Snyk command line.")]
public sealed class SnykCli(IProcessRunner processes, SecretRedactor redactor, IOptions<SnykOptions> options) : ISnykCli
{
    public const string ToolName = "Snyk CLI";

    private const string InstallHint = "Install it, for example with: npm install --global snyk, or name it in Snyk:Executable";
    private const int MaxReason = 500;
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromMinutes(1);

    /// <summary>How Snyk says that it did not let the caller in, across its versions.</summary>
    private static readonly string[] AuthenticationWords = ["SNYK-0005", "Authentication error", "MissingApiTokenError", "Not authorised", "Unauthorized", "401"];

    private readonly SnykOptions _options = options.Value;

    public async Task<string> GetVersionAsync(CancellationToken cancellationToken)
    {
        var result = await processes.RunAsync(
            new ProcessRequest(ToolName, _options.Executable, ["--version"]) { Timeout = ProbeTimeout, InstallHint = InstallHint }, cancellationToken);
        return result.Succeeded && result.StandardOutput.Text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries) is [var version, ..]
            ? version
            : throw new ToolException(
                ToolName,
                string.Create(CultureInfo.InvariantCulture, $"'{_options.Executable} --version' ended as {result.Ending} with exit code {result.ExitCode}{LastWords(result)}"));
    }

    public async Task<SnykCliTest> TestAsync(SnykCliInvocation invocation, CancellationToken cancellationToken)
    {
        Check(invocation);
        if (string.IsNullOrWhiteSpace(_options.Token) || string.IsNullOrWhiteSpace(_options.Organization))
        {
            return NotChecked("Snyk is not configured: set Snyk:Token and Snyk:Organization");
        }

        if (invocation.Command == SnykCliCommand.Test && !_options.AllowBuild)
        {
            return NotChecked("snyk test runs the repository's build tools on this machine; set Snyk:AllowBuild to true where every author is trusted");
        }

        var partial = invocation.SarifFile + ".partial";
        var partialJson = invocation.JsonFile is null ? null : invocation.JsonFile + ".partial";
        try
        {
            var version = await GetVersionAsync(cancellationToken);
            var result = await processes.RunAsync(CreateRequest(invocation, partial, partialJson), cancellationToken);
            return await ReadAsync(invocation, result, partial, partialJson, cancellationToken) with { ToolVersion = version };
        }
        catch (ProgramMissingException)
        {
            return NotChecked($"The program '{_options.Executable}' is not installed. {InstallHint}");
        }
        finally
        {
            File.Delete(partial);
            if (partialJson is not null)
            {
                File.Delete(partialJson);
            }
        }
    }

    private ProcessRequest CreateRequest(SnykCliInvocation invocation, string sarif, string? json)
    {
        List<string> arguments = invocation.Command == SnykCliCommand.Test ? ["test", "--all-projects"] : ["code", "test"];
        arguments.Add($"--org={_options.Organization}");
        arguments.Add($"--sarif-file-output={sarif}");
        if (json is not null)
        {
            arguments.Add($"--json-file-output={json}");
        }

        return new ProcessRequest(ToolName, _options.Executable, arguments)
        {
            WorkingDirectory = invocation.SourceRoot,
            Timeout = _options.TestTimeout,
            InstallHint = InstallHint,
            OnOutput = invocation.OnOutput,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["SNYK_TOKEN"] = _options.Token!,
                ["SNYK_API"] = _options.BaseAddress.GetLeftPart(UriPartial.Authority),
                ["SNYK_DISABLE_ANALYTICS"] = "1",
            },
        };
    }

    private async Task<SnykCliTest> ReadAsync(
        SnykCliInvocation invocation, ProcessResult result, string sarif, string? json, CancellationToken cancellationToken)
    {
        if (result.Ending == ProcessEnding.TimedOut)
        {
            return NotChecked($"Snyk was ended after the {_options.TestTimeout} of Snyk:TestTimeout; raise it");
        }

        if (result.Ending != ProcessEnding.Exited || result.ExitCode is not (0 or 1))
        {
            return result.ExitCode == 3
                ? new SnykCliTest(ScanOutcome.NotApplicable, SarifFile: null) { Reason = "Snyk found nothing in the tree that it supports." }
                : NotChecked(Explain(result));
        }

        if (await SarifFile.FindProblemAsync(sarif, cancellationToken) is { } problem)
        {
            return NotChecked(string.Create(CultureInfo.InvariantCulture, $"Snyk ended with exit code {result.ExitCode}, but {problem}"));
        }

        File.Move(sarif, invocation.SarifFile, overwrite: true);
        if (json is not null && File.Exists(json))
        {
            File.Move(json, invocation.JsonFile!, overwrite: true);
        }

        // With --all-projects those that Snyk could not read are only mentioned.
        var isPartial = (result.StandardError.Text + result.StandardOutput.Text).Contains("potential projects failed to get dependencies", StringComparison.Ordinal);
        return new SnykCliTest(isPartial ? ScanOutcome.PartlyChecked : ScanOutcome.Checked, invocation.SarifFile)
        {
            HasFindings = result.ExitCode == 1,
            Reason = isPartial ? "Snyk could not read the dependencies of some projects in the tree; its output names them." : null,
        };
    }

    private string Explain(ProcessResult result)
    {
        var text = string.Concat(result.StandardError.Text, "\n", result.StandardOutput.Text);
        return result.ExitCode == 2 && AuthenticationWords.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase))
            ? "Snyk did not let the token in: check Snyk:Token, Snyk:Organization and Snyk:BaseAddress"
            : string.Create(CultureInfo.InvariantCulture, $"Snyk ended as {result.Ending} with exit code {result.ExitCode}{LastWords(result)}");
    }

    private string LastWords(ProcessResult result)
    {
        var line = (result.StandardError.Text + "\n" + result.StandardOutput.Text)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
        return line is null ? "" : $": {Redact(line.Length > MaxReason ? line[..MaxReason] : line)}";
    }

    private string Redact(string text) =>
        redactor.Redact(string.IsNullOrEmpty(_options.Token) ? text : text.Replace(_options.Token, SecretRedactor.Replacement, StringComparison.Ordinal));

    private SnykCliTest NotChecked(string reason) => new(ScanOutcome.NotChecked, SarifFile: null) { Reason = Redact(reason.TrimEnd('.')) + "." };

    private static void Check(SnykCliInvocation invocation)
    {
        if (!Path.IsPathFullyQualified(invocation.SourceRoot) || !Directory.Exists(invocation.SourceRoot))
        {
            throw new ToolException(ToolName, $"The source root '{invocation.SourceRoot}' is not the absolute path of a directory that exists.");
        }

        foreach (var file in new[] { invocation.SarifFile, invocation.JsonFile }.OfType<string>())
        {
            if (!Path.IsPathFullyQualified(file) || !Directory.Exists(Path.GetDirectoryName(file)))
            {
                throw new ToolException(ToolName, $"The file '{file}' for the results has no absolute path in a directory that exists.");
            }
        }
    }
}
