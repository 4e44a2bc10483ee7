using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Security.Cvss;

namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>
/// Makes one list of what all tools say of one commit: the same weakness from several is one finding with each one's word as evidence.
/// <para>
/// Findings of one kind in one file are the same where their lines overlap (the first ten lines of a range count) and they share a weakness, or one's weakness
/// is the next wider one of the other's (<see cref="Weakness"/>). Hard-coded credentials are the same on one line whatever the tools call them; rules that are
/// known to be equivalent count as sharing a weakness, and a root user is said once a file. Dependencies are the same where ecosystem, name by the ecosystem's
/// rules, manifest and any of the advisory's ids are, and the version or the line is.
/// </para>
/// <para>Neither the order of reports nor that of findings changes anything, and doing it again changes nothing either.</para>
/// </summary>
public static class FindingConsolidation
{
    private const int MostLines = 10;

    /// <returns>By <see cref="FindingPriority"/>, each with its fingerprint.</returns>
    public static IReadOnlyList<Finding> Consolidate(IEnumerable<ScanReport> reports) => Consolidate(reports.SelectMany(report => report.Findings));

    /// <inheritdoc cref="Consolidate(IEnumerable{ScanReport})"/>
    public static IReadOnlyList<Finding> Consolidate(IEnumerable<Finding> findings)
    {
        var all = findings.Select(finding => Merge([finding])).ToArray();
        while (true)
        {
            var merged = Pass(all);
            if (merged.Length == all.Length)
            {
                return FindingPriority.Order(FindingFingerprint.Assign(merged));
            }

            all = merged;
        }
    }

    /// <summary>What was merged knows more than its parts did, and may be the same as another for that: hence pass after pass, until none is.</summary>
    private static Finding[] Pass(Finding[] findings)
    {
        var sets = new DisjointSets(findings.Length);
        var holders = new Dictionary<object, int>();
        var narrow = new Dictionary<(string, string, int), List<int>>();
        for (var index = 0; index < findings.Length; index++)
        {
            foreach (var key in Keys(findings[index]))
            {
                if (!holders.TryAdd(key, index))
                {
                    sets.Join(holders[key], index);
                }
            }

            foreach (var key in WiderKeys(findings[index]))
            {
                if (!narrow.TryGetValue(key, out var children))
                {
                    narrow.Add(key, children = []);
                }

                children.Add(index);
            }
        }

        foreach (var (key, children) in narrow)
        {
            if (holders.TryGetValue(key, out var parent))
            {
                children.ForEach(child => sets.Join(parent, child));
            }
        }

        return [.. Enumerable.Range(0, findings.Length).GroupBy(sets.Find).Select(set => Merge([.. set.Select(index => findings[index])]))];
    }

    /// <summary>Findings that have any of them in common are the same.</summary>
    private static IEnumerable<object> Keys(Finding finding)
    {
        if (finding is { Kind: FindingKind.Dependency, Package: { } package })
        {
            var scheme = VersionScheme.Find(package.Ecosystem);
            var name = scheme?.NormalName(package.Name) ?? package.Name;
            object version = scheme?.Read(package.Version) ?? (object)package.Version;
            foreach (var id in AdvisoryId.Of(package).Select(id => id.ToUpperInvariant()))
            {
                yield return (package.Ecosystem, name, finding.Location.Path, id, version);
                yield return (package.Ecosystem, name, finding.Location.Path, id, finding.Location.StartLine);
            }

            yield break;
        }

        foreach (var (rule, tool) in finding.Evidence.Select(evidence => (evidence.Rule, evidence.Tool)))
        {
            yield return (finding.Kind, finding.Location.Path, finding.Location.StartLine, finding.Location.StartColumn, rule, tool);
        }

        var equivalence = RuleEquivalence.Find(finding);
        if (equivalence == RuleClass.RootUser)
        {
            yield return (finding.Location.Path, equivalence);
        }

        foreach (var line in Lines(finding))
        {
            if (equivalence is not null)
            {
                yield return (finding.Location.Path, equivalence, line);
            }

            foreach (var weakness in finding.Weaknesses)
            {
                yield return (Scope(finding), weakness, line);
            }
        }
    }

    private static IEnumerable<(string Scope, string Weakness, int Line)> WiderKeys(Finding finding) => finding.Kind == FindingKind.Dependency
        ? []
        : from weakness in finding.Weaknesses
          let wider = Weakness.Parent(weakness)
          where wider is not null
          from line in Lines(finding)
          select (Scope(finding), wider, line);

    private static string Scope(Finding finding) => $"{finding.Kind} {finding.Location.Path}";

    private static IEnumerable<int> Lines(Finding finding)
    {
        var start = finding.Location.StartLine;
        return Enumerable.Range(start, Math.Clamp((finding.Location.EndLine ?? start) - start + 1, 1, MostLines));
    }

    private static Finding Merge(Finding[] same)
    {
        Array.Sort(same, Comparer<Finding>.Create(CompareWeight));
        var first = same[0];
        var (severity, score, vector) = Weigh(same);
        return first with
        {
            Kind = same.Any(finding => finding.Kind == FindingKind.Secret) ? FindingKind.Secret : first.Kind,
            Location = same.Select(finding => finding.Location).Order(Comparer<FindingLocation>.Create(ComparePrecision)).First(),
            Severity = severity,
            Score = score,
            Vector = vector,
            Weaknesses = Weakness.Order(same.SelectMany(finding => finding.Weaknesses)),
            Package = first.Package is null ? null : Merge([.. same.Select(finding => finding.Package).OfType<VulnerablePackage>()]),
            KnownExploited = same.Any(finding => finding.KnownExploited),
            Reachable = same.Any(finding => finding.Reachable == true) ? true : same.Any(finding => finding.Reachable == false) ? false : null,
            Evidence =
            [
                .. same.SelectMany(finding => finding.Evidence)
                    .Distinct()
                    .OrderBy(evidence => evidence.Tool, StringComparer.Ordinal)
                    .ThenBy(evidence => evidence.Rule, StringComparer.Ordinal)
                    .ThenBy(evidence => evidence.Message, StringComparer.Ordinal)
                    .ThenBy(evidence => evidence.ToString(), StringComparer.Ordinal),
            ],
            Fingerprint = string.Empty,
        };
    }

