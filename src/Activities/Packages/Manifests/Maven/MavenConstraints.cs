using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Maven;

/// <summary>https://maven.apache.org/pom.html#dependency-version-requirement-specification.</summary>
internal sealed class MavenConstraints : ConstraintRules
{
    private const int MostCharacters = 4096;

    /// <summary>A version alone is a wish, but that of a direct dependency is always met.</summary>
    public override string? Pinned(string constraint) => Read(constraint) switch
    {
        { IsSoft: true } soft => soft.Ranges[0].Lower,
        { Ranges: [{ Lower: { } lower, Upper: { } upper }] } when string.Equals(lower, upper, StringComparison.Ordinal) => lower,
        _ => null,
    };

    public override bool? Admits(string constraint, string version) => Read(constraint) is { } read && MavenVersion.Read(version) is { } one ? read.Admits(one) : null;

    public override string? Raise(string constraint, string version)
    {
        if (MavenVersion.Read(version) is not { } to)
        {
            return null;
        }

        if (Read(constraint) is not { } read)
        {
            return constraint.Length == 0 ? version : null;
        }

        if (Pinned(constraint) is { } pinned)
        {
            return MavenVersion.Read(pinned)! < to ? read.IsSoft ? version : $"[{version}]" : null;
        }

        var kept = read.Ranges.Where(range => range.Upper is null || MavenVersion.Read(range.Upper)! >= to).ToArray();
        if (kept is not [var first, ..] || !first.Admits(to) || (first.Lower is { } lower && MavenVersion.Read(lower)! >= to))
        {
            return null;
        }

        return string.Join(',', kept.Skip(1).Select(static range => range.ToString()).Prepend((first with { Lower = version, HasLower = true }).ToString()));
    }

    private static Requirement? Read(string constraint)
    {
        var text = constraint.Trim();
        if (text.Length is 0 or > MostCharacters || text is "LATEST" or "RELEASE")
        {
            return null;
        }

        if (text[0] is not ('[' or '('))
        {
            return MavenVersion.Read(text) is null ? null : new Requirement([new VersionRange(text, HasLower: true, Upper: null, HasUpper: false)], IsSoft: true);
        }

        var ranges = new List<VersionRange>();
        for (var at = 0; at < text.Length;)
        {
            var length = text.AsSpan(at).IndexOfAny(']', ')');
            if (text[at] is not ('[' or '(') || length < 0)
            {
                return null;
            }

            var ends = text[(at + 1)..(at + length)].Split(',');
            var (lower, upper) = (ends[0].Trim(), ends[^1].Trim());
            if (ends.Length > 2 || (lower.Length > 0 && MavenVersion.Read(lower) is null) || (upper.Length > 0 && MavenVersion.Read(upper) is null) || (ends.Length == 1 && lower.Length == 0))
            {
                return null;
            }

            ranges.Add(new VersionRange(lower.Length == 0 ? null : lower, text[at] is '[', upper.Length == 0 ? null : upper, text[at + length] is ']'));
            at += length + 1;
            while (at < text.Length && (text[at] is ',' || char.IsWhiteSpace(text[at])))
            {
                at++;
            }
        }

        return new Requirement(ranges, IsSoft: false);
    }

    private sealed record Requirement(IReadOnlyList<VersionRange> Ranges, bool IsSoft)
    {
        public bool Admits(MavenVersion version) => IsSoft || Ranges.Any(range => range.Admits(version));
    }

    private sealed record VersionRange(string? Lower, bool HasLower, string? Upper, bool HasUpper)
    {
        public bool Admits(MavenVersion version) =>
            (Lower is null || (MavenVersion.Read(Lower)! is var lower && (HasLower ? version >= lower : version > lower)))
            && (Upper is null || (MavenVersion.Read(Upper)! is var upper && (HasUpper ? version <= upper : version < upper)));

        public override string ToString() => $"{(HasLower ? '[' : '(')}{Lower},{Upper}{(HasUpper ? ']' : ')')}";
    }
}
