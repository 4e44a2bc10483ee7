using AtomicDevOps.Activities.Packages.Manifests.Go;
using AtomicDevOps.Activities.Packages.Manifests.Maven;
using AtomicDevOps.Activities.Packages.Manifests.NuGet;
using AtomicDevOps.Activities.Packages.Manifests.Python;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>One way to write which versions are allowed.</summary>
internal abstract class ConstraintRules
{
    private static readonly ConstraintRules Exact = new ExactConstraints();
    private static readonly ConstraintRules Python = new PythonConstraints();
    private static readonly ConstraintRules Poetry = new PoetryConstraints();

    private static readonly ConstraintRules Npm = new SemanticConstraints(SemanticRange.ReadNpm, " ");
    private static readonly ConstraintRules Cargo = new SemanticConstraints(SemanticRange.ReadCargo, ", ");

    private static readonly ConstraintRules NuGet = new NuGetConstraints();
    private static readonly ConstraintRules Go = new GoConstraints();
    private static readonly ConstraintRules Maven = new MavenConstraints();

    public static ConstraintRules Of(ConstraintSyntax syntax) => syntax switch
    {
        ConstraintSyntax.Python => Python,
        ConstraintSyntax.Poetry => Poetry,
        ConstraintSyntax.Npm => Npm,
        ConstraintSyntax.Cargo => Cargo,
        ConstraintSyntax.NuGet => NuGet,
        ConstraintSyntax.Go => Go,
        ConstraintSyntax.Maven => Maven,
        _ => Exact,
    };

    /// <summary>The only version that is allowed; null where there is a choice.</summary>
    public abstract string? Pinned(string constraint);

    /// <summary>Whether a version is allowed; null where the constraint or the version cannot be read.</summary>
    public abstract bool? Admits(string constraint, string version);

    /// <summary>
    /// The constraint with its lower end at the version and everything else as it was; an exact version gives way to the new one.
    /// Null where the version is not above the lower end that there is, where the rest of the constraint rules it out, or where it cannot be said in this way.
    /// </summary>
    public abstract string? Raise(string constraint, string version);

    private sealed class ExactConstraints : ConstraintRules
    {
        public override string? Pinned(string constraint) => constraint.Length == 0 ? null : constraint;

        public override bool? Admits(string constraint, string version) => string.Equals(constraint, version, StringComparison.Ordinal);

        public override string? Raise(string constraint, string version) => version;
    }
}
