using AtomicDevOps.Activities.Packages.Manifests.Python;
using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>
/// Reads what a repository depends on from its manifests and locks. Where a lock tells, its versions count, and what a manifest of that lock names is direct.
/// </summary>
public static class DependencyFiles
{
    private static readonly DependencyFormat[] Formats = [new RequirementsFile(), new PyProject(), new Pipfile(), new PythonTomlLock(), new PipfileLock()];

    /// <summary>Whether a file is one of those that name dependencies, by its path from the repository's root alone. Other files may be read because one of these includes them.</summary>
    public static bool IsRead(string path) => FormatOf(path) is not null;

    /// <summary>The ecosystem of the dependencies that a file names; null where it is not one that is read.</summary>
    public static string? EcosystemOf(string path) => FormatOf(path)?.Ecosystem;

    /// <summary>
    /// Reads all manifests and locks. Never throws for what a file says: what cannot be read is a problem of the report.
    /// </summary>
    /// <exception cref="IOException">A file cannot be had.</exception>
    public static DependencyReport Read(IRepositoryFiles files)
    {
        var read = ReadFiles(files);
        var dependencies = new List<PackageDependency>();
        var problems = read.SelectMany(static file => file.Contents.Problems).ToList();
        var joined = new HashSet<ReadFile>();
        foreach (var locked in read.Where(IsLocking))
        {
            Join(locked, [.. read.Where(manifest => !ReferenceEquals(manifest, locked) && locked.Format.IsLockOf(locked.Path, manifest.Path))], dependencies, problems);
            joined.Add(locked);
            joined.UnionWith(read.Where(manifest => locked.Format.IsLockOf(locked.Path, manifest.Path)));
        }

        AddUnlocked([.. read.Where(file => !joined.Contains(file))], dependencies);
        return new DependencyReport(
            [.. read.Select(static file => file.Path)],
            [.. dependencies.OrderBy(static each => each.Path, StringComparer.Ordinal).ThenBy(static each => each.Line)],
            [.. problems.OrderBy(static each => each.Path, StringComparer.Ordinal).ThenBy(static each => each.Line)]);

        bool IsLocking(ReadFile file) => file.Format.IsLock || read.Exists(manifest => file.Format.IsLockOf(file.Path, manifest.Path));
    }

    /// <summary>The manifest's own entries, for whoever changes it.</summary>
    /// <exception cref="FormatException">The file cannot be read; the message says why.</exception>
    internal static FileContents? ReadAlone(string path, string text, string ecosystem)
    {
        var format = FormatOf(path) ?? (ecosystem is "PyPI" ? Formats[0] : null);
        return format?.Read(path, text);
    }

    internal static bool IsLock(string path) => FormatOf(path) is { IsLock: true };

    private static DependencyFormat? FormatOf(string path) => Array.Find(Formats, format => format.Reads(path));

    private static List<ReadFile> ReadFiles(IRepositoryFiles files)
    {
        var read = new Dictionary<string, ReadFile>(StringComparer.Ordinal);
        var waiting = new Queue<(string Path, DependencyFormat Format)>();
        foreach (var path in files.Paths.Order(StringComparer.Ordinal))
        {
            if (FormatOf(path) is { } format)
            {
                waiting.Enqueue((path, format));
            }
        }

        var paths = files.Paths as IReadOnlySet<string> ?? files.Paths.ToHashSet(StringComparer.Ordinal);
        var limiting = new HashSet<string>(StringComparer.Ordinal);
        var asked = new HashSet<string>(StringComparer.Ordinal);
        while (waiting.TryDequeue(out var next))
        {
            if (read.ContainsKey(next.Path))
            {
                continue;
            }

            var contents = ReadOne(files, next.Path, next.Format);
            read.Add(next.Path, new ReadFile(next.Path, next.Format, contents));
            foreach (var include in contents.Includes)
            {
                (include.IsLimit ? limiting : asked).Add(include.Target);
                if (paths.Contains(include.Target))
                {
                    waiting.Enqueue((include.Target, next.Format));
                }
                else
                {
                    contents.Report(include.Line, $"'{PythonScanner.Shortened(include.Target)}' is not in the repository; right would be the path of a file that is.");
                }
            }
        }

        ReportCycles(read);
        foreach (var file in read.Values)
        {
            file.IsLimit = !asked.Contains(file.Path) && (limiting.Contains(file.Path) || file.Format.IsLimit(file.Path));
        }

        return [.. read.Values];
    }

