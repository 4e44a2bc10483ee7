using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>A package that a repository names, or that a lock says comes with one that it names.</summary>
/// <param name="Ecosystem">As OSV names it: <c>PyPI</c>, <c>npm</c>, <c>NuGet</c>, <c>Maven</c>, <c>Go</c>, <c>crates.io</c>, <c>Debian:12</c>.</param>
/// <param name="Name">As written.</param>
/// <param name="Path">The file from the repository's root, with <c>/</c>: the manifest where one names it, else the lock.</param>
/// <param name="Line">Where in that file, from 1 on.</param>
public sealed record PackageDependency(string Ecosystem, string Name, string Path, int Line)
{
    /// <summary>The version that is used: the lock's, or else the only one that the manifest allows; null where there is a choice that nobody has made.</summary>
    public string? Version { get; init; }

    /// <summary>Which versions the manifest allows, as written; empty for all of them, and where no manifest names the package.</summary>
    public string Constraint { get; init; } = string.Empty;

    /// <summary>How the constraint is written.</summary>
    public ConstraintSyntax Syntax { get; init; }

    /// <summary>Whether a manifest names it; false where something that is named brings it.</summary>
    public bool IsDirect { get; init; } = true;

    /// <summary>The group that it belongs to, such as <c>dev</c>, an extra's name, or <c>build</c> for what builds the package; null for what is always needed.</summary>
    public string? Scope { get; init; }

    public IReadOnlyList<string> Extras { get; init; } = [];

    /// <summary>The condition under which it is needed, as written.</summary>
    public string? Marker { get; init; }

    /// <summary>What the downloaded file has to have, as <c>sha256:…</c> or as the lock writes it.</summary>
    public IReadOnlyList<string> Hashes { get; init; } = [];

    /// <summary>The place in the lock that tells the version; null where none does.</summary>
    public LockedAt? Lock { get; init; }

    /// <summary>The place that has the constraint where the manifest's line leaves it to another one, as with central versions and properties; null where it does not.</summary>
    public DeclaredAt? Declaration { get; init; }
}

/// <param name="Path">The lock from the repository's root, with <c>/</c>.</param>
/// <param name="Line">From 1 on.</param>
public sealed record LockedAt(string Path, int Line);

/// <param name="Path">The file from the repository's root, with <c>/</c>.</param>
/// <param name="Line">From 1 on.</param>
/// <param name="Name">What the place calls it: the package, or a property.</param>
public sealed record DeclaredAt(string Path, int Line, string Name);

/// <summary>The ways to write which versions are allowed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConstraintSyntax>))]
public enum ConstraintSyntax
{
    /// <summary>An exact version and nothing else, as locks have it.</summary>
    Exact,

    /// <summary>Version specifiers of Python packages: <c>&gt;=1.2,&lt;2</c>.</summary>
    Python,

    /// <summary>Poetry's: Python's, with <c>^1.2</c>, <c>~1.2</c>, <c>1.*</c>, and <c>1.2</c> for an exact version.</summary>
    Poetry,

    /// <summary>npm's: <c>^1.2.0</c>, <c>1.x || >=2.5.0</c>, and <c>1.2.3</c> for an exact version.</summary>
    Npm,

    /// <summary>Cargo's, where <c>1.2.3</c> means <c>^1.2.3</c>, and <c>=1.2.3</c> is an exact version.</summary>
    Cargo,

    /// <summary>NuGet's: <c>[1.0,2.0)</c>, <c>1.*</c>, and <c>1.2.3</c> for the least version that there is from there on.</summary>
    NuGet,

    /// <summary>An exact version of a Go module, with <c>v</c>.</summary>
    Go,

    /// <summary>Maven's: <c>1.2.3</c>, or ranges such as <c>[1.0,2.0)</c>.</summary>
    Maven,
}

/// <summary>Something in a file that could not be read, or not be judged. What it would have named is not known to be clean.</summary>
/// <param name="Path">The file from the repository's root, with <c>/</c>.</param>
/// <param name="Line">From 1 on; 1 where the file as a whole is meant.</param>
/// <param name="Message">What is wrong, and what would be right: plain text for people.</param>
public sealed record DependencyProblem(string Path, int Line, string Message);

/// <param name="Files">The files that were looked at, whether they could be read or not.</param>
public sealed record DependencyReport(
    IReadOnlyList<string> Files, IReadOnlyList<PackageDependency> Dependencies, IReadOnlyList<DependencyProblem> Problems);
