namespace AtomicDevOps.Activities.Experts.GitHub;

/// <summary>GitHub refuses texts beyond its limits; a cut text that says so is better than none.</summary>
internal static class GitHubText
{
    /// <summary>Characters in an issue's, comment's or review's body.</summary>
    public const int Body = 65_536;

    /// <summary>Characters in a check run's summary or text.</summary>
    public const int CheckRunText = 65_535;

    /// <summary>The limit of an annotation's message is 64 KiB, and a UTF-16 unit takes up to three bytes.</summary>
    public const int AnnotationMessage = 64 * 1024 / 3;

    public const int AnnotationTitle = 255;

    public const int IssueTitle = 256;

    public const int Label = 50;

    public const int SarifError = 500;

    public const int StatusDescription = 140;

    private const string ParagraphEnd = "\n\n*(cut: the text is too long for GitHub)*";

    public static string Cut(string text, int limit) => Cut(text, limit, ParagraphEnd);

    public static string CutLine(string text, int limit) => Cut(text, limit, "…");

    private static string Cut(string text, int limit, string end)
    {
        if (text.Length <= limit)
        {
            return text;
        }

        var kept = limit - end.Length;
        return string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[kept - 1]) ? kept - 1 : kept), end);
    }
}
