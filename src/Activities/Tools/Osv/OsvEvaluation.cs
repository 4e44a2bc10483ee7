using System.Runtime.CompilerServices;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>What a record says of one version of a package.</summary>
public enum OsvVerdict
{
    NotAffected,
    Affected,

    /// <summary>The version, or what the record compares it with, cannot be read by the ecosystem's rules. That is no all-clear.</summary>
    Unknown,
}

/// <summary>Decides by https://ossf.github.io/osv-schema/#evaluation whether a version is affected.</summary>
public static class OsvEvaluation
{
    private const string FromTheBeginning = "0";

    /// <summary>What records of an ecosystem say, with their versions read, for as long as the records live.</summary>
    private static readonly ConditionalWeakTable<OsvAffected, ReadAffected> Known = [];

    public static OsvVerdict Evaluate(OsvRecord record, string ecosystem, string package, string version)
    {
        if (record.Withdrawn is not null)
        {
            return OsvVerdict.NotAffected;
        }

        var scheme = VersionScheme.Find(ecosystem);
        var affected = record.Affected.Where(affected => Names(affected.Package, ecosystem, package, scheme)).ToArray();
        if (affected.Length == 0)
        {
            return OsvVerdict.NotAffected;
        }

        if (scheme?.Read(version) is { } read)
        {
            return Worst(affected.Select(each => Evaluate(each, version, read, scheme)));
        }

        return affected.Any(each => each.Versions.Contains(version, StringComparer.Ordinal)) ? OsvVerdict.Affected : OsvVerdict.Unknown;
    }

    internal static bool IsAbout(OsvRecord record, string ecosystem, string package)
    {
        var scheme = VersionScheme.Find(ecosystem);
        return record.Affected.Any(affected => Names(affected.Package, ecosystem, package, scheme));
    }

    /// <summary>The versions that a record names as fixed, as written, in the record's order.</summary>
    public static IEnumerable<string> FixedVersions(OsvRecord record, string ecosystem, string package)
    {
        var scheme = VersionScheme.Find(ecosystem);
        return record.Affected.Where(affected => Names(affected.Package, ecosystem, package, scheme))
            .SelectMany(static affected => affected.Ranges.Where(IsOfVersions))
            .SelectMany(static range => range.Events)
            .Select(static happened => happened.Fixed)
            .OfType<string>();
    }

    /// <summary>The least version with a fix that is newer than the one at hand, in the range that it is affected by; null where no record tells one.</summary>
    public static string? FirstFixed(OsvRecord record, string ecosystem, string package, string version)
    {
        if (VersionScheme.Find(ecosystem) is not { } scheme || scheme.Read(version) is not { } read)
        {
            return null;
        }

        return FixedVersions(record, ecosystem, package)
            .Select(text => scheme.Read(text) is { } at ? (Text: text, At: at) : default)
            .Where(end => end.At is not null && end.At.CompareTo(read) > 0)
            .OrderBy(static end => end.At)
            .Select(static end => end.Text)
            .FirstOrDefault(end => Evaluate(record, ecosystem, package, end) == OsvVerdict.NotAffected);
    }

    private static bool Names(OsvPackage? named, string ecosystem, string package, VersionScheme? scheme) =>
        named is not null
        && string.Equals(named.Ecosystem, ecosystem, StringComparison.Ordinal)
        && string.Equals(
            scheme?.NormalName(named.Name) ?? named.Name, scheme?.NormalName(package) ?? package, StringComparison.Ordinal);

    private static OsvVerdict Evaluate(OsvAffected affected, string text, IComparable version, VersionScheme scheme)
    {
        var read = Known.GetValue(affected, each => ReadAffected.Of(each, scheme));
        return read.Versions.Contains(version) || read.Versions.Contains(scheme.Original(version))
            ? OsvVerdict.Affected
            : Worst(read.Ranges.Select(range => ReferenceEquals(range.Scheme, scheme) ? Evaluate(range.Events, version)
                : range.Scheme.Read(text) is { } asRangeHasIt ? Evaluate(range.Events, asRangeHasIt)
                : OsvVerdict.Unknown));
    }