    private static VulnerablePackage Merge(VulnerablePackage[] same)
    {
        var ids = AdvisoryId.Order(same.SelectMany(package => AdvisoryId.Of(package)));
        var first = same[0];
        return first with
        {
            Name = same.Select(package => package.Name).Min(StringComparer.Ordinal)!,
            Version = Extreme(first.Ecosystem, same.Select(package => package.Version), highest: false)!,
            Advisory = ids.Count > 0 ? ids[0] : string.Empty,
            Aliases = [.. ids.Skip(1)],
            FixedVersion = Extreme(first.Ecosystem, same.Select(package => package.FixedVersion), highest: true),
            IsDirect = same.Any(package => package.IsDirect),
        };
    }

    /// <summary>The lowest or highest by the ecosystem's order; versions that it cannot read come below all others.</summary>
    private static string? Extreme(string ecosystem, IEnumerable<string?> versions, bool highest)
    {
        var scheme = VersionScheme.Find(ecosystem);
        var ordered = versions.OfType<string>()
            .Order(Comparer<string>.Create((one, other) => (scheme?.Read(one), scheme?.Read(other)) switch
            {
                ({ } read, { } against) when read.CompareTo(against) is not 0 and var step => step,
                ({ }, null) => 1,
                (null, { }) => -1,
                _ => string.CompareOrdinal(one, other),
            }))
            .ToArray();
        return ordered.Length == 0 ? null : highest ? ordered[^1] : ordered[0];
    }

    /// <summary>The worst of the computed scores; where there is none, the worst of what the tools say themselves.</summary>
    private static (FindingSeverity Severity, double? Score, string? Vector) Weigh(Finding[] same)
    {
        var computed = same
            .Select(finding => CvssVector.TryParse(finding.Vector, out var vector) ? vector : null)
            .OfType<CvssVector>()
            .OrderByDescending(vector => vector.BaseScore)
            .ThenByDescending(vector => CvssVector.Rate(vector.Version, vector.BaseScore))
            .ThenByDescending(vector => vector.Version)
            .ThenBy(vector => vector.ToString(), StringComparer.Ordinal)
            .FirstOrDefault();
        return computed is null
            ? (same.Max(finding => finding.Severity), same.Max(finding => finding.Score), null)
            : (CvssVector.Rate(computed.Version, computed.BaseScore), computed.BaseScore, computed.ToString());
    }

    /// <summary>Whose words are taken for the whole: who computed a score, then who takes it for worse.</summary>
    private static int CompareWeight(Finding one, Finding other)
    {
        var step = CvssVector.TryParse(other.Vector, out _).CompareTo(CvssVector.TryParse(one.Vector, out _));
        step = step != 0 ? step : other.Severity.CompareTo(one.Severity);
        step = step != 0 ? step : (other.Score ?? -1).CompareTo(one.Score ?? -1);
        step = step != 0 ? step : string.CompareOrdinal(one.Evidence[0].Tool, other.Evidence[0].Tool);
        step = step != 0 ? step : string.CompareOrdinal(one.Evidence[0].Rule, other.Evidence[0].Rule);
        return step != 0 ? step : FindingPriority.ByPlace.Compare(one, other);
    }

    /// <summary>Fewer lines, then with columns, then fewer of them, then with a digest, then further up.</summary>
    private static int ComparePrecision(FindingLocation one, FindingLocation other)
    {
        var step = Height(one).CompareTo(Height(other));
        step = step != 0 ? step : Width(one).CompareTo(Width(other));
        step = step != 0 ? step : (one.LineDigest is null).CompareTo(other.LineDigest is null);
        step = step != 0 ? step : one.StartLine.CompareTo(other.StartLine);
        step = step != 0 ? step : (one.StartColumn ?? 0).CompareTo(other.StartColumn ?? 0);
        step = step != 0 ? step : (one.EndColumn ?? 0).CompareTo(other.EndColumn ?? 0);
        step = step != 0 ? step : (one.EndLine ?? 0).CompareTo(other.EndLine ?? 0);
        step = step != 0 ? step : string.CompareOrdinal(one.LineDigest, other.LineDigest);
        return step != 0 ? step : string.CompareOrdinal(one.Path, other.Path);
    }

    private static int Height(FindingLocation location) => (location.EndLine ?? location.StartLine) - location.StartLine;

    private static int Width(FindingLocation location) => location switch
    {
        { StartColumn: { } start, EndColumn: { } end } when Height(location) == 0 => end - start,
        { StartColumn: not null } => int.MaxValue - 1,
        _ => int.MaxValue,
    };

    private sealed class DisjointSets(int count)
    {
        private readonly int[] _parents = [.. Enumerable.Range(0, count)];

        public int Find(int member)
        {
            while (_parents[member] != member)
            {
                member = _parents[member] = _parents[_parents[member]];
            }

            return member;
        }

        public void Join(int one, int other) => _parents[Find(one)] = Find(other);
    }
}
