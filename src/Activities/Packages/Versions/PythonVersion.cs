using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>
/// A version of a Python package, in any of the spellings that are allowed and ordered as
/// https://packaging.python.org/en/latest/specifications/version-specifiers/ says; up to 256 characters. Spellings of the same version are equal.
/// </summary>
public sealed class PythonVersion : IComparable, IComparable<PythonVersion>, IEquatable<PythonVersion>, IParsable<PythonVersion>
{
    /// <summary>What the parts that a version lacks are compared as.</summary>
    private static readonly BigInteger Lowest = BigInteger.MinusOne;

    private readonly BigInteger _epoch;
    private readonly IReadOnlyList<BigInteger> _release;
    private readonly (Phase Phase, BigInteger Number)? _pre;
    private readonly BigInteger? _post;
    private readonly BigInteger? _development;
    private readonly IReadOnlyList<LocalSegment> _local;

    private PythonVersion(
        BigInteger epoch,
        IReadOnlyList<BigInteger> release,
        (Phase Phase, BigInteger Number)? pre,
        BigInteger? post,
        BigInteger? development,
        IReadOnlyList<LocalSegment> local)
    {
        _epoch = epoch;
        _release = release;
        _pre = pre;
        _post = post;
        _development = development;
        _local = local;
    }

    private enum Phase
    {
        Alpha,
        Beta,
        Candidate,
    }

    /// <summary>An alpha, a beta, a release candidate, or a development release of anything.</summary>
    public bool IsPrerelease => _pre is not null || _development is not null;

    /// <summary>Has come after the release that it names, with nothing changed but the packaging.</summary>
    public bool IsPostrelease => _post is not null;

    /// <summary>Whether whoever repackaged it has said so.</summary>
    public bool HasLocal => _local.Count > 0;

    /// <summary>The version without its local part, which whoever repackaged it has added.</summary>
    public PythonVersion Public => _local.Count == 0 ? this : new PythonVersion(_epoch, _release, _pre, _post, _development, []);

    /// <summary>Epoch and release alone.</summary>
    internal PythonVersion Base => new(_epoch, _release, pre: null, post: null, development: null, []);

    internal int ReleaseLength => _release.Count;

