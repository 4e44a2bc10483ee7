namespace AtomicDevOps.Activities.Security.CycloneDx;

/// <summary>An inventory of software as CycloneDX has it, with the parts that matter here: https://cyclonedx.org/docs/1.6/json/.</summary>
public sealed record CycloneDxDocument
{
    /// <summary><c>urn:uuid:…</c>; null for a document that is the same whenever it is made of the same.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>When it was made; null for a document that is the same whenever it is made of the same.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>What made it.</summary>
    public IReadOnlyList<CycloneDxComponent> Tools { get; init; } = [];

    /// <summary>What it is the inventory of.</summary>
    public CycloneDxComponent? Subject { get; init; }

    /// <summary>Also those that are parts of others.</summary>
    public IReadOnlyList<CycloneDxComponent> Components { get; init; } = [];

    public IReadOnlyList<CycloneDxDependency> Dependencies { get; init; } = [];

    /// <summary>Whether it says of itself that more belongs to the subject than it has.</summary>
    public bool IsIncomplete { get; init; }
}

/// <param name="Type">Such as <c>library</c> or <c>application</c>.</param>
/// <param name="Name">Without the group.</param>
public sealed record CycloneDxComponent(string Type, string Name)
{
    /// <summary>By which dependencies name it.</summary>
    public string? Reference { get; init; }

    public string? Group { get; init; }

    public string? Version { get; init; }

    /// <summary>A package URL as it is written; see <see cref="CycloneDx.PackageUrl"/>.</summary>
    public string? PackageUrl { get; init; }

    /// <summary><c>required</c>, <c>optional</c> or <c>excluded</c>; null where nothing is said.</summary>
    public string? Scope { get; init; }

    /// <summary>Where in the subject it is named.</summary>
    public IReadOnlyList<CycloneDxOccurrence> Occurrences { get; init; } = [];

    public IReadOnlyList<CycloneDxProperty> Properties { get; init; } = [];

    /// <summary>Where the document itself has it, from 1 on; 0 where it was not read from one.</summary>
    public int Line { get; init; }
}

/// <param name="Location">A file from the root, with <c>/</c>.</param>
/// <param name="Line">From 1 on.</param>
public sealed record CycloneDxOccurrence(string Location, int? Line);

public sealed record CycloneDxProperty(string Name, string? Value);

/// <param name="Reference">The component's.</param>
/// <param name="DependsOn">The references of those that it needs itself.</param>
public sealed record CycloneDxDependency(string Reference, IReadOnlyList<string> DependsOn);