    private static OsvVerdict Evaluate(IReadOnlyList<(OsvEvent Event, IComparable? At)>? events, IComparable version)
    {
        if (events is null)
        {
            return OsvVerdict.Unknown;
        }

        var isAffected = false;
        foreach (var (happened, at) in events)
        {
            isAffected = happened switch
            {
                { Introduced: not null } when at is null || version.CompareTo(at) >= 0 => true,
                { Fixed: not null } when version.CompareTo(at) >= 0 => false,
                { LastAffected: not null } when version.CompareTo(at) > 0 => false,
                { Limit: not null } when version.CompareTo(at) >= 0 => false,
                _ => isAffected,
            };
        }

        return isAffected ? OsvVerdict.Affected : OsvVerdict.NotAffected;
    }

    private static bool IsOfVersions(OsvRange range) => range.Type is "ECOSYSTEM" or "SEMVER";

    private static bool IsBeginning(OsvEvent happened) => happened.Introduced is FromTheBeginning;

    private static IComparable? Read(OsvEvent happened, VersionScheme scheme) =>
        !IsBeginning(happened) && (happened.Introduced ?? happened.Fixed ?? happened.LastAffected ?? happened.Limit) is { } version ? scheme.Read(version) : null;

    /// <param name="Scheme">The ecosystem's, or that of semantic versions where the range says that it is of those.</param>
    /// <param name="Events">By their versions; null where one of them cannot be read.</param>
    private sealed record ReadRange(VersionScheme Scheme, IReadOnlyList<(OsvEvent Event, IComparable? At)>? Events);

    /// <param name="Versions">Those listed that can be read.</param>
    private sealed record ReadAffected(IReadOnlySet<IComparable> Versions, IReadOnlyList<ReadRange> Ranges)
    {
        public static ReadAffected Of(OsvAffected affected, VersionScheme scheme) => new(
            affected.Versions.Select(scheme.Read).OfType<IComparable>().ToHashSet(),
            [.. from range in affected.Ranges.Where(IsOfVersions)
                let of = range.Type is "SEMVER" ? VersionScheme.Semantic : scheme
                select new ReadRange(of, Events(range, of))]);

        /// <summary>
        /// By their versions. Where one part of the range ends at the version at which the next begins, the end comes first, in whatever order the record has them;
        /// where nothing was affected before, the beginning does.
        /// </summary>
        private static (OsvEvent, IComparable?)[]? Events(OsvRange range, VersionScheme scheme)
        {
            var events = range.Events.Select(happened => (Event: happened, At: Read(happened, scheme))).ToArray();
            return Array.Exists(events, static happened => happened.At is null && !IsBeginning(happened.Event)) ? null : [.. InOrder(events)];
        }

        private static IEnumerable<(OsvEvent Event, IComparable? At)> InOrder(IEnumerable<(OsvEvent Event, IComparable? At)> events)
        {
            var isAffected = false;
            foreach (var together in events.GroupBy(static happened => happened.At).OrderBy(static group => group.Key))
            {
                var isBefore = isAffected;
                foreach (var happened in together.OrderBy(happened => happened.Event.Introduced is not null == isBefore))
                {
                    yield return happened;
                    isAffected = happened.Event.Introduced is not null;
                }
            }
        }
    }

    private static OsvVerdict Worst(IEnumerable<OsvVerdict> verdicts)
    {
        var worst = OsvVerdict.NotAffected;
        foreach (var verdict in verdicts)
        {
            if (verdict == OsvVerdict.Affected)
            {
                return verdict;
            }

            worst = verdict == OsvVerdict.Unknown ? verdict : worst;
        }

        return worst;
    }
}
