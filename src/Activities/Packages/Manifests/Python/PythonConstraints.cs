using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Python;

internal sealed class PythonConstraints : ConstraintRules
{
    public override string? Pinned(string constraint) => PythonVersionSpecifier.TryParse(constraint, out var specifier) ? specifier.Pinned : null;

    public override bool? Admits(string constraint, string version) =>
        PythonVersionSpecifier.TryParse(constraint, out var specifier) && PythonVersion.TryParse(version, out var read) ? specifier.Admits(read) : null;

    public override string? Raise(string constraint, string version)
    {
        if (!PythonVersionSpecifier.TryParse(constraint, out var specifier) || !PythonVersion.TryParse(version, out var to))
        {
            return null;
        }

        // The clause to change is the one that holds the version down, or else the highest lower end.
        var holding = specifier.Clauses.FirstOrDefault(static clause => clause.IsPin)
            ?? specifier.Clauses.FirstOrDefault(clause => clause is { IsWildcard: true, Operator: "==" })
            ?? specifier.Clauses.Where(static clause => clause.Operator is ">=" or ">" or "~=").MaxBy(static clause => clause.Version);
        if ((specifier.Pinned is null && !specifier.Admits(to, withPrereleases: true)) || holding is { Version: { } held } && held > to)
        {
            return null;
        }

        if (holding is null)
        {
            return Checked(constraint.Length == 0 ? $">={version}" : $">={version},{constraint}", to);
        }

        var sign = holding switch
        {
            { IsWildcard: true } => "==",
            { Operator: ">" } => ">=",
            { Operator: "~=" } when to.ReleaseLength < 2 => ">=",
            { Operator: "===" } => "===",
            _ => holding.Operator,
        };
        var space = SpaceAfter(constraint, holding);
        return Checked($"{constraint[..holding.Start]}{sign}{space}{version}{constraint[holding.End..]}", to);
    }

    private static string SpaceAfter(string constraint, PythonVersionClause clause)
    {
        var start = clause.Start + clause.Operator.Length;
        var end = start;
        while (end < clause.End && char.IsWhiteSpace(constraint[end]))
        {
            end++;
        }

        return constraint[start..end];
    }

    /// <summary>A repackaged version can only be asked for exactly.</summary>
    private static string? Checked(string raised, PythonVersion version) =>
        PythonVersionSpecifier.TryParse(raised, out var specifier) && specifier.Admits(version, withPrereleases: true) ? raised : null;
}
