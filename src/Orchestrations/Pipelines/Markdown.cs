using System.Text;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>Puts text that strangers wrote into GitHub's Markdown so that it stays text: it cannot format, link, notify or embed.</summary>
internal static class Markdown
{
    private const char ZeroWidthSpace = '\u200b';

    /// <summary>One line of plain text, also in a table's cell.</summary>
    public static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length + 16);
        var trimmed = text.Trim();
        if (trimmed.Length > 0 && !char.IsLetter(trimmed[0]))
        {
            // Lists, headings, quotations and rules are marked by how a line begins.
            plain.Append(ZeroWidthSpace);
        }

        for (var i = 0; i < trimmed.Length; i++)
        {
            Append(plain, trimmed[i], i + 1 < trimmed.Length ? trimmed[i + 1] : '\0');
        }

        return plain.ToString();
    }

    /// <summary>A fence that nothing in the content can close.</summary>
    public static string Fence(string content)
    {
        var longest = 0;
        var current = 0;
        foreach (var character in content)
        {
            current = character == '`' ? current + 1 : 0;
            longest = Math.Max(longest, current);
        }

        return new string('`', Math.Max(3, longest + 1));
    }

    private static void Append(StringBuilder plain, char character, char next)
    {
        switch (character)
        {
            case '<':
                plain.Append("&lt;");
                break;
            case '>':
                plain.Append("&gt;");
                break;
            case '&':
                plain.Append("&amp;");
                break;
            case '[' or ']' or '`' or '*' or '_' or '\\' or '~' or '|' or '$':
                plain.Append('\\').Append(character);
                break;
            case '@' or '#':
            case '-' when EndsWith(plain, "gh"):
                // Mentions of people and issues.
                plain.Append(character).Append(ZeroWidthSpace);
                break;
            case ':' when next == '/':
            case '.' when EndsWith(plain, "www"):
                // Addresses become links by themselves.
                plain.Append(ZeroWidthSpace).Append(character).Append(ZeroWidthSpace);
                break;
            case >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069':
                // They would turn the order of what follows around.
                break;
            default:
                plain.Append(char.IsControl(character) || character is '\u2028' or '\u2029' ? ' ' : character);
                break;
        }
    }

    private static bool EndsWith(StringBuilder plain, string end) =>
        plain.Length >= end.Length && plain.ToString(plain.Length - end.Length, end.Length).Equals(end, StringComparison.OrdinalIgnoreCase);
}
