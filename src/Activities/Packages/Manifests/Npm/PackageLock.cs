using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Npm;

/// <summary>https://docs.npmjs.com/cli/configuring-npm/package-lock-json, versions 1 to 3, and npm-shrinkwrap.json, which is the same.</summary>
internal sealed class PackageLock : DependencyFormat
{
    private const string Modules = "node_modules/";

    public override string Ecosystem => PackageJson.Registry;

    public override bool IsLock => true;

    public override bool Reads(string path) => Name(path) is "package-lock.json" or "npm-shrinkwrap.json";

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var root = JsonReader.Read(text);
        contents.Manifests.Add($"{Directory(path)}package.json");
        var installed = new Dictionary<string, ManifestEntry>(StringComparer.Ordinal);
        if (root.Table("packages") is { } packages)
        {
            foreach (var (place, line, value) in packages.Entries)
            {
                ReadPlace(path, place, line, value as DataTable, installed, contents);
            }
        }
        else if (root.Table("dependencies") is { } dependencies)
        {
            ReadTree(path, string.Empty, dependencies, installed, contents);
        }
        else if (root["lockfileVersion"] is null)
        {
            throw new FormatException("There is neither \"packages\" nor \"dependencies\" in it, so this is no lock of the kind that its name says.");
        }

        contents.Resolution = (manifest, entry) => Resolve(Directory(manifest)[Directory(path).Length..], entry.Alias ?? entry.Dependency.Name, installed);
        return contents;
    }

    /// <summary>As node finds a package: in the manifest's own directory of modules, or in that of a directory above it.</summary>
    private static IEnumerable<ManifestEntry> Resolve(string directory, string name, Dictionary<string, ManifestEntry> installed)
    {
        foreach (var ancestor in RepositoryPath.Ancestors(directory))
        {
            if (installed.TryGetValue($"{ancestor}{Modules}{name}", out var entry))
            {
                return [entry];
            }
        }

        return [];
    }

    private static void ReadPlace(string path, string place, int line, DataTable? package, Dictionary<string, ManifestEntry> installed, FileContents contents)
    {
        var at = place.LastIndexOf(Modules, StringComparison.Ordinal);
        if (at < 0)
        {
            if (place.Length > 0 && RepositoryPath.Combine(path, place) is { } member)
            {
                contents.Manifests.Add($"{member}/package.json");
            }

            return;
        }

        if (package?["link"] is DataScalar { Value: "true" })
        {
            return;
        }

        Add(path, place, package?.Text("name") ?? place[(at + Modules.Length)..], line, package?.Text("version"), package?.Text("resolved"), package, installed, contents);
    }

    private static void ReadTree(string path, string above, DataTable dependencies, Dictionary<string, ManifestEntry> installed, FileContents contents)
    {
        foreach (var (name, line, value) in dependencies.Entries)
        {
            var package = value as DataTable;
            var version = package?.Text("version");
            if (version?.StartsWith("file:", StringComparison.Ordinal) is true && package?["resolved"] is null)
            {
                continue;
            }

            var real = name;
            if (version?.StartsWith("npm:", StringComparison.Ordinal) is true && version.LastIndexOf('@') is > 4 and var at)
            {
                (real, version) = (version[4..at], version[(at + 1)..]);
            }

            var place = $"{above}{Modules}{name}";
            Add(path, place, real, line, version, package?.Text("resolved"), package, installed, contents);
            if (package?.Table("dependencies") is { } inner)
            {
                ReadTree(path, $"{place}/", inner, installed, contents);
            }
        }
    }

    private static void Add(string path, string place, string name, int line, string? version, string? resolved, DataTable? package, Dictionary<string, ManifestEntry> installed, FileContents contents)
    {
        if (version is null || SemanticVersion.Read(version) is null)
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} has no version that can be read; right would be \"version\": \"1.2.3\".");
            return;
        }

        if (resolved is not null && (resolved.StartsWith("git", StringComparison.Ordinal) || resolved.StartsWith("file:", StringComparison.Ordinal)))
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} does not come from a registry, so that its version says little; right would be a release.");
        }

        var entry = new ManifestEntry(
            new PackageDependency(PackageJson.Registry, name, path, line)
            {
                Version = version,
                Scope = IsSet("dev") || IsSet("devOptional") ? "dev" : IsSet("optional") ? "optional" : IsSet("peer") ? "peer" : null,
                Hashes = package?.Text("integrity") is { } integrity ? [integrity] : [],
            },
            ConstraintSpan: null);
        contents.Entries.Add(entry);
        installed[place] = entry;

        bool IsSet(string flag) => package?[flag] is DataScalar { Value: "true" };
    }
}
