using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>Ranges of semantic versions, as npm and Cargo write them.</summary>
/// <param name="and">What stands between terms that both have to hold.</param>
internal sealed class SemanticConstraints(Func<string, SemanticRange?> read, string and) : ConstraintRules
{
    public override string? Pinned(string constraint) => read(constraint)?.Pinned?.ToString();

    public override bool? Admits(string constraint, string version) =>
        read(constraint) is { } range && SemanticVersion.Read(version) is { } one ? range.Admits(one) : null;

    public override string? Raise(string constraint, string version)
    {
        if (SemanticVersion.Read(version) is not { } to)
        {
            return null;
        }

        if (string.IsNullOrWhiteSpace(constraint))
        {
            return $">={version}";
        }

        if (read(constraint) is not { } range)
        {
            return null;
        }

        if (range.Pinned is { } pinned)
        {
            var term = range.Alternatives[0].Terms[0];
            return pinned < to ? $"{constraint[..term.VersionStart]}{version}{constraint[term.VersionEnd..]}" : null;
        }

        // What only allows earlier versions goes, what only allows later ones stays.
        var raised = range.Alternatives
            .Select(each => each.Lower is { } lower && lower >= to ? (IsRaised: false, Text: constraint[each.Start..each.End])
                : each.Admits(to, withPrereleases: true) ? (IsRaised: true, Text: Raise(constraint, each, version))
                : default)
            .Where(static each => each.Text is not null)
            .ToArray();
        var text = string.Join("||", raised.Select(static each => each.Text)).Trim();
        return Array.Exists(raised, static each => each.IsRaised) && read(text)?.Admits(to, withPrereleases: true) is true ? text : null;
    }

    private string Raise(string constraint, SemanticAlternative alternative, string version)
    {
        var lower = alternative.Lower;
        var term = alternative.Terms.FirstOrDefault(each => lower is not null && each.Comparators.Any(one => one.Sign is ">=" or ">" or "=" && one.Version == lower));
        if (term is null)
        {
            var others = alternative.Terms.Where(static each => each.Comparators.Count > 0).Select(each => constraint[each.Start..each.End]);
            return string.Join(and, others.Prepend($">={version}"));
        }

        // A term without its last numbers names an upper end too, which has to stay.
        var sign = term.Sign switch
        {
            ">" => ">=",
            "" or "=" when term.Operator is "=" && term.Comparators is [var start, var end] => end.Version.Major > start.Version.Major ? "^" : "~",
            "-" => string.Empty,
            _ => term.Sign,
        };
        var space = constraint[(term.Start + SignLength(constraint, term))..term.VersionStart];
        return $"{constraint[alternative.Start..term.Start]}{sign}{space}{version}{constraint[term.VersionEnd..alternative.End]}";
    }

    private static int SignLength(string constraint, SemanticTerm term) => constraint.AsSpan(term.Start, term.VersionStart - term.Start).TrimEnd().Length;
}
