using System.Globalization;
using System.Numerics;

namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>
/// A version by https://semver.org/spec/v2.0.0.html, with the <c>v</c> before it that npm and Go allow; up to 256 characters. Build metadata counts for nothing.
/// </summary>
internal sealed class SemanticVersion : OrderedVersion<SemanticVersion>
{
    private readonly IReadOnlyList<Identifier> _prerelease;

    public SemanticVersion(BigInteger major, BigInteger minor, BigInteger patch)
        : this(major, minor, patch, [])
    {
    }

    private SemanticVersion(BigInteger major, BigInteger minor, BigInteger patch, IReadOnlyList<Identifier> prerelease)
    {
        Major = major;
        Minor = minor;
        Patch = patch;
        _prerelease = prerelease;
    }

    public BigInteger Major { get; }

    public BigInteger Minor { get; }

    public BigInteger Patch { get; }

    public bool IsPrerelease => _prerelease.Count > 0;

    /// <summary>The first of all pre-releases of this one's release.</summary>
    public SemanticVersion Lowest => new(Major, Minor, Patch, [new Identifier(BigInteger.Zero, string.Empty)]);

    /// <summary>Reads all three numbers, without leading zeros.</summary>
    public static SemanticVersion? Read(string text) => Read(text, isLenient: false);

    /// <summary>Reads also what advisories have: one or two numbers, which others that count as 0 follow, and leading zeros.</summary>
    public static SemanticVersion? ReadLenient(string text) => Read(text, isLenient: true);

    public bool IsOfSameRelease(SemanticVersion other) => Major == other.Major && Minor == other.Minor && Patch == other.Patch;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}{(IsPrerelease ? "-" : string.Empty)}{string.Join('.', _prerelease)}");

    protected override int Compare(SemanticVersion other)
    {
        var order = Major.CompareTo(other.Major);
        order = order != 0 ? order : Minor.CompareTo(other.Minor);
        order = order != 0 ? order : Patch.CompareTo(other.Patch);
        order = order != 0 ? order : other.IsPrerelease.CompareTo(IsPrerelease);
        return order != 0 ? order : Compare<Identifier?>(_prerelease, other._prerelease, absent: null, Identifier.Compare);
    }

    protected override int Hash()
    {
        var hash = default(HashCode);
        hash.Add(Major);
        hash.Add(Minor);
        hash.Add(Patch);
        foreach (var identifier in _prerelease)
        {
            hash.Add(identifier);
        }

        return hash.ToHashCode();
    }

    private static SemanticVersion? Read(string text, bool isLenient)
    {
        if (text.Length > MostCharacters)
        {
            return null;
        }

        var rest = text.Trim();
        rest = rest.StartsWith('v') || (isLenient && rest.StartsWith('V')) ? rest[1..] : rest;
        var build = rest.IndexOf('+', StringComparison.Ordinal);
        if (build >= 0)
        {
            if (!rest[(build + 1)..].Split('.').All(IsIdentifier))
            {
                return null;
            }

            rest = rest[..build];
        }

        var hyphen = rest.IndexOf('-', StringComparison.Ordinal);
        var numbers = (hyphen < 0 ? rest : rest[..hyphen]).Split('.');
        var prerelease = hyphen < 0 ? [] : rest[(hyphen + 1)..].Split('.').Select(each => Identifier.Read(each, isLenient)).ToArray();
        return (isLenient ? numbers.Length is 1 or 2 or 3 : numbers.Length == 3)
            && Array.TrueForAll(numbers, number => IsNumber(number, isLenient))
            && Array.TrueForAll(prerelease, static each => each is not null)
            ? new SemanticVersion(Number(numbers, 0), Number(numbers, 1), Number(numbers, 2), [.. prerelease.Select(static each => each!)])
            : null;
    }

    private static BigInteger Number(string[] numbers, int index) =>
        index < numbers.Length ? BigInteger.Parse(numbers[index], NumberStyles.None, CultureInfo.InvariantCulture) : BigInteger.Zero;

    private static bool IsNumber(string text, bool isLenient) => text.Length > 0 && text.All(char.IsAsciiDigit) && (isLenient || text.Length == 1 || text[0] is not '0');

    private static bool IsIdentifier(string text) => text.Length > 0 && text.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-');

    private sealed record Identifier(BigInteger? Number, string Word)
    {
        public static Identifier? Read(string text, bool isLenient) => !IsIdentifier(text) ? null
            : !text.All(char.IsAsciiDigit) ? new Identifier(Number: null, text)
            : IsNumber(text, isLenient) ? new Identifier(BigInteger.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture), string.Empty)
            : null;

        /// <summary>None comes before any, and a number before every word.</summary>
        public static int Compare(Identifier? one, Identifier? other) => (one, other) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            ({ Number: { } first }, { Number: { } second }) => first.CompareTo(second),
            ({ Number: null }, { Number: null }) => string.CompareOrdinal(one.Word, other.Word),
            ({ Number: null }, _) => 1,
            _ => -1,
        };

        public override string ToString() => Number?.ToString(CultureInfo.InvariantCulture) ?? Word;
    }
}
