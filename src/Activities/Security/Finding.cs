using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Security;

/// <summary>A weakness at a place. What several tools say of the same one is one finding with each tool's word as evidence.</summary>
public sealed record Finding
{
    public required FindingKind Kind { get; init; }

    /// <summary>One line of plain text, without the place: <c>SQL injection</c>, <c>django 3.2.0: SQL injection in Trunc</c>.</summary>
    public required string Title { get; init; }

    /// <summary>What is wrong and what would be right, in plain text. It never holds a secret.</summary>
    public required string Message { get; init; }

    public required FindingLocation Location { get; init; }

    public required FindingSeverity Severity { get; init; }

    /// <summary>The CVSS base score that the severity comes from, 0.0–10.0.</summary>
    public double? Score { get; init; }

    /// <summary>The CVSS vector that the score is computed from.</summary>
    public string? Vector { get; init; }

    /// <summary>Ids such as <c>CWE-89</c>, the most specific one first.</summary>
    public IReadOnlyList<string> Weaknesses { get; init; } = [];

    /// <summary>The dependency, where <see cref="Kind"/> is <see cref="FindingKind.Dependency"/>.</summary>
    public VulnerablePackage? Package { get; init; }

    /// <summary>Whether it is known to be exploited in the wild.</summary>
    public bool KnownExploited { get; init; }

    /// <summary>Whether code of the repository reaches it; null where nobody looked.</summary>
    public bool? Reachable { get; init; }

    /// <summary>What each tool said, at least one.</summary>
    public required IReadOnlyList<FindingEvidence> Evidence { get; init; }

    /// <summary>The same for the same weakness in another commit, wherever its line moved; 32 hexadecimal digits, empty until the findings of all tools are one list.</summary>
    public string Fingerprint { get; init; } = string.Empty;
}

[JsonConverter(typeof(JsonStringEnumConverter<FindingKind>))]
public enum FindingKind
{
    Code,
    Dependency,
    Secret,

    /// <summary>Dockerfiles, Terraform and other descriptions of what is run where.</summary>
    Infrastructure,

    /// <summary>Seen from outside, in the running application.</summary>
    Application,
}

/// <summary>The qualitative scale of CVSS v3.1, section 5. Higher is worse.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FindingSeverity>))]
public enum FindingSeverity
{
    /// <summary>No tool told it. An advisory that nobody rated is no lesser danger: gates treat it like <see cref="High"/>.</summary>
    Unknown,
    None,
    Low,
    Medium,
    High,
    Critical,
}

/// <param name="Path">The file from the repository's root, with <c>/</c>; for <see cref="FindingKind.Application"/> the URL's path and query names.</param>
/// <param name="StartLine">From 1 on; 1 where the file as a whole is meant.</param>
public sealed record FindingLocation(string Path, int StartLine)
{
    /// <summary>Not before <see cref="StartLine"/>; null where it is the same.</summary>
    public int? EndLine { get; init; }

    /// <summary>From 1 on.</summary>
    public int? StartColumn { get; init; }

    /// <summary>The column after the last character, from 1 on.</summary>
    public int? EndColumn { get; init; }

    /// <summary>
    /// A digest of what stands on the first line, with secrets masked and white space evened out: what stays the same when the line moves.
    /// Null where there is no such line.
    /// </summary>
    public string? LineDigest { get; init; }
}

/// <param name="Ecosystem">As OSV names it: <c>PyPI</c>, <c>npm</c>, <c>NuGet</c>, <c>Maven</c>, <c>Go</c>, <c>crates.io</c>, <c>Debian:12</c>.</param>
/// <param name="Version">The version at hand.</param>
/// <param name="Advisory">The advisory's id.</param>
public sealed record VulnerablePackage(string Ecosystem, string Name, string Version, string Advisory)
{
    /// <summary>Other databases' ids of the same advisory.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The least later version that this advisory does not affect; null where no fix is known.</summary>
    public string? FixedVersion { get; init; }

    /// <summary>Whether the manifest names it itself; false where something that is named brings it.</summary>
    public bool IsDirect { get; init; } = true;
}

/// <param name="Tool">The tool's name for people: <c>Bandit</c>.</param>
/// <param name="Rule">The tool's own id of the rule: <c>B608</c>.</param>
public sealed record FindingEvidence(string Tool, string Rule)
{
    public string? ToolVersion { get; init; }

    /// <summary>The tool's own words, without secrets.</summary>
    public string? Message { get; init; }

    /// <summary>Where the rule is explained.</summary>
    public Uri? Help { get; init; }
}
