using System.Globalization;
using System.Text;

namespace AtomicDevOps.Activities.Security.Json;

/// <summary>What tools say, made fit for people to read: no control characters, and nothing that turns the direction of writing or hides.</summary>
internal static class PlainText
{
    /// <summary>White space becomes single blanks, and what is longer ends in an ellipsis.</summary>
    public static string Line(string text, int mostCharacters) =>
        Cut(string.Join(' ', Clean(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), mostCharacters);

    /// <summary>Lines stay; what is longer ends in an ellipsis.</summary>
    public static string Lines(string text, int mostCharacters) => Cut(Clean(text).Trim(), mostCharacters);

    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t')
            {
                clean.Append((char)rune.Value);
            }
            else if (rune.Value is 0x2028 or 0x2029)
            {
                clean.Append('\n');
            }
            else if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format))
            {
                clean.Append(rune.ToString());
            }
        }

        return clean.ToString();
    }

    private static string Cut(string text, int mostCharacters)
    {
        if (text.Length <= mostCharacters)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[mostCharacters - 2]) ? mostCharacters - 2 : mostCharacters - 1;
        return text[..end] + "…";
    }
}
