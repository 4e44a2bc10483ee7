namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>A vulnerability as OSV records it, as far as it is of use here: https://ossf.github.io/osv-schema/, version 1.7.</summary>
public sealed record OsvRecord(string Id)
{
    public string? Summary { get; init; }

    public string? Details { get; init; }

    /// <summary>Other databases' ids of the same vulnerability.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    public DateTimeOffset? Modified { get; init; }

    /// <summary>Since then it counts as none.</summary>
    public DateTimeOffset? Withdrawn { get; init; }

    public IReadOnlyList<OsvSeverity> Severity { get; init; } = [];

    public IReadOnlyList<OsvAffected> Affected { get; init; } = [];
}

/// <param name="Type"><c>CVSS_V2</c>, <c>CVSS_V3</c>, <c>CVSS_V4</c> or a database's own.</param>
/// <param name="Score">The vector, not the number.</param>
public sealed record OsvSeverity(string Type, string Score);

public sealed record OsvAffected
{
    /// <summary>Null where only a repository is named.</summary>
    public OsvPackage? Package { get; init; }

    public IReadOnlyList<OsvRange> Ranges { get; init; } = [];

    /// <summary>Versions that are affected, whatever the ranges say.</summary>
    public IReadOnlyList<string> Versions { get; init; } = [];
}

/// <param name="Ecosystem">Such as <c>PyPI</c> or <c>Debian:12</c>.</param>
public sealed record OsvPackage(string Ecosystem, string Name);

/// <param name="Type"><c>ECOSYSTEM</c>, <c>SEMVER</c> or <c>GIT</c>.</param>
public sealed record OsvRange(string Type)
{
    public IReadOnlyList<OsvEvent> Events { get; init; } = [];
}

/// <summary>Where affected versions begin or end; one of its properties is set.</summary>
public sealed record OsvEvent
{
    /// <summary>The first affected version; <c>0</c> for all that come before any other event.</summary>
    public string? Introduced { get; init; }

    /// <summary>The first version that is not affected any more.</summary>
    public string? Fixed { get; init; }

    /// <summary>The last affected version, where no fix is known.</summary>
    public string? LastAffected { get; init; }

    public string? Limit { get; init; }
}
