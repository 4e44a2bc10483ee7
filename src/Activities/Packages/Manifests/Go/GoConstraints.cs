using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Go;

/// <summary>Versions of https://go.dev/ref/mod#versions.</summary>
internal sealed class GoConstraints : ConstraintRules
{
    private const string Incompatible = "+incompatible";

    public override string? Pinned(string constraint) => SemanticVersion.Read(constraint) is null ? null : constraint;

    public override bool? Admits(string constraint, string version) =>
        SemanticVersion.Read(constraint) is { } one && SemanticVersion.Read(version) is { } other ? one == other : null;

    /// <summary>Advisories write versions without <c>v</c>. A later major version is another module, so that it cannot be told in this way.</summary>
    public override string? Raise(string constraint, string version)
    {
        if (SemanticVersion.Read(constraint) is not { } from || SemanticVersion.Read(version) is not { } to || to <= from)
        {
            return null;
        }

        var isIncompatible = constraint.EndsWith(Incompatible, StringComparison.Ordinal);
        var isSameModule = to.Major == from.Major || to.Major <= 1 || isIncompatible;
        return isSameModule ? $"v{to}{(isIncompatible && to.Major > 1 ? Incompatible : string.Empty)}" : null;
    }
}