    public static bool operator ==(PythonVersion? left, PythonVersion? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(PythonVersion? left, PythonVersion? right) => !(left == right);

    public static bool operator <(PythonVersion left, PythonVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(PythonVersion left, PythonVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(PythonVersion left, PythonVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(PythonVersion left, PythonVersion right) => left.CompareTo(right) >= 0;

    /// <exception cref="FormatException">It is no version.</exception>
    public static PythonVersion Parse(string s) => Parse(s, provider: null);

    /// <exception cref="FormatException">It is no version.</exception>
    public static PythonVersion Parse(string s, IFormatProvider? provider) => TryParse(s, provider, out var version)
        ? version
        : throw new FormatException($"'{Shortened(s)}' is no version of a Python package; right would be such as 1.2.3, 2.0rc1, 1.0.post1 or 1!2.0+local.1.");

    public static bool TryParse([NotNullWhen(true)] string? s, [MaybeNullWhen(false)] out PythonVersion result) => TryParse(s, provider: null, out result);

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out PythonVersion result)
    {
        result = s is { Length: <= Scanner.MostCharacters } ? new Scanner(s.Trim().ToLowerInvariant()).Read() : null;
        return result is not null;
    }

    public int CompareTo(PythonVersion? other)
    {
        if (other is null)
        {
            return 1;
        }

        var order = _epoch.CompareTo(other._epoch);
        order = order != 0 ? order : Compare(_release, other._release, BigInteger.Zero, static (one, two) => one.CompareTo(two));
        order = order != 0 ? order : PreKey.CompareTo(other.PreKey);
        order = order != 0 ? order : (_post ?? Lowest).CompareTo(other._post ?? Lowest);
        order = order != 0 ? order : DevelopmentKey.CompareTo(other.DevelopmentKey);
        return order != 0 ? order : Compare(_local, other._local, absent: null, LocalSegment.Compare);
    }

    public int CompareTo(object? obj) => obj is null or PythonVersion
        ? CompareTo(obj as PythonVersion)
        : throw new ArgumentException($"A version of a Python package cannot be compared with a {obj.GetType().Name}.", nameof(obj));

    public bool Equals(PythonVersion? other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => Equals(obj as PythonVersion);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(_epoch);
        foreach (var part in _release.Reverse().SkipWhile(static part => part.IsZero))
        {
            hash.Add(part);
        }

        hash.Add(PreKey);
        hash.Add(_post);
        hash.Add(_development);
        foreach (var segment in _local)
        {
            hash.Add(segment);
        }

        return hash.ToHashCode();
    }

    /// <summary>The normal spelling.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (!_epoch.IsZero)
        {
            text.Append(CultureInfo.InvariantCulture, $"{_epoch}!");
        }

        text.AppendJoin('.', _release);
        if (_pre is var (phase, number))
        {
            text.Append(phase switch { Phase.Alpha => "a", Phase.Beta => "b", _ => "rc" }).Append(number);
        }

        if (_post is { } post)
        {
            text.Append(CultureInfo.InvariantCulture, $".post{post}");
        }

        if (_development is { } development)
        {
            text.Append(CultureInfo.InvariantCulture, $".dev{development}");
        }

        if (_local.Count > 0)
        {
            text.Append('+').AppendJoin('.', _local);
        }

        return text.ToString();
    }

    /// <summary>
    /// Whether it starts with all that the prefix has: epoch, release and, where the prefix has them, phase and post-release.
    /// Parts of a release that are not written count as 0.
    /// </summary>
    internal bool StartsWith(PythonVersion prefix, int releaseLength)
    {
        if (_epoch != prefix._epoch)
        {
            return false;
        }

        for (var index = 0; index < releaseLength; index++)
        {
            if (Part(this, index) != Part(prefix, index))
            {
                return false;
            }
        }

        return (prefix._pre is null && prefix._post is null)
            || (_release.Skip(releaseLength).All(static part => part.IsZero)
                && _pre == prefix._pre
                && (prefix._post is null || _post == prefix._post));

        static BigInteger Part(PythonVersion version, int index) => index < version._release.Count ? version._release[index] : BigInteger.Zero;
    }

    /// <summary>A development release of no other phase comes before all phases of its release, and a release after them.</summary>
    private (int Place, Phase Phase, BigInteger Number) PreKey => _pre is var (phase, number) ? (1, phase, number)
        : _post is null && _development is not null ? (0, default, default)
        : (2, default, default);

    private (bool IsRelease, BigInteger Number) DevelopmentKey => (_development is null, _development ?? BigInteger.Zero);

    private static int Compare<T>(IReadOnlyList<T> one, IReadOnlyList<T> other, T? absent, Comparison<T?> compare)
    {
        for (var index = 0; index < Math.Max(one.Count, other.Count); index++)
        {
            var order = compare(index < one.Count ? one[index] : absent, index < other.Count ? other[index] : absent);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    private static string Shortened(string? text) => text is { Length: > 80 } ? $"{text[..80]}…" : text ?? "";

    private sealed record LocalSegment(BigInteger? Number, string Word)
    {
        /// <summary>A segment comes after none, and a number after every word.</summary>
        public static int Compare(LocalSegment? one, LocalSegment? other) => (one, other) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            ({ Number: { } first }, { Number: { } second }) => first.CompareTo(second),
            ({ Number: null }, { Number: null }) => string.CompareOrdinal(one.Word, other.Word),
            ({ Number: null }, _) => -1,
            _ => 1,
        };

        public override string ToString() => Number?.ToString(CultureInfo.InvariantCulture) ?? Word;
    }

    private ref struct Scanner(string text)
    {
        public const int MostCharacters = 256;

        private static readonly (string Word, Phase Phase)[] Phases =
        [
            ("alpha", Phase.Alpha), ("beta", Phase.Beta), ("preview", Phase.Candidate), ("pre", Phase.Candidate), ("rc", Phase.Candidate),
            ("a", Phase.Alpha), ("b", Phase.Beta), ("c", Phase.Candidate),
        ];

        private static readonly string[] PostWords = ["post", "rev", "r"];

        private int _at = 0;

        public PythonVersion? Read()
        {
            Take('v');
            if (Number() is not { } first)
            {
                return null;
            }

            var epoch = BigInteger.Zero;
            if (Take('!'))
            {
                epoch = first;
                if (Number() is not { } next)
                {
                    return null;
                }

                first = next;
            }

            var release = new List<BigInteger> { first };
            while (_at + 1 < text.Length && text[_at] is '.' && char.IsAsciiDigit(text[_at + 1]))
            {
                _at++;
                release.Add(Number()!.Value);
            }

            var pre = Pre();
            var post = Post();
            var development = Numbered("dev");
            return Local() is { } local && _at == text.Length ? new PythonVersion(epoch, release, pre, post, development, local) : null;
        }

        private (Phase Phase, BigInteger Number)? Pre()
        {
            foreach (var (word, phase) in Phases)
            {
                if (Numbered(word) is { } number)
                {
                    return (phase, number);
                }
            }

            return null;
        }

        private BigInteger? Post()
        {
            if (_at + 1 < text.Length && text[_at] is '-' && char.IsAsciiDigit(text[_at + 1]))
            {
                _at++;
                return Number();
            }

            foreach (var word in PostWords)
            {
                if (Numbered(word) is { } number)
                {
                    return number;
                }
            }

            return null;
        }

        /// <summary>A word with a number or without, which then is 0; separators before the word and between them count for nothing.</summary>
        private BigInteger? Numbered(string word)
        {
            var start = _at;
            TakeSeparator();
            if (!text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
            {
                _at = start;
                return null;
            }

            _at += word.Length;
            var end = _at;
            TakeSeparator();
            if (Number() is { } number)
            {
                return number;
            }

            _at = end;
            return BigInteger.Zero;
        }

        private List<LocalSegment>? Local()
        {
            var segments = new List<LocalSegment>();
            if (!Take('+'))
            {
                return segments;
            }

            do
            {
                var start = _at;
                while (_at < text.Length && char.IsAsciiLetterOrDigit(text[_at]))
                {
                    _at++;
                }

                if (start == _at)
                {
                    return null;
                }

                var segment = text[start.._at];
                segments.Add(segment.All(char.IsAsciiDigit)
                    ? new LocalSegment(BigInteger.Parse(segment, NumberStyles.None, CultureInfo.InvariantCulture), "")
                    : new LocalSegment(Number: null, segment));
            }
            while (TakeSeparator());

            return segments;
        }

        private bool TakeSeparator() => Take('.') || Take('-') || Take('_');

        private bool Take(char expected)
        {
            if (_at >= text.Length || text[_at] != expected)
            {
                return false;
            }

            _at++;
            return true;
        }

        private BigInteger? Number()
        {
            var start = _at;
            while (_at < text.Length && char.IsAsciiDigit(text[_at]))
            {
                _at++;
            }

            return start == _at ? null : BigInteger.Parse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture);
        }
    }
}
