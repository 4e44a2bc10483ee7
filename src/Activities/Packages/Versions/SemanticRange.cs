using System.Globalization;
using System.Numerics;

namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>
/// Which semantic versions are wanted, as https://github.com/npm/node-semver#ranges or https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html
/// writes it. Up to 4096 characters.
/// </summary>
internal sealed class SemanticRange
{
    private const int MostCharacters = 4096;

    private SemanticRange(IReadOnlyList<SemanticAlternative> alternatives) => Alternatives = alternatives;

    public IReadOnlyList<SemanticAlternative> Alternatives { get; }

    /// <summary>The only version that is wanted; null where there is a choice.</summary>
    public SemanticVersion? Pinned => Alternatives is [{ Terms: [{ Comparators: [{ Sign: "=" } only] }] }] ? only.Version : null;

    /// <summary>Alternatives with <c>||</c> between them, of terms with spaces between them, and <c>1.0 - 2.0</c>. Null where it is none.</summary>
    public static SemanticRange? ReadNpm(string text)
    {
        if (text.Length > MostCharacters)
        {
            return null;
        }

        var alternatives = new List<SemanticAlternative>();
        for (var start = 0; start <= text.Length;)
        {
            var length = text.AsSpan(start).IndexOf("||");
            var end = length < 0 ? text.Length : start + length;
            if (ReadTerms(text, start, end, char.IsWhiteSpace, withoutSign: "=") is not { } terms)
            {
                return null;
            }

            alternatives.Add(new SemanticAlternative(start, end, terms));
            start = end + 2;
        }

        return new SemanticRange(alternatives);
    }

    /// <summary>Terms with commas between them, of which those without a sign are <c>^</c>. Null where it is none.</summary>
    public static SemanticRange? ReadCargo(string text) =>
        text.Length <= MostCharacters && !string.IsNullOrWhiteSpace(text) && ReadTerms(text, 0, text.Length, static letter => letter is ',', withoutSign: "^") is { } terms
            ? new SemanticRange([new SemanticAlternative(0, text.Length, terms)])
            : null;

    /// <summary>Whether the version is wanted. A pre-release is where a term names one of its release, or where it is asked for.</summary>
    public bool Admits(SemanticVersion version, bool withPrereleases = false) => Alternatives.Any(each => each.Admits(version, withPrereleases));

