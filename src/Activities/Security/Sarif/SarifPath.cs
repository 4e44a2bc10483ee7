using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Security.Sarif;

/// <summary>Makes paths from the repository's root of what a log gives as places, or nothing of what leads anywhere else.</summary>
internal sealed partial class SarifPath(IReadOnlyList<string> roots, IReadOnlyDictionary<string, (string? Uri, string? BaseId)> bases)
{
    private const int MostCharacters = 1_024;
    private const int MostBases = 8;

    private readonly string[] _roots = [.. roots.Select(root => root.Replace('\\', '/').TrimEnd('/') + "/")];

    /// <returns>Null for what leads out of the repository or is no file.</returns>
    public string? Find(string uri, string? baseId)
    {
        if (uri.Length > MostCharacters)
        {
            return null;
        }

        var whole = uri;
        for (var step = 0; baseId is not null && !IsAbsolute(whole); step++)
        {
            if (step == MostBases)
            {
                return null;
            }

            if (!bases.TryGetValue(baseId, out var found) || found.Uri is null)
            {
                break;
            }

            if (_roots.Length == 0 && IsAbsolute(found.Uri))
            {
                break;
            }

            whole = found.Uri.TrimEnd('/') + "/" + whole;
            baseId = found.BaseId;
        }

        return IsAbsolute(whole) ? FromRoot(whole) : Segments(whole);
    }

    private static bool IsAbsolute(string uri) => uri is ['/' or '\\', ..] || Scheme().IsMatch(uri);

    private string? FromRoot(string uri)
    {
        var path = uri;
        if (path.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
        {
            path = path["file:".Length..];
            if (path.StartsWith("//", StringComparison.Ordinal))
            {
                path = path[2..];
                path = path.StartsWith("localhost/", StringComparison.OrdinalIgnoreCase) ? path["localhost".Length..] : path;
                if (path is not ['/', ..])
                {
                    return null;
                }
            }

            path = path is ['/', _, ':', '/', ..] ? path[1..] : path;
        }
        else if (Scheme().IsMatch(path) && path is not [_, ':', '/' or '\\', ..])
        {
            return null;
        }

        var decoded = Uri.UnescapeDataString(path).Replace('\\', '/');
        var root = _roots.Where(root => decoded.StartsWith(root, StringComparison.Ordinal)).MaxBy(root => root.Length);
        return root is null ? null : Clean(decoded[root.Length..]);
    }

    private static string? Segments(string uri) => Clean(Uri.UnescapeDataString(uri).Replace('\\', '/'));

    private static string? Clean(string path)
    {
        var segments = path.Split('/').Where(segment => segment is not ("" or ".")).ToArray();
        return segments.Length == 0 || path is ['/', ..] || segments.Any(IsHostile) || segments[0].Contains(':', StringComparison.Ordinal)
            ? null
            : string.Join('/', segments);
    }

    /// <summary>What leads up, or would for somebody who decodes it once more, and what shows as something else than it is.</summary>
    private static bool IsHostile(string segment) => segment is ".."
        || Encoded().IsMatch(segment)
        || segment.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*:", RegexOptions.NonBacktracking)]
    private static partial Regex Scheme();

    [GeneratedRegex("%(?:2e|2f|5c|00|25)", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Encoded();
}
