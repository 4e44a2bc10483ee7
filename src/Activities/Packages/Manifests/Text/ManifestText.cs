using System.Text;

namespace AtomicDevOps.Activities.Packages.Manifests.Text;

/// <summary>Reads a file's bytes as text by its byte order mark, or as UTF-8 without one.</summary>
internal static class ManifestText
{
    public const int MostBytes = 20 * 1024 * 1024;

    private static readonly (byte[] Mark, Encoding Encoding)[] Marked =
    [
        ([0xEF, 0xBB, 0xBF], new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true)),
        ([0xFF, 0xFE, 0, 0], new UTF32Encoding(bigEndian: false, byteOrderMark: false, throwOnInvalidCharacters: true)),
        ([0, 0, 0xFE, 0xFF], new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true)),
        ([0xFF, 0xFE], new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true)),
        ([0xFE, 0xFF], new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true)),
    ];

    /// <summary>The text without its mark, and whether it is in UTF-8 with a mark, without one, or in another encoding.</summary>
    /// <exception cref="FormatException">The file is too large, or no text.</exception>
    public static (string Text, bool IsUtf8, bool HasMark) Read(IRepositoryFiles files, string path)
    {
        var bytes = files.Read(path, MostBytes) ?? throw new FormatException($"The file has more than {MostBytes / (1024 * 1024)} MiB; no file of this kind is read beyond that.");
        var (mark, encoding) = Array.Find(Marked, each => bytes.AsSpan().StartsWith(each.Mark));
        try
        {
            var text = (encoding ?? Marked[0].Encoding).GetString(bytes.AsSpan((mark ?? []).Length));
            var nul = text.IndexOf('\0', StringComparison.Ordinal);
            return nul < 0
                ? (text, encoding is null or UTF8Encoding, mark is not null)
                : throw new FormatException($"Line {LineOf(text, nul)} has a NUL character, so this is no text file; right would be text in UTF-8.");
        }
        catch (DecoderFallbackException exception)
        {
            throw new FormatException($"Byte {exception.Index} is not {(encoding ?? Marked[0].Encoding).WebName}; right would be text in UTF-8.", exception);
        }
        catch (ArgumentException exception)
        {
            throw new FormatException("The text is not what its byte order mark says; right would be text in UTF-8.", exception);
        }
    }

    /// <summary>Shows no more of a text than a message has room for.</summary>
    public static string Shortened(string text) => text.Length > 80 ? $"{text[..80]}…" : text;

    /// <summary>Where a part of a scalar's value stands in the file; null where escapes make the two differ up to there.</summary>
    public static TextSpan? Inside(string text, DataScalar scalar, TextSpan part)
    {
        if (scalar.Span is not { } span)
        {
            return null;
        }

        foreach (var quotes in (ReadOnlySpan<int>)[1, 3, 0])
        {
            var start = span.Start + quotes;
            if (start + part.End <= span.End - quotes
                && (quotes == 0 || (text[span.Start] is '"' or '\'' && text.AsSpan(span.Start, quotes).IndexOfAnyExcept(text[span.Start]) < 0))
                && text.AsSpan(start, part.End).SequenceEqual(scalar.Value.AsSpan(0, part.End)))
            {
                return new TextSpan(start + part.Start, start + part.End);
            }
        }

        return null;
    }

    /// <summary>Where a scalar's value stands in the file; null where escapes make the two differ.</summary>
    public static TextSpan? Inside(string text, DataScalar scalar) => Inside(text, scalar, new TextSpan(0, scalar.Value.Length));

    /// <summary>From 1 on.</summary>
    public static int LineOf(string text, int offset) => 1 + text.AsSpan(0, offset).Count('\n');
}