    private static FileContents ReadOne(IRepositoryFiles files, string path, DependencyFormat format)
    {
        try
        {
            return format.Read(path, ManifestText.Read(files, path).Text);
        }
        catch (FormatException exception)
        {
            var contents = new FileContents(path);
            contents.Report(1, exception.Message);
            return contents;
        }
    }

    private static void ReportCycles(Dictionary<string, ReadFile> read)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in read.Keys)
        {
            var open = new HashSet<string>(StringComparer.Ordinal);
            var way = new Stack<(string Path, int Next)>();
            if (done.Contains(start))
            {
                continue;
            }

            way.Push((start, 0));
            open.Add(start);
            while (way.TryPop(out var step))
            {
                var file = read[step.Path];
                if (step.Next == file.Contents.Includes.Count)
                {
                    open.Remove(step.Path);
                    done.Add(step.Path);
                    continue;
                }

                way.Push((step.Path, step.Next + 1));
                var include = file.Contents.Includes[step.Next];
                if (open.Contains(include.Target))
                {
                    file.Contents.Report(include.Line, $"'{PythonScanner.Shortened(include.Target)}' includes this file again; right would be files that do not include each other.");
                }
                else if (read.ContainsKey(include.Target) && !done.Contains(include.Target))
                {
                    open.Add(include.Target);
                    way.Push((include.Target, 0));
                }
            }
        }
    }

    private static void Join(ReadFile locked, IReadOnlyList<ReadFile> manifests, List<PackageDependency> dependencies, List<DependencyProblem> problems)
    {
        var named = manifests.SelectMany(static manifest => manifest.Contents.Entries).ToLookup(static entry => Key(entry.Dependency), StringComparer.Ordinal);
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in locked.Contents.Entries)
        {
            var place = new LockedAt(locked.Path, entry.Dependency.Line);
            var direct = named[Key(entry.Dependency)].Select(static each => each.Dependency).ToArray();
            if (direct.Length == 0)
            {
                dependencies.Add(entry.Dependency with { IsDirect = entry.Dependency.IsDirect && manifests.Count == 0, Lock = place });
                continue;
            }

            found.Add(Key(entry.Dependency));
            var declared = Array.Find(direct, each => entry.Dependency.Version is { } version && ConstraintRules.Of(each.Syntax).Admits(each.Constraint, version) is true) ?? direct[0];
            dependencies.Add(declared with
            {
                Version = entry.Dependency.Version,
                Hashes = entry.Dependency.Hashes,
                Marker = declared.Marker ?? entry.Dependency.Marker,
                Lock = place,
            });
        }

        foreach (var entry in named.Where(group => !found.Contains(group.Key)).SelectMany(static group => group))
        {
            dependencies.Add(entry.Dependency);
            if (entry.Dependency.Scope is not "build" && locked.Contents.Entries.Count > 0)
            {
                problems.Add(new DependencyProblem(entry.Dependency.Path, entry.Dependency.Line, $"{PythonScanner.Shortened(entry.Dependency.Name)} is not in {locked.Path}; right would be a lock made from this file as it is."));
            }
        }
    }

    /// <summary>What no lock tells the version of: a file that limits versions may.</summary>
    private static void AddUnlocked(IReadOnlyList<ReadFile> read, List<PackageDependency> dependencies)
    {
        var limits = read.Where(static file => file.IsLimit)
            .SelectMany(static file => file.Contents.Entries)
            .Where(static entry => entry.Dependency.Version is not null)
            .ToLookup(static entry => Key(entry.Dependency), StringComparer.Ordinal);
        var named = read.Where(static file => !file.IsLimit).SelectMany(static file => file.Contents.Entries).ToArray();
        foreach (var entry in named)
        {
            var limit = entry.Dependency.Version is null ? limits[Key(entry.Dependency)].FirstOrDefault()?.Dependency : null;
            dependencies.Add(limit is null
                ? entry.Dependency
                : entry.Dependency with { Version = limit.Version, Hashes = limit.Hashes, Lock = new LockedAt(limit.Path, limit.Line) });
        }

        var names = named.Select(static entry => Key(entry.Dependency)).ToHashSet(StringComparer.Ordinal);
        dependencies.AddRange(limits.Where(limit => !names.Contains(limit.Key)).SelectMany(static limit => limit).Select(static limit => limit.Dependency with { IsDirect = false }));
    }

    private static string Key(PackageDependency dependency) => VersionScheme.Find(dependency.Ecosystem)?.NormalName(dependency.Name) ?? dependency.Name;

    private sealed class ReadFile(string path, DependencyFormat format, FileContents contents)
    {
        public string Path => path;

        public DependencyFormat Format => format;

        public FileContents Contents => contents;

        public bool IsLimit { get; set; }
    }
}