    private static List<SemanticTerm>? ReadTerms(string text, int start, int end, Predicate<char> isSeparator, string withoutSign)
    {
        var words = Words(text, start, end, isSeparator);
        if (words is [var low, var hyphen, var high] && text.AsSpan(hyphen.Start, hyphen.End - hyphen.Start) is "-")
        {
            return Partial.Read(text[low.Start..low.End]) is { } from && Partial.Read(text[high.Start..high.End]) is { } to
                ? [new SemanticTerm(low.Start, high.End, "-", "-", low.Start, low.End, [.. from.Compare(">="), .. to.Compare("<=")])]
                : null;
        }

        var terms = new List<SemanticTerm>();
        foreach (var (from, to) in words)
        {
            var at = from;
            while (at < to && text[at] is '<' or '>' or '=' or '^' or '~')
            {
                at++;
            }

            var sign = text[from..at] switch { "~>" => "~", "==" => "?", var other => other };
            while (at < to && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            if (sign is not ("" or "<" or "<=" or ">" or ">=" or "=" or "^" or "~") || Partial.Read(text[at..to]) is not { } version)
            {
                return null;
            }

            var meant = sign.Length > 0 ? sign : version.HasWildcard ? "=" : withoutSign;
            terms.Add(new SemanticTerm(from, to, sign, meant, at, to, version.Compare(meant)));
        }

        return terms;
    }

    /// <summary>What stands between separators, a sign with the version that comes after it.</summary>
    private static List<(int Start, int End)> Words(string text, int start, int end, Predicate<char> isSeparator)
    {
        var words = new List<(int Start, int End)>();
        var isSign = false;
        for (var at = start; at < end;)
        {
            if (isSeparator(text[at]) || char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            var from = at;
            while (at < end && !isSeparator(text[at]) && !char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            if (isSign)
            {
                words[^1] = (words[^1].Start, at);
            }
            else
            {
                words.Add((from, at));
            }

            isSign = text.AsSpan(from, at - from).IndexOfAnyExcept("<>=^~") < 0;
        }

        return words;
    }

    /// <summary>A version of which numbers may be missing or <c>*</c>.</summary>
    private sealed record Partial(BigInteger? Major, BigInteger? Minor, BigInteger? Patch, SemanticVersion? Full, bool HasWildcard)
    {
        private SemanticVersion Low => Full ?? new SemanticVersion(Major ?? BigInteger.Zero, Minor ?? BigInteger.Zero, BigInteger.Zero);

        public static Partial? Read(string text)
        {
            var trimmed = text.TrimStart('v', '=', ' ');
            if (SemanticVersion.Read(trimmed) is { } full)
            {
                return new Partial(full.Major, full.Minor, full.Patch, full, HasWildcard: false);
            }

            var end = trimmed.AsSpan().IndexOfAny('-', '+');
            var parts = (end < 0 ? trimmed : trimmed[..end]).Split('.');
            if (parts.Length > 3 || (end >= 0 && parts.Length < 3) || parts.Any(static part => !IsAny(part) && !IsNumber(part)))
            {
                return null;
            }

            var numbers = parts.TakeWhile(static part => !IsAny(part)).Select(static part => BigInteger.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture)).ToArray();
            return numbers.Length == 3 ? null : new Partial(numbers.Length > 0 ? numbers[0] : null, numbers.Length > 1 ? numbers[1] : null, Patch: null, Full: null, Array.Exists(parts, IsAny));
        }

        public IReadOnlyList<SemanticComparator> Compare(string sign)
        {
            if (Major is not { } major)
            {
                return sign is "<" or ">" ? [new SemanticComparator("<", new SemanticVersion(0, 0, 0).Lowest)] : [];
            }

            var above = (Minor is { } minor ? new SemanticVersion(major, minor + 1, 0) : new SemanticVersion(major + 1, 0, 0)).Lowest;
            return sign switch
            {
                "^" => [new SemanticComparator(">=", Low), new SemanticComparator("<", AfterCaret(major).Lowest)],
                "~" => [new SemanticComparator(">=", Low), new SemanticComparator("<", above)],
                _ when Full is not null => [new SemanticComparator(sign, Low)],
                ">" => [new SemanticComparator(">=", new SemanticVersion(above.Major, above.Minor, 0))],
                ">=" => [new SemanticComparator(">=", Low)],
                "<" => [new SemanticComparator("<", Low.Lowest)],
                "<=" => [new SemanticComparator("<", above)],
                _ => [new SemanticComparator(">=", Low), new SemanticComparator("<", above)],
            };
        }

        private SemanticVersion AfterCaret(BigInteger major) => (Minor, Patch) switch
        {
            _ when !major.IsZero => new SemanticVersion(major + 1, 0, 0),
            (null, _) => new SemanticVersion(1, 0, 0),
            ({ IsZero: false } minor, _) => new SemanticVersion(0, minor + 1, 0),
            (_, null) => new SemanticVersion(0, 1, 0),
            (_, { } patch) => new SemanticVersion(0, 0, patch + 1),
        };

        private static bool IsAny(string part) => part is "*" or "x" or "X" or "";

        private static bool IsNumber(string part) => part.All(char.IsAsciiDigit) && (part.Length == 1 || part[0] is not '0');
    }
}

/// <summary>Terms that all have to hold.</summary>
/// <param name="Start">Where it begins in the range's text.</param>
/// <param name="End">Where it ends.</param>
internal sealed record SemanticAlternative(int Start, int End, IReadOnlyList<SemanticTerm> Terms)
{
    /// <summary>The highest version that the terms name as a lower end; null where they name none.</summary>
    public SemanticVersion? Lower => Terms.SelectMany(static term => term.Comparators).Where(static each => each.Sign is ">=" or ">" or "=").Select(static each => each.Version).Max();

    public bool Admits(SemanticVersion version, bool withPrereleases) =>
        Terms.All(term => term.Comparators.All(each => each.Admits(version)))
        && (withPrereleases || !version.IsPrerelease || Terms.Any(term => term.Comparators.Any(each => each.Version.IsPrerelease && each.Version.IsOfSameRelease(version))));
}

/// <param name="Start">Where it begins in the range's text.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Sign">As written, <c>-</c> where it is of two versions with a hyphen between them.</param>
/// <param name="Operator">What the sign means, also where there is none.</param>
/// <param name="VersionStart">Where its version, or its first one, begins.</param>
/// <param name="VersionEnd">Where that ends.</param>
internal sealed record SemanticTerm(int Start, int End, string Sign, string Operator, int VersionStart, int VersionEnd, IReadOnlyList<SemanticComparator> Comparators);

/// <param name="Sign"><c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c> or <c>=</c>.</param>
internal sealed record SemanticComparator(string Sign, SemanticVersion Version)
{
    public bool Admits(SemanticVersion version) => Sign switch
    {
        "<" => version < Version,
        "<=" => version <= Version,
        ">" => version > Version,
        ">=" => version >= Version,
        _ => version == Version,
    };
}
