using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>Replaces secrets by placeholders, line by line: a text keeps its lines, and every value has one placeholder wherever it stands.</summary>
internal sealed partial class SecretMask
{
    private const char Open = '«';
    private const char Close = '»';

    /// <summary>Shorter values are masked where they were found, and not searched for elsewhere: they are in harmless text too.</summary>
    private const int MinSearched = 6;

    private readonly Dictionary<string, string> _placeholders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Values => _placeholders.Keys;

    public static bool IsPlaceholder(string text) => WholePlaceholder.IsMatch(text);

    public static IEnumerable<Range> PlaceholdersIn(string line) => Placeholder.Matches(line).Select(static match => match.Index..(match.Index + match.Length));

    /// <summary>Masks what patterns find, and whatever tools found: all literals of a line that a tool named, or all of it.</summary>
    /// <param name="named">Lines that hold a secret, from 1 on.</param>
    public string[] Mask(SourceText text, IReadOnlySet<int> named)
    {
        var masked = new string[text.Lines.Count];
        var isInKey = false;
        for (var index = 0; index < masked.Length; index++)
        {
            var line = text.Lines[index].Text;
            var begins = SecretPatterns.BeginsPrivateKey(line);
            masked[index] = isInKey || begins
                ? MaskWhole(line)
                : Replace(line, named.Contains(index + 1) ? Literals(line) : SecretPatterns.FindInLine(line));
            isInKey = (isInKey || begins) && !SecretPatterns.EndsPrivateKey(line);
        }

        return masked;
    }

    /// <summary>Masks what is no source: what patterns find in it.</summary>
    public string MaskText(string text) => string.Join('\n', text.Split('\n').Select(line => Replace(line, SecretPatterns.FindInLine(line))));

    /// <summary>Masks values that were found anywhere, wherever else they stand.</summary>
    public string MaskKnown(string line)
    {
        foreach (var (value, placeholder) in _placeholders.Where(static pair => pair.Key.Length >= MinSearched).OrderByDescending(static pair => pair.Key.Length))
        {
            line = line.Replace(value, placeholder, StringComparison.Ordinal);
        }

        return line;
    }

    public string Restore(string line) => Placeholder.Replace(line, match => _values.GetValueOrDefault(match.Value, match.Value));

    /// <summary>Looks for secrets once more, as they are and in the ways in which source code writes them.</summary>
    public bool IsClean(string text) =>
        !Values.Where(static value => value.Length >= MinSearched).SelectMany(Spellings).Any(spelling => text.Contains(spelling, StringComparison.OrdinalIgnoreCase))
        && !text.Split('\n').Any(static line => SecretPatterns.BeginsPrivateKey(line) || SecretPatterns.FindInLine(line).Count > 0);

    private static IEnumerable<string> Spellings(string value)
    {
        yield return value;
        var bytes = Encoding.UTF8.GetBytes(value);
        if (value.Length >= 8)
        {
            yield return Convert.ToBase64String(bytes, 0, bytes.Length / 3 * 3);
            yield return Convert.ToHexString(bytes);
            yield return string.Concat(value.Reverse());
        }

        yield return Uri.EscapeDataString(value);
    }

    private static IReadOnlyList<Range> Literals(string line)
    {
        var literals = QuotedLiteral.Matches(line).Select(static match => (match.Index + 1)..(match.Index + match.Length - 1)).ToList();
        return literals.Count > 0 ? literals : Whole(line);
    }

    private static IReadOnlyList<Range> Whole(string line)
    {
        var start = line.Length - line.TrimStart().Length;
        var end = line.TrimEnd().Length;
        return start < end ? [start..end] : [];
    }

    private string MaskWhole(string line) => Replace(line, Whole(line));

    private string Replace(string line, IReadOnlyList<Range> secrets)
    {
        if (secrets.Count == 0)
        {
            return line;
        }

        var masked = new StringBuilder();
        var from = 0;
        foreach (var secret in secrets)
        {
            var (start, length) = secret.GetOffsetAndLength(line.Length);
            masked.Append(line, from, start - from).Append(PlaceholderOf(line.Substring(start, length)));
            from = start + length;
        }

        return masked.Append(line, from, line.Length - from).ToString();
    }

    private string PlaceholderOf(string value)
    {
        if (!_placeholders.TryGetValue(value, out var placeholder))
        {
            placeholder = string.Create(CultureInfo.InvariantCulture, $"{Open}secret-{_placeholders.Count + 1}{Close}");
            _placeholders.Add(value, placeholder);
            _values.Add(placeholder, value);
        }

        return placeholder;
    }

    [GeneratedRegex("«secret-[0-9]{1,4}»", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Placeholder { get; }

    [GeneratedRegex("^«secret-[0-9]{1,4}»$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex WholePlaceholder { get; }

    [GeneratedRegex("\"[^\"]+\"|'[^']+'|`[^`]+`", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex QuotedLiteral { get; }
}
