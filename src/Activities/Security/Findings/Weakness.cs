using System.Collections.Frozen;
using System.Globalization;

namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>
/// What has to be known of the Common Weakness Enumeration to tell whether two tools mean the same: who is whose parent among those that scanners report,
/// by the research view, https://cwe.mitre.org/data/definitions/1000.html.
/// </summary>
public static class Weakness
{
    private static readonly FrozenDictionary<int, int> Parents = new (int Parent, int[] Children)[]
    {
        (22, [23, 36]),
        (23, [35]),
        (36, [37]),
        (77, [78, 88, 624, 917]),
        (79, [80, 81, 83, 84, 85, 86, 87]),
        (89, [564]),
        (93, [113]),
        (94, [95, 96, 1336]),
        (119, [120, 125, 787]),
        (200, [201, 209, 215, 497, 532, 538]),
        (269, [250, 266]),
        (295, [296, 297, 298, 299, 599]),
        (311, [312, 319]),
        (312, [313, 315]),
        (327, [328, 780, 1240]),
        (328, [916]),
        (330, [331, 335, 338, 340]),
        (377, [378, 379]),
        (400, [770, 771]),
        (407, [1333]),
        (522, [256, 257, 260, 523]),
        (674, [776]),
        (732, [276, 277, 278, 279]),
        (787, [121, 122]),
        (798, [259, 321]),
        (825, [416]),
        (913, [470, 502, 915]),
        (915, [1321]),
        (943, [89, 90, 643, 652]),
    }.SelectMany(row => row.Children, (row, child) => (Child: child, row.Parent)).ToFrozenDictionary(row => row.Child, row => row.Parent);

    /// <summary>Too wide to say what is wrong: they come last.</summary>
    private static readonly FrozenSet<int> Wide = FrozenSet.Create(16, 20, 74, 116, 284, 287, 398, 435, 664, 668, 682, 691, 693, 697, 703, 707, 710, 754, 1035, 937);

    /// <summary><c>CWE-89</c> for <c>cwe-089</c>, <c>CWE 89</c>, <c>CWE-89: …</c>, <c>external/cwe/cwe-089</c> and <c>89</c>; null for what names no weakness.</summary>
    public static string? Normalize(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var rest = text.AsSpan().Trim();
        if (rest.StartsWith("external/cwe/", StringComparison.OrdinalIgnoreCase))
        {
            rest = rest["external/cwe/".Length..];
        }

        if (rest.StartsWith("cwe", StringComparison.OrdinalIgnoreCase))
        {
            rest = rest[3..].TrimStart("-_: /");
        }

        var digits = rest.IndexOfAnyExceptInRange('0', '9') is var end && end < 0 ? rest : rest[..end];
        var ends = digits.Length == rest.Length || rest[digits.Length] is ':' or ' ';
        return ends && digits.Length is > 0 and <= 6 && int.Parse(digits, CultureInfo.InvariantCulture) is > 0 and var number ? Name(number) : null;
    }

    /// <summary>The next wider one; null where none is known here.</summary>
    public static string? Parent(string weakness) => Parents.TryGetValue(Number(weakness), out var parent) ? Name(parent) : null;

    /// <summary>The widest one above it that is known here, or itself.</summary>
    public static string Family(string weakness)
    {
        var family = weakness;
        while (Parent(family) is { } parent)
        {
            family = parent;
        }

        return family;
    }

    /// <summary>Whether it is about passwords or keys in the source.</summary>
    public static bool IsHardCodedCredential(string weakness) => string.Equals(Family(weakness), "CWE-798", StringComparison.Ordinal);

    /// <summary>Each once, narrow ones first, then by number.</summary>
    public static IReadOnlyList<string> Order(IEnumerable<string> weaknesses) =>
    [
        .. weaknesses.Select(weakness => Normalize(weakness) ?? weakness)
            .Distinct(StringComparer.Ordinal)
            .OrderBy(weakness => Wide.Contains(Number(weakness)))
            .ThenByDescending(Depth)
            .ThenBy(Number)
            .ThenBy(weakness => weakness, StringComparer.Ordinal),
    ];

    /// <summary>The same one for all that mean the same; null for none.</summary>
    public static string? Primary(IEnumerable<string> weaknesses) => weaknesses
        .Select(weakness => Family(Normalize(weakness) ?? weakness))
        .OrderBy(family => Wide.Contains(Number(family)))
        .ThenBy(Number)
        .ThenBy(family => family, StringComparer.Ordinal)
        .FirstOrDefault();

    private static int Depth(string weakness)
    {
        var depth = 0;
        for (var parent = Parent(weakness); parent is not null; parent = Parent(parent))
        {
            depth++;
        }

        return depth;
    }

    private static int Number(string weakness) =>
        weakness.StartsWith("CWE-", StringComparison.Ordinal) && int.TryParse(weakness.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : int.MaxValue;

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"CWE-{number}");
}
