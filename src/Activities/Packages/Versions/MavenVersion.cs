using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>
/// A version as https://maven.apache.org/pom.html#version-order-specification orders them; up to 256 characters. A dot before a word counts as a hyphen, without
/// which the published order would have cycles.
/// </summary>
internal sealed class MavenVersion : OrderedVersion<MavenVersion>
{
    /// <summary>Words in their order; others come after them.</summary>
    private static readonly string[] Words = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

    private static readonly int Release = Array.IndexOf(Words, string.Empty);

    private readonly IReadOnlyList<Token> _tokens;

    private MavenVersion(IReadOnlyList<Token> tokens) => _tokens = tokens;

    private enum Kind
    {
        Word,
        End,
        NumberAfterHyphen,
        NumberAfterDot,
    }

    /// <summary>Has a word that the order puts before the release without it.</summary>
    public bool IsPrerelease => _tokens.Any(static token => token.Kind is Kind.Word && token.Rank < Release);

    /// <summary>Null for an empty text, a range, or a property that is not known.</summary>
    public static MavenVersion? Read(string text)
    {
        var trimmed = text.Length > MostCharacters ? string.Empty : text.Trim();
        return trimmed.Length == 0 || trimmed.Any(static letter => char.IsWhiteSpace(letter) || letter is '[' or ']' or '(' or ')' or ',' or '$' or '{' or '}')
            ? null
            : new MavenVersion(Trimmed(Tokens(trimmed.ToLowerInvariant())));
    }

    protected override int Compare(MavenVersion other) => Compare(_tokens, other._tokens, Token.None, static (one, two) => one.CompareTo(two));

    protected override int Hash()
    {
        var hash = default(HashCode);
        foreach (var token in _tokens)
        {
            hash.Add(token);
        }

        return hash.ToHashCode();
    }

    private static List<Token> Tokens(string text)
    {
        var tokens = new List<Token>();
        var isAfterDot = true;
        for (var at = 0; at <= text.Length; at++)
        {
            var start = at;
            var isNumber = at < text.Length && char.IsAsciiDigit(text[at]);
            while (at < text.Length && text[at] is not ('.' or '-') && char.IsAsciiDigit(text[at]) == isNumber)
            {
                at++;
            }

            var isTransition = at < text.Length && text[at] is not ('.' or '-');
            tokens.Add(Token.Of(text[start..at], isNumber, isAfterDot, isBeforeNumber: isTransition && !isNumber));
            isAfterDot = at < text.Length && text[at] is '.';
            at -= isTransition ? 1 : 0;
        }

        return tokens;
    }

    /// <summary>Without what stands for nothing at the end, and before each hyphen.</summary>
    private static List<Token> Trimmed(List<Token> tokens)
    {
        var kept = new List<Token>();
        foreach (var token in tokens)
        {
            if (token.Kind is not Kind.NumberAfterDot)
            {
                Trim(kept);
            }

            kept.Add(token);
        }

        Trim(kept);
        return kept;

        static void Trim(List<Token> tokens)
        {
            while (tokens is [.., { IsNothing: true }])
            {
                tokens.RemoveAt(tokens.Count - 1);
            }
        }
    }

    /// <param name="Rank">A word's place among those that are known.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Token(Kind Kind, BigInteger Number, int Rank, string Word) : IComparable<Token>
    {
        public static Token None { get; } = new(Kind.End, BigInteger.Zero, 0, string.Empty);

        public bool IsNothing => Kind is Kind.Word ? Rank == Release : Number.IsZero;

        public static bool operator <(Token left, Token right) => left.CompareTo(right) < 0;

        public static bool operator >(Token left, Token right) => left.CompareTo(right) > 0;

        public static bool operator <=(Token left, Token right) => left.CompareTo(right) <= 0;

        public static bool operator >=(Token left, Token right) => left.CompareTo(right) >= 0;

        public static Token Of(string text, bool isNumber, bool isAfterDot, bool isBeforeNumber)
        {
            if (isNumber || text.Length == 0)
            {
                return new Token(isAfterDot ? Kind.NumberAfterDot : Kind.NumberAfterHyphen, text.Length == 0 ? BigInteger.Zero : BigInteger.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture), 0, string.Empty);
            }

            var word = text switch
            {
                "a" when isBeforeNumber => "alpha",
                "b" when isBeforeNumber => "beta",
                "m" when isBeforeNumber => "milestone",
                "cr" => "rc",
                "ga" or "final" or "release" => string.Empty,
                _ => text,
            };
            var rank = Array.IndexOf(Words, word);
            return rank < 0 ? new Token(Kind.Word, BigInteger.Zero, Words.Length, word) : new Token(Kind.Word, BigInteger.Zero, rank, string.Empty);
        }

        /// <summary>The end stands where no word would, before all numbers: what is left after trimming is more than nothing.</summary>
        public int CompareTo(Token other)
        {
            if (Kind is Kind.Word && other.Kind is Kind.End)
            {
                return Rank < Release ? -1 : 1;
            }

            if (Kind is Kind.End && other.Kind is Kind.Word)
            {
                return -other.CompareTo(this);
            }

            var order = Kind.CompareTo(other.Kind);
            order = order != 0 ? order : Rank.CompareTo(other.Rank);
            order = order != 0 ? order : string.CompareOrdinal(Word, other.Word);
            return order != 0 ? order : Number.CompareTo(other.Number);
        }
    }
}
