using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Tools.Osv;

namespace AtomicDevOps.Activities.Packages;

/// <summary>The least version of a package that no advisory affects.</summary>
/// <param name="Version">As an advisory writes it; null where there is none.</param>
/// <param name="Outcome">Why there is none.</param>
public sealed record LeastFixed(string? Version, LeastFixedOutcome Outcome)
{
    /// <summary>
    /// Looks among the versions that the records name as fixed, as there is no index to ask for others: later than the one at hand, affected by none of the records,
    /// and allowed. A final version goes before a pre-release.
    /// </summary>
    /// <param name="records">All records of the package, also those that do not affect the version at hand.</param>
    /// <param name="isAllowed">Whether a version may be taken at all.</param>
    public static LeastFixed Find(string ecosystem, string package, string version, IReadOnlyCollection<OsvRecord> records, Func<string, bool> isAllowed)
    {
        if (VersionScheme.Find(ecosystem) is not { } scheme || scheme.Read(version) is not { } present)
        {
            return new LeastFixed(null, LeastFixedOutcome.UnreadableVersion);
        }

        var later = records.SelectMany(record => OsvEvaluation.FixedVersions(record, ecosystem, package))
            .Select(text => (Text: text, Version: scheme.Read(text)))
            .Where(candidate => candidate.Version is not null && candidate.Version.CompareTo(present) > 0)
            .OrderBy(candidate => scheme.IsPrerelease(candidate.Version!))
            .ThenBy(static candidate => candidate.Version)
            .DistinctBy(static candidate => candidate.Version)
            .Select(static candidate => candidate.Text)
            .ToArray();
        var isOneClean = false;
        foreach (var text in later)
        {
            if (records.All(record => OsvEvaluation.Evaluate(record, ecosystem, package, text) == OsvVerdict.NotAffected))
            {
                if (isAllowed(text))
                {
                    return new LeastFixed(text, LeastFixedOutcome.Found);
                }

                isOneClean = true;
            }
        }

        return new LeastFixed(null, later.Length == 0 ? LeastFixedOutcome.NoneKnown : isOneClean ? LeastFixedOutcome.NoneAllowed : LeastFixedOutcome.AllAffected);
    }

    /// <summary>The least version that the dependency's own constraint can be raised to.</summary>
    public static LeastFixed Find(PackageDependency dependency, IReadOnlyCollection<OsvRecord> records) => dependency.Version is { } version
        ? Find(dependency.Ecosystem, dependency.Name, version, records, text => ConstraintRules.Of(dependency.Syntax).Raise(dependency.Constraint, text) is not null)
        : new LeastFixed(null, LeastFixedOutcome.UnreadableVersion);
}

[JsonConverter(typeof(JsonStringEnumConverter<LeastFixedOutcome>))]
public enum LeastFixedOutcome
{
    Found,

    /// <summary>No record names a later version with a fix.</summary>
    NoneKnown,

    /// <summary>Each version with a fix is affected by another record, or it cannot be told.</summary>
    AllAffected,

    /// <summary>There are such versions, but the constraint rules them out.</summary>
    NoneAllowed,

    /// <summary>The version at hand is not known, or not readable by the ecosystem's rules.</summary>
    UnreadableVersion,
}
