using System.Globalization;
using System.Numerics;

namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>A version of a Debian package, as section 5.6.12 of https://www.debian.org/doc/debian-policy/ch-controlfields.html orders them; up to 256 characters.</summary>
internal sealed class DebianVersion : OrderedVersion<DebianVersion>
{
    private readonly BigInteger _epoch;
    private readonly IReadOnlyList<Part> _upstream;
    private readonly IReadOnlyList<Part> _revision;

    private DebianVersion(BigInteger epoch, IReadOnlyList<Part> upstream, IReadOnlyList<Part> revision)
    {
        _epoch = epoch;
        _upstream = upstream;
        _revision = revision;
    }

    public static DebianVersion? Read(string text)
    {
        if (text.Length > MostCharacters)
        {
            return null;
        }

        var rest = text.Trim();
        var epoch = BigInteger.Zero;
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            if (colon == 0 || !rest[..colon].All(char.IsAsciiDigit))
            {
                return null;
            }

            epoch = BigInteger.Parse(rest[..colon], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[(colon + 1)..];
        }

        var hyphen = rest.LastIndexOf('-');
        var (upstream, revision) = hyphen < 0 ? (rest, string.Empty) : (rest[..hyphen], rest[(hyphen + 1)..]);
        return upstream.Length > 0
            && (hyphen < 0 || revision.Length > 0)
            && upstream.All(static letter => IsOfRevision(letter) || letter is '-' or ':')
            && revision.All(IsOfRevision)
            ? new DebianVersion(epoch, Parts(upstream), Parts(revision))
            : null;
    }

    protected override int Compare(DebianVersion other)
    {
        var order = _epoch.CompareTo(other._epoch);
        order = order != 0 ? order : Compare(_upstream, other._upstream, Part.None, Part.Compare);
        return order != 0 ? order : Compare(_revision, other._revision, Part.None, Part.Compare);
    }

    protected override int Hash()
    {
        var hash = default(HashCode);
        hash.Add(_epoch);
        foreach (var part in _upstream.Concat([Part.None]).Concat(_revision))
        {
            hash.Add(part);
        }

        return hash.ToHashCode();
    }

    private static bool IsOfRevision(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '+' or '~';

    /// <summary>What is no number and the number after it, over and over; without what stands for nothing at the end.</summary>
    private static List<Part> Parts(string text)
    {
        var parts = new List<Part>();
        for (var at = 0; at < text.Length;)
        {
            var start = at;
            while (at < text.Length && !char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            var number = at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            parts.Add(new Part(text[start..number], number == at ? BigInteger.Zero : BigInteger.Parse(text.AsSpan(number, at - number), NumberStyles.None, CultureInfo.InvariantCulture)));
        }

        while (parts is [.., { Word: "", Number.IsZero: true }])
        {
            parts.RemoveAt(parts.Count - 1);
        }

        return parts;
    }

    private sealed record Part(string Word, BigInteger Number)
    {
        public static Part None { get; } = new(string.Empty, BigInteger.Zero);

        public static int Compare(Part one, Part other)
        {
            for (var index = 0; index < Math.Max(one.Word.Length, other.Word.Length); index++)
            {
                var order = Rank(one.Word, index).CompareTo(Rank(other.Word, index));
                if (order != 0)
                {
                    return order;
                }
            }

            return one.Number.CompareTo(other.Number);
        }

        /// <summary>A tilde comes before the end, which comes before letters, which come before everything else.</summary>
        private static int Rank(string word, int index) => index >= word.Length ? 0
            : word[index] is '~' ? -1
            : char.IsAsciiLetter(word[index]) ? word[index]
            : word[index] + char.MaxValue;
    }
}
