using System.Diagnostics.CodeAnalysis;

namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>
/// Which versions of a Python package are wanted, as https://packaging.python.org/en/latest/specifications/version-specifiers/#version-specifiers says:
/// clauses with commas between them that all have to hold; none at all for every version. Up to 4096 characters.
/// </summary>
public sealed class PythonVersionSpecifier
{
    internal const int MostCharacters = 4096;

    private PythonVersionSpecifier(IReadOnlyList<PythonVersionClause> clauses) => Clauses = clauses;

    /// <summary>The version that is asked for by <c>==</c> or <c>===</c> without a wildcard; null where there is a choice.</summary>
    public string? Pinned => Clauses.FirstOrDefault(static clause => clause.IsPin)?.Text;

    /// <summary>Whether a clause names a pre-release, by which pre-releases are wanted too.</summary>
    public bool NamesPrerelease => Clauses.Any(static clause => clause.NamesPrerelease);

    internal IReadOnlyList<PythonVersionClause> Clauses { get; }

    /// <exception cref="FormatException">It is no specifier.</exception>
    public static PythonVersionSpecifier Parse(string text) => TryParse(text, out var specifier)
        ? specifier
        : throw new FormatException($"'{(text.Length > 80 ? $"{text[..80]}…" : text)}' does not say which versions; right would be such as ==1.2.3, >=1.2,<2 or ~=1.4.");

    public static bool TryParse([NotNullWhen(true)] string? text, [MaybeNullWhen(false)] out PythonVersionSpecifier specifier)
    {
        specifier = null;
        if (text is not { Length: <= MostCharacters })
        {
            return false;
        }

        var clauses = new List<PythonVersionClause>();
        if (text.AsSpan().Trim().IsEmpty)
        {
            specifier = new PythonVersionSpecifier(clauses);
            return true;
        }

        var at = 0;
        var parts = text.Split(',');
        for (var index = 0; index < parts.Length; index++)
        {
            var part = parts[index];
            if (PythonVersionClause.Read(part, at) is { } clause)
            {
                clauses.Add(clause);
            }
            else if (index < parts.Length - 1 || index == 0 || !string.IsNullOrWhiteSpace(part))
            {
                return false;
            }

            at += part.Length + 1;
        }

        specifier = new PythonVersionSpecifier(clauses);
        return true;
    }

    /// <summary>Whether the version may be installed. Pre-releases may where a clause names one, or where they are asked for.</summary>
    public bool Admits(PythonVersion version, bool withPrereleases = false) =>
        (withPrereleases || NamesPrerelease || !version.IsPrerelease) && Clauses.All(clause => clause.Admits(version));
}

/// <param name="Operator">As written: <c>==</c>, <c>===</c>, <c>!=</c>, <c>~=</c>, <c>&lt;=</c>, <c>&gt;=</c>, <c>&lt;</c> or <c>&gt;</c>.</param>
/// <param name="Text">The version as written, without a wildcard.</param>
/// <param name="Version">Null only where <c>===</c> names what is no version.</param>
/// <param name="Start">Where the clause begins in the specifier's text, after white space.</param>
/// <param name="End">Where it ends, before white space.</param>
internal sealed record PythonVersionClause(string Operator, string Text, PythonVersion? Version, bool IsWildcard, int Start, int End)
{
    private static readonly string[] Operators = ["===", "==", "!=", "~=", "<=", ">=", "<", ">"];

    public bool IsPin => Operator is "==" or "===" && !IsWildcard;

    public bool NamesPrerelease => Operator is "==" or "===" or ">=" or "<=" or "~=" && Version is { IsPrerelease: true };

    public static PythonVersionClause? Read(string text, int offset)
    {
        var trimmed = text.Trim();
        var sign = Array.Find(Operators, each => trimmed.StartsWith(each, StringComparison.Ordinal));
        if (sign is null)
        {
            return null;
        }

        var start = offset + text.Length - text.TrimStart().Length;
        var version = trimmed[sign.Length..].Trim();
        if (sign is "===")
        {
            return version.Length > 0 && !version.Any(char.IsWhiteSpace)
                ? new PythonVersionClause(sign, version, PythonVersion.TryParse(version, out var read) ? read : null, IsWildcard: false, start, start + trimmed.Length)
                : null;
        }

        var isWildcard = sign is "==" or "!=" && version.EndsWith(".*", StringComparison.Ordinal);
        version = isWildcard ? version[..^2] : version;
        return PythonVersion.TryParse(version, out var named)
            && (!named.HasLocal || (sign is "==" or "!=" && !isWildcard))
            && !(isWildcard && version.Contains("dev", StringComparison.OrdinalIgnoreCase))
            && (sign is not "~=" || named.ReleaseLength > 1)
            ? new PythonVersionClause(sign, version, named, isWildcard, start, start + trimmed.Length)
            : null;
    }

    public bool Admits(PythonVersion version) => Operator switch
    {
        "===" => string.Equals(version.ToString(), Text, StringComparison.OrdinalIgnoreCase) || (Version is not null && string.Equals(version.ToString(), Version.ToString(), StringComparison.OrdinalIgnoreCase)),
        "==" => IsSame(version),
        "!=" => !IsSame(version),
        "~=" => version.Public >= Version! && version.StartsWith(Version!.Base, Version.ReleaseLength - 1),
        "<=" => version.Public <= Version!,
        ">=" => version.Public >= Version!,
        "<" => version < Version! && (Version!.IsPrerelease || !version.IsPrerelease || version.Base != Version.Base),
        _ => version > Version!
            && (Version!.IsPostrelease || !version.IsPostrelease || version.Base != Version.Base)
            && (!version.HasLocal || version.Base != Version.Base),
    };

    private bool IsSame(PythonVersion version) => IsWildcard
        ? version.StartsWith(Version!, Version!.ReleaseLength)
        : (Version!.HasLocal ? version : version.Public) == Version;
}
