using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Python;

/// <summary>What is required of a Python package: https://packaging.python.org/en/latest/specifications/dependency-specifiers/.</summary>
public sealed record PythonRequirement
{
    private const string Example = "right would be such as name[extra]>=1.2,<2 ; python_version >= \"3.9\"";

    private PythonRequirement(string name) => Name = name;

    /// <summary>As written.</summary>
    public string Name { get; }

    public IReadOnlyList<string> Extras { get; private init; } = [];

    /// <summary>Which versions, as written, without parentheses.</summary>
    public string Constraint { get; private init; } = string.Empty;

    /// <summary>Where it is downloaded from, in place of an index; null where an index is asked.</summary>
    public string? Url { get; private init; }

    /// <summary>When it is required; null for always.</summary>
    public PythonMarker? Marker { get; private init; }

    /// <summary>Where the constraint stands in the text; empty, after name and extras, where there is none.</summary>
    internal TextSpan ConstraintSpan { get; private init; }

    /// <exception cref="FormatException">It is no requirement; the message says why, and what would be right.</exception>
    public static PythonRequirement Parse(string text)
    {
        var scanner = new PythonScanner(text);
        scanner.SkipSpace();
        var name = scanner.Name() ?? throw new FormatException($"'{ManifestText.Shortened(text)}' does not begin with a package's name; {Example}.");
        scanner.SkipSpace();
        var extras = new List<string>();
        if (scanner.Take("["))
        {
            scanner.SkipSpace();
            while (!scanner.Take("]"))
            {
                extras.Add(scanner.Name() ?? throw Wrong(text, "what stands in brackets is no list of extras"));
                scanner.SkipSpace();
                if (scanner.Take(","))
                {
                    scanner.SkipSpace();
                    continue;
                }

                if (!scanner.Rest.StartsWith(']'))
                {
                    throw Wrong(text, "what stands in brackets is no list of extras");
                }
            }
        }

        var afterName = scanner.At;
        scanner.SkipSpace();
        if (scanner.Take("@"))
        {
            return ReadUrl(text, scanner, name, extras, afterName);
        }

        var isInParentheses = scanner.Take("(");
        scanner.SkipSpace();
        var end = isInParentheses ? text.IndexOf(')', scanner.At) : text.IndexOf(';', scanner.At);
        if (end < 0)
        {
            end = isInParentheses ? throw Wrong(text, "a parenthesis is not closed") : text.Length;
        }

        var constraint = text[scanner.At..end].TrimEnd();
        if (!PythonVersionSpecifier.TryParse(constraint, out _))
        {
            throw Wrong(text, $"'{ManifestText.Shortened(constraint)}' does not say which versions");
        }

        var start = constraint.Length == 0 && !isInParentheses ? afterName : scanner.At;
        scanner.At = end + (isInParentheses ? 1 : 0);
        return new PythonRequirement(name)
        {
            Extras = extras,
            Constraint = constraint,
            ConstraintSpan = new TextSpan(start, start + constraint.Length),
            Marker = ReadMarker(text, scanner),
        };
    }

    private static PythonRequirement ReadUrl(string text, PythonScanner scanner, string name, List<string> extras, int afterName)
    {
        scanner.SkipSpace();
        var end = scanner.At;
        while (end < text.Length && !char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        var url = text[scanner.At..end];
        if (url.Length == 0)
        {
            throw Wrong(text, "there is no address after the @");
        }

        scanner.At = end;
        return new PythonRequirement(name)
        {
            Extras = extras,
            Url = url,
            ConstraintSpan = new TextSpan(afterName, afterName),
            Marker = ReadMarker(text, scanner),
        };
    }

    private static PythonMarker? ReadMarker(string text, PythonScanner scanner)
    {
        scanner.SkipSpace();
        if (scanner.Rest.IsEmpty)
        {
            return null;
        }

        return scanner.Take(";")
            ? PythonMarker.Parse(scanner.Rest.Trim().ToString())
            : throw Wrong(text, $"'{ManifestText.Shortened(scanner.Rest.ToString())}' has no place there");
    }

    private static FormatException Wrong(string text, string reason) => new($"'{ManifestText.Shortened(text)}' is no requirement: {reason}; {Example}.");
}

/// <summary>Goes through the text of a requirement or a marker.</summary>
internal sealed class PythonScanner(string text)
{
    public int At { get; set; }

    public ReadOnlySpan<char> Rest => text.AsSpan(At);

    public void SkipSpace()
    {
        while (At < text.Length && char.IsWhiteSpace(text[At]))
        {
            At++;
        }
    }

    public bool Take(string expected)
    {
        if (!Rest.StartsWith(expected, StringComparison.Ordinal))
        {
            return false;
        }

        At += expected.Length;
        return true;
    }

    /// <summary>Letters and digits of ASCII, with <c>-</c>, <c>_</c> and <c>.</c> between them.</summary>
    public string? Name()
    {
        var end = At;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '-' or '_' or '.'))
        {
            end++;
        }

        while (end > At && !char.IsAsciiLetterOrDigit(text[end - 1]))
        {
            end--;
        }

        if (end == At || !char.IsAsciiLetterOrDigit(text[At]))
        {
            return null;
        }

        var name = text[At..end];
        At = end;
        return name;
    }
}
