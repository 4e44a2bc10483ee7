namespace AtomicDevOps.Activities.Experts.GitHub;

/// <summary>The hidden line by which a text of ours is found again. GitHub shows no HTML comments.</summary>
internal static class GitHubMarker
{
    private const int MaxLength = 200;

    /// <exception cref="ArgumentException">The marker could end the HTML comment, or holds other characters than allowed.</exception>
    public static string Line(string marker)
    {
        var isRight = marker.Length is > 0 and <= MaxLength
            && !marker.Contains("--", StringComparison.Ordinal)
            && marker.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or ':' or '/' or '_' or '-' or '~');
        return isRight
            ? $"<!-- atomic-devops:{marker} -->"
            : throw new ArgumentException(
                $"'{marker}' is no marker: it needs 1–{MaxLength} letters, digits, '.', ':', '/', '_', '-' or '~', without '--'.",
                nameof(marker));
    }

    public static bool IsIn(string line, string body)
        => body.StartsWith(line, StringComparison.Ordinal)
            && (body.Length == line.Length || body[line.Length] is '\n' or '\r');
}
