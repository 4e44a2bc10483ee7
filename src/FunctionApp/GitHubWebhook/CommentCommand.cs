using AtomicDevOps.Orchestrations.Pipelines;

namespace AtomicDevOps.FunctionApp.GitHubWebhook;

/// <summary>Commands in comments: <c>/atomic rerun</c>, <c>/atomic cancel</c>, <c>/atomic approve [gate]</c>, <c>/atomic reject [gate]</c>.</summary>
internal static class CommentCommand
{
    private const string Prefix = "/atomic";

    /// <returns>The command on the comment's first line, or nothing where there is none.</returns>
    public static PipelineCommand? Parse(string? comment, string author)
    {
        var words = (comment ?? string.Empty).Split('\n', 2)[0].Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        if (words is not [Prefix, var verb, ..] || !verb.All(char.IsAsciiLetter) || !Enum.TryParse<CommandVerb>(verb, ignoreCase: true, out var parsed))
        {
            return null;
        }

        return (parsed, words) switch
        {
            (CommandVerb.Approve or CommandVerb.Reject, [_, _, var gate]) when gate.All(char.IsAsciiLetterOrDigit) =>
                new PipelineCommand(parsed, author, gate.ToLowerInvariant()),
            (_, [_, _]) => new PipelineCommand(parsed, author),
            _ => null,
        };
    }
}
