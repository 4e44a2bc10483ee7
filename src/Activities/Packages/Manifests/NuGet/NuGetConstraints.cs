using NuGet.Versioning;

namespace AtomicDevOps.Activities.Packages.Manifests.NuGet;

/// <summary>https://learn.microsoft.com/nuget/concepts/package-versioning#version-ranges.</summary>
internal sealed class NuGetConstraints : ConstraintRules
{
    private const int MostCharacters = 256;

    /// <summary>NuGet takes the least version that is allowed, so a lower end that is allowed itself is the version; a floating one takes the latest.</summary>
    public override string? Pinned(string constraint) => Read(constraint) is { IsFloating: false, IsMinInclusive: true, MinVersion: { } least } ? least.ToNormalizedString() : null;

    public override bool? Admits(string constraint, string version) =>
        Read(constraint) is { } range && NuGetVersion.TryParse(version, out var read) ? range.Satisfies(read) : null;

    public override string? Raise(string constraint, string version)
    {
        if (version.Length > MostCharacters || !NuGetVersion.TryParse(version, out var to))
        {
            return null;
        }

        if (constraint.Length == 0)
        {
            return version;
        }

        if (Read(constraint) is not { } range || (range.MinVersion is { } least && least >= to && !range.IsFloating))
        {
            return null;
        }

        var isExact = range is { HasUpperBound: true, IsMinInclusive: true, IsMaxInclusive: true } && range.MinVersion == range.MaxVersion;
        if (isExact)
        {
            return $"[{version}]";
        }

        if (!range.HasUpperBound)
        {
            return !range.IsFloating || range.Satisfies(to) ? version : null;
        }

        return range.Satisfies(to) ? $"[{version},{constraint[(constraint.IndexOf(',', StringComparison.Ordinal) + 1)..]}" : null;
    }

    private static VersionRange? Read(string constraint) => constraint.Length is > 0 and <= MostCharacters && VersionRange.TryParse(constraint, out var range) ? range : null;
}
