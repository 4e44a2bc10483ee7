using System.Text;

namespace AtomicDevOps.Architecture.Tests.Infra;

/// <summary>Where statements of Bicep begin and end.</summary>
internal static class BicepText
{
    /// <summary>What the character adds to the number of open brackets.</summary>
    public static int Depth(char character) => character switch
    {
        '(' or '[' or '{' => 1,
        ')' or ']' or '}' => -1,
        _ => 0,
    };

    /// <summary>The text with blanks in place of strings and comments.</summary>
    public static string Mask(string text)
    {
        var mask = new StringBuilder(text);
        for (var at = 0; at < text.Length;)
        {
            var end = text[at] switch
            {
                '\'' => EndOfString(text, at),
                '/' when text.AsSpan(at).StartsWith("//", StringComparison.Ordinal) => EndOfLine(text, at),
                _ => at,
            };
            for (; at < end; at++)
            {
                mask[at] = ' ';
            }

            at++;
        }

        return mask.ToString();
    }

    /// <summary>Each from the first line of its own to the last; a line that can only go on belongs to the one before.</summary>
    public static IEnumerable<string> Statements(string text)
    {
        var mask = Mask(text);
        var (start, depth) = (0, 0);
        for (var at = 0; at <= text.Length; at++)
        {
            if (at < text.Length)
            {
                depth += Depth(mask[at]);
                if (depth > 0 || mask[at] != '\n' || GoesOn(mask, at))
                {
                    continue;
                }
            }

            var statement = text[start..at].Trim();
            start = at;
            if (statement.Length > 0 && !statement.StartsWith("//", StringComparison.Ordinal))
            {
                yield return statement;
            }
        }
    }

    private static bool GoesOn(string mask, int newLine) =>
        mask.AsSpan(0, newLine).TrimEnd().EndsWith("=>", StringComparison.Ordinal)
        || mask.AsSpan(newLine).TrimStart() is ['?' or ':' or '|' or '&' or '+' or '=', ..];

    private static int EndOfLine(string text, int at) => text.IndexOf('\n', at) is var end and >= 0 ? end : text.Length;

    /// <summary>Behind the closing quote of the string that opens here, whatever is interpolated in it.</summary>
    private static int EndOfString(string text, int open)
    {
        for (var at = open + 1; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '\\':
                    at++;
                    break;
                case '\'':
                    return at + 1;
                case '$' when at + 1 < text.Length && text[at + 1] == '{':
                    at = EndOfInterpolation(text, at + 1);
                    break;
            }
        }

        return text.Length;
    }

    private static int EndOfInterpolation(string text, int open)
    {
        var depth = 0;
        for (var at = open; at < text.Length; at++)
        {
            if (text[at] == '\'')
            {
                at = EndOfString(text, at) - 1;
                continue;
            }

            depth += Depth(text[at]);
            if (depth == 0)
            {
                return at;
            }
        }

        return text.Length;
    }
}
