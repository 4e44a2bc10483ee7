namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>Knows the advisories about packages.</summary>
public interface IAdvisorySource
{
    /// <summary>What it knows of: all advisories about each package, whatever the version. Names are compared by the ecosystem's rules.</summary>
    /// <param name="packages">Each once.</param>
    /// <exception cref="ToolUnavailableException">The source cannot be reached.</exception>
    /// <exception cref="ToolException">There is no source, or it cannot be read; the message says what would help.</exception>
    Task<AdvisoryAnswer> FindAsync(IReadOnlyCollection<OsvPackage> packages, CancellationToken cancellationToken);
}

/// <param name="Records">By package as it was asked for; packages without any are left out.</param>
/// <param name="AsOf">What the answer rests on, for people and cache keys: the newest change among the records that are known.</param>
public sealed record AdvisoryAnswer(IReadOnlyDictionary<OsvPackage, IReadOnlyList<OsvRecord>> Records, string AsOf)
{
    /// <summary>
    /// The ecosystems that the source has any advisory of, without releases: <c>PyPI</c>, <c>Debian</c>. Nothing found in another one is no all-clear.
    /// Null for a source that has all of them.
    /// </summary>
    public IReadOnlySet<string>? Ecosystems { get; init; }

    /// <summary>What the source had and could not read, and so was not compared with: a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
