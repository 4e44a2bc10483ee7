using AtomicDevOps.Activities.Packages.Manifests.Cargo;
using AtomicDevOps.Activities.Packages.Manifests.CycloneDx;
using AtomicDevOps.Activities.Packages.Manifests.Debian;
using AtomicDevOps.Activities.Packages.Manifests.Go;
using AtomicDevOps.Activities.Packages.Manifests.Maven;
using AtomicDevOps.Activities.Packages.Manifests.Npm;
using AtomicDevOps.Activities.Packages.Manifests.NuGet;
using AtomicDevOps.Activities.Packages.Manifests.Python;
using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>
/// Reads what a repository depends on from its manifests and locks. Where a lock tells, its versions count, and what a manifest of that lock names is direct.
/// What the marker of a Python package rules out on Linux (<c>sys_platform</c>, <c>platform_system</c>, <c>os_name</c>, and <c>extra</c> in requirements files) does
/// not count; every other condition, and those of other ecosystems, are noted and taken to hold.
/// </summary>
public static class DependencyFiles
{
    private static readonly DependencyFormat[] Formats =
    [
        new RequirementsFile(), new PyProject(), new Pipfile(), new PythonTomlLock(), new PipfileLock(),
        new PackageJson(), new PackageLock(), new YarnLock(), new PnpmLock(), new PnpmWorkspace(),
        new BuildFile(), new NuGetLock(), new PackagesConfig(), new GoModule(), new GoSums(), new CargoManifest(), new CargoLock(), new Pom(),
        new DebianPackages(), new OsRelease(), new CycloneDxInventory(),
    ];

    /// <summary>Whether a file is one of those that name dependencies, by its path from the repository's root alone. Other files may be read because one of these includes them.</summary>
    public static bool IsRead(string path) => FormatOf(path) is not null;

    /// <summary>The ecosystem of the dependencies that a file names; null where it is not one that is read, or names those of several.</summary>
    public static string? EcosystemOf(string path) => FormatOf(path)?.Ecosystem is { Length: > 0 } ecosystem ? ecosystem : null;

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
            var manifests = read.Where(manifest => IsLockOf(locked, manifest)).ToArray();
            Join(locked, manifests, dependencies, problems);
            joined.Add(locked);
            joined.UnionWith(manifests);
        }

        AddUnlocked([.. read.Where(file => !joined.Contains(file))], dependencies);
        return new DependencyReport(
            [.. read.Select(static file => file.Path)],
            [.. dependencies.Where(IsNeeded).OrderBy(static each => each.Path, StringComparer.Ordinal).ThenBy(static each => each.Line)],
            [.. problems.OrderBy(static each => each.Path, StringComparer.Ordinal).ThenBy(static each => each.Line)]);

        bool IsLocking(ReadFile file) => file.Format.IsLock || read.Exists(manifest => IsLockOf(file, manifest));

        // Requirements files are installed as they are, so that nobody asks for an extra of theirs.
        static bool IsNeeded(PackageDependency dependency) =>
            dependency is not { Ecosystem: "PyPI", Marker: { } marker } || !PythonMarker.IsNeverMet(marker, hasExtras: FormatOf(dependency.Path) is not RequirementsFile);

        static bool IsLockOf(ReadFile locked, ReadFile manifest) => !ReferenceEquals(manifest, locked) && locked.Format.IsLockOf(locked.Path, locked.Contents, manifest.Path);
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
                    contents.Report(include.Line, $"'{ManifestText.Shortened(include.Target)}' is not in the repository; right would be the path of a file that is.");
                }
            }
        }

        ReportCycles(read);
        var alone = read.ToDictionary(static file => file.Key, static file => file.Value.Contents, StringComparer.Ordinal);
        foreach (var file in read.Values.Where(static file => !file.Contents.IsUnreadable))
        {
            file.Format.Complete(file.Path, file.Contents, alone);
        }

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
            var contents = new FileContents(path) { IsUnreadable = true };
            contents.Report(1, exception.Message);
            return contents;
        }
    }

    private static void ReportCycles(Dictionary<string, ReadFile> read)
    {
        var includes = read.ToDictionary(static file => file.Key, static file => file.Value.Contents.Includes.ConvertAll(static include => (include.Target, include.Line)), StringComparer.Ordinal);
        foreach (var (from, to, line) in IncludeCycles.Find(includes))
        {
            read[from].Contents.Report(line, $"'{ManifestText.Shortened(to)}' includes this file again; right would be files that do not include each other.");
        }
    }

    private static void Join(ReadFile locked, IReadOnlyList<ReadFile> manifests, List<PackageDependency> dependencies, List<DependencyProblem> problems)
    {
        var byName = locked.Contents.Entries.ToLookup(static entry => Key(entry.Dependency), StringComparer.Ordinal);
        var resolve = locked.Contents.Resolution ?? ((_, entry) => byName[Key(entry.Dependency)]);
        var direct = new Dictionary<ManifestEntry, List<PackageDependency>>(ReferenceEqualityComparer.Instance);
        foreach (var (manifest, entry) in manifests.SelectMany(static manifest => manifest.Contents.Entries.Select(entry => (manifest, entry))))
        {
            var isFound = false;
            foreach (var resolved in resolve(manifest.Path, entry))
            {
                isFound = true;
                if (!direct.TryGetValue(resolved, out var named))
                {
                    direct.Add(resolved, named = []);
                }

                named.Add(entry.Dependency);
            }

            if (!isFound)
            {
                dependencies.Add(entry.Dependency);
                if (!entry.MayBeUnlocked && locked.Contents.Entries.Count > 0)
                {
                    problems.Add(new DependencyProblem(entry.Dependency.Path, entry.Dependency.Line, $"{ManifestText.Shortened(entry.Dependency.Name)} is not in {locked.Path}; right would be a lock made from this file as it is."));
                }
            }
        }

        foreach (var entry in locked.Contents.Entries)
        {
            var place = new LockedAt(locked.Path, entry.Dependency.Line);
            if (!direct.TryGetValue(entry, out var named))
            {
                dependencies.Add(entry.Dependency with { IsDirect = entry.Dependency.IsDirect && manifests.Count == 0, Lock = place });
                continue;
            }

            foreach (var ofManifest in named.GroupBy(static each => each.Path, StringComparer.Ordinal))
            {
                var declared = ofManifest.FirstOrDefault(each => entry.Dependency.Version is { } version && ConstraintRules.Of(each.Syntax).Admits(each.Constraint, version) is true) ?? ofManifest.First();
                dependencies.Add(declared with
                {
                    Version = entry.Dependency.Version,
                    Hashes = entry.Dependency.Hashes,
                    Marker = declared.Marker ?? entry.Dependency.Marker,
                    Lock = place,
                });
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

    private static string Key(PackageDependency dependency) => $"{dependency.Ecosystem} {VersionScheme.Find(dependency.Ecosystem)?.NormalName(dependency.Name) ?? dependency.Name}";

    private sealed class ReadFile(string path, DependencyFormat format, FileContents contents)
    {
        public string Path => path;

        public DependencyFormat Format => format;

        public FileContents Contents => contents;

        public bool IsLimit { get; set; }
    }
}
