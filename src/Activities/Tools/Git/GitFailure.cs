using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>Tells from what git prints (with <c>LC_ALL=C</c>) why it failed.</summary>
internal static partial class GitFailure
{
    private const int MaxMessageLength = 1_000;

    public static bool IsCommitMissing(string error) => CommitMissing().IsMatch(error);

    /// <summary>The kernel ends index-pack without a word where a pack grows past the limit on files.</summary>
    public static bool IsTooLarge(string error) => TooLarge().IsMatch(error);

    public static Exception ToException(ProcessResult result, string action, SecretRedactor redactor)
    {
        if (result.Ending == ProcessEnding.TimedOut)
        {
            return new ToolTimeoutException(GitTool.Name, $"{action} took longer than Git:Timeout allows and was given up after {result.Duration.TotalSeconds:0} s.");
        }

        var error = redactor.Redact(result.StandardError.Text).Trim();
        var shown = error.Length > MaxMessageLength ? error[..MaxMessageLength] + "…" : error;
        var message = $"{action} failed: {(shown.Length > 0 ? shown : $"git ended with code {result.ExitCode} ({result.Ending})")}";
        if (RepositoryMissing().IsMatch(error))
        {
            return new ToolNotFoundException(GitTool.Name, $"The repository does not exist, or the configured credentials may not read it. {message}");
        }

        if (Refused().IsMatch(error))
        {
            return new ToolException(GitTool.Name, message);
        }

        if (Damaged().IsMatch(error))
        {
            return new GitCacheDamagedException(message);
        }

        return Unreachable().IsMatch(error)
            ? new ToolUnavailableException(GitTool.Name, message)
            : new ToolException(GitTool.Name, message);
    }

    [GeneratedRegex(@"not our ref|couldn't find remote ref|no such remote ref|unadvertised object", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex CommitMissing();

    [GeneratedRegex(@"File too large|died of signal 25|\Afatal: (fetch-pack: )?invalid index-pack output\s*\z", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TooLarge();

    [GeneratedRegex(
        @"does not appear to be a git repository|repository '[^']*' not found|Repository not found|returned error: 40[14]|Authentication failed|could not read (Username|Password)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex RepositoryMissing();

    [GeneratedRegex(@"returned error: 403|transport '[^']*' not allowed|fsck error|SSL certificate problem|unable to update url base from redirection|returned error: 30\d", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Refused();

    [GeneratedRegex(
        @"not a git repository|corrupt|bad object|object file .* is empty|loose object|unable to read (tree|sha1|[0-9a-f]{40})|inflate: |bad tree object|broken (pack|link)|index file .* is too small|missing (blob|tree|commit)|invalid object|cannot read '|bad signature 0x|wrong index|No such file or directory|did not send all necessary objects|failed to read object|could not parse",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Damaged();

    [GeneratedRegex(
        @"unable to access|could not resolve host|connection (refused|reset|timed out)|timed out|returned error: (429|5\d\d)|early EOF|RPC failed|unexpected disconnect|hung up|could not fetch|Could not read from remote",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Unreachable();
}

/// <summary>The cache has to be made again.</summary>
internal sealed class GitCacheDamagedException(string message) : Exception(message);
