using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>The rules for keys of the <see cref="IArtifactStore"/>.</summary>
public static class ArtifactKey
{
    private const int MaxSegmentLength = 120;
    private const int MaxKeyLength = 1_000;

    /// <summary>
    /// Makes one key segment of any text, another one for every other text: what a segment may not hold becomes <c>~</c> and two hexadecimal digits a byte,
    /// and a result that is too long becomes its beginning and a SHA-256.
    /// </summary>
    public static string Segment(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        var result = new StringBuilder(text.Length);
        var onlyDots = text.AsSpan().TrimStart('.').IsEmpty;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            var character = (char)value;
            if ((IsAllowed(character) && character != '~') && !(onlyDots && character == '.'))
            {
                result.Append(character);
            }
            else
            {
                result.Append(CultureInfo.InvariantCulture, $"~{value:x2}");
            }
        }

        if (result.Length <= MaxSegmentLength)
        {
            return result.ToString();
        }

        // "~~" cannot come out of the encoding above, so a shortened segment equals no other text's.
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        return string.Concat(result.ToString(0, 40), "~~", hash);
    }

    /// <exception cref="ToolException">The key has an empty segment, one of dots only, a character that is not allowed, or is too long.</exception>
    internal static void Validate(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length is 0 or > MaxKeyLength)
        {
            throw Invalid($"it has {key.Length} characters");
        }

        foreach (var segment in key.Split('/'))
        {
            if (segment.Length is 0 or > 2 * MaxSegmentLength)
            {
                throw Invalid("one of its segments is empty or too long");
            }

            if (segment.AsSpan().TrimStart('.').IsEmpty)
            {
                throw Invalid("one of its segments has dots only");
            }

            if (!segment.All(IsAllowed))
            {
                throw Invalid("it holds a character that is not allowed");
            }
        }
    }

    private static ToolException Invalid(string problem) => new(
        "Artifacts",
        $"A key is not valid: {problem}. A key has 1 to {MaxKeyLength} characters, in segments of letters, digits, '.', '-', '_' and '~' parted by '/'.");

    private static bool IsAllowed(char character) => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '_' or '~';
}
