using AtomicDevOps.Activities.Packages.Manifests.Text;

namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>How files of one kind name dependencies.</summary>
internal abstract class DependencyFormat
{
    public abstract string Ecosystem { get; }

    /// <summary>Whether files of this kind tell what was resolved, also what comes with what a manifest names.</summary>
    public virtual bool IsLock => false;

    /// <summary>By the path alone, from the repository's root.</summary>
    public abstract bool Reads(string path);

    /// <summary>Whether a manifest is one that the lock is made from.</summary>
    public virtual bool IsLockOf(string lockPath, FileContents locked, string manifestPath) => locked.Manifests.Contains(manifestPath);

    /// <summary>Whether a file only says which versions to take where another one asks for a package, unless another one includes it as a manifest.</summary>
    public virtual bool IsLimit(string path) => false;

    /// <exception cref="FormatException">The file as a whole cannot be read; the message says why, and what would be right.</exception>
    public abstract FileContents Read(string path, string text);

    /// <summary>Adds to what a file says what others of the repository say about it: a parent, a workspace, versions that are kept centrally.</summary>
    /// <param name="read">All files by their paths, as they are read alone.</param>
    public virtual void Complete(string path, FileContents contents, IReadOnlyDictionary<string, FileContents> read)
    {
    }

    protected static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>With a <c>/</c> at the end, or empty.</summary>
    protected static string Directory(string path) => path[..(path.LastIndexOf('/') + 1)];
}

/// <summary>What one file says.</summary>
internal class FileContents(string path)
{
    public List<ManifestEntry> Entries { get; } = [];

    /// <summary>Versions that count where an entry of this file or of another one leaves its own to them. They are no dependencies.</summary>
    public List<ManifestEntry> Declarations { get; } = [];

    /// <summary>Whether the file as a whole could not be read.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary>The manifests that a lock says it is made from.</summary>
    public HashSet<string> Manifests { get; } = new(StringComparer.Ordinal);

    /// <summary>What a lock has resolved an entry of one of its manifests to; by their names where it does not tell more.</summary>
    public Func<string, ManifestEntry, IEnumerable<ManifestEntry>>? Resolution { get; set; }

    public List<DependencyProblem> Problems { get; } = [];

    /// <summary>Other files of the same kind that the file asks to be read.</summary>
    public List<ManifestInclude> Includes { get; } = [];

    public void Report(int line, string message) => Problems.Add(new DependencyProblem(path, line, message));
}

/// <param name="Dependency">As the file tells it.</param>
/// <param name="ConstraintSpan">Where in the text the constraint stands, or, where there is none, would have to; null where it cannot be changed in place.</param>
internal sealed record ManifestEntry(PackageDependency Dependency, TextSpan? ConstraintSpan)
{
    /// <summary>Where the hashes of the files to download stand, each with its option.</summary>
    public IReadOnlyList<TextSpan> HashSpans { get; init; } = [];

    /// <summary>The name by which the file knows the package; null where that is the package's own.</summary>
    public string? Alias { get; init; }

    /// <summary>Whether a lock may well do without it.</summary>
    public bool MayBeUnlocked { get; init; }
}

/// <param name="Target">From the repository's root.</param>
/// <param name="IsLimit">Whether what it names only limits versions.</param>
internal sealed record ManifestInclude(string Target, int Line, bool IsLimit);
