using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Npm;

/// <summary>https://pnpm.io/git#lockfiles, versions 5 to 9.</summary>
internal sealed class PnpmLock : DependencyFormat
{
    private static readonly string[] Sections = ["dependencies", "devDependencies", "optionalDependencies"];

    public override string Ecosystem => PackageJson.Registry;

    public override bool IsLock => true;

    public override bool Reads(string path) => Name(path) is "pnpm-lock.yaml";

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var root = YamlReader.Read(text);
        var version = (root["lockfileVersion"] as DataScalar)?.Value;
        if (version is null)
        {
            throw new FormatException("There is no lockfileVersion in it, so this is no lock of the kind that its name says.");
        }

        var isSlashed = version.StartsWith('5') && !version.Contains("inlineSpecifiers", StringComparison.Ordinal);
        var locked = new Dictionary<(string Name, string Version), ManifestEntry>();
        foreach (var (key, line, value) in root.Table("packages")?.Entries ?? [])
        {
            ReadPackage(path, key, line, value as DataTable, isSlashed, locked, contents);
        }

        var resolved = new Dictionary<(string Manifest, string Name), ManifestEntry>();
        var importers = root.Table("importers")?.Entries.Select(static each => (Directory: each.Key, Table: each.Value as DataTable)) ?? [(".", root)];
        foreach (var (directory, importer) in importers)
        {
            if (RepositoryPath.Combine(path, directory) is not { } member || importer is null)
            {
                continue;
            }

            var manifest = member.Length == 0 ? "package.json" : $"{member}/package.json";
            contents.Manifests.Add(manifest);
            foreach (var (name, _, value) in Sections.SelectMany(section => importer.Table(section)?.Entries ?? []))
            {
                var reference = (value as DataTable)?.Text("version") ?? (value as DataScalar)?.Value ?? string.Empty;
                if (Find(name, reference, isSlashed, locked) is { } entry)
                {
                    resolved[(manifest, name)] = entry;
                }
            }
        }

        contents.Resolution = (manifest, entry) => resolved.TryGetValue((manifest, entry.Alias ?? entry.Dependency.Name), out var found) ? [found] : [];
        return contents;
    }

    private static void ReadPackage(string path, string key, int line, DataTable? package, bool isSlashed, Dictionary<(string, string), ManifestEntry> locked, FileContents contents)
    {
        if (key.StartsWith("file:", StringComparison.Ordinal) && package?.Table("resolution")?.Text("type") is "directory")
        {
            return;
        }

        var (name, version) = Split(key, isSlashed) ?? (package?.Text("name") ?? key, package?.Text("version") ?? string.Empty);
        if (SemanticVersion.Read(version) is null && package?.Text("version") is { } told)
        {
            (name, version) = (package.Text("name") ?? name, told);
            contents.Report(line, $"{ManifestText.Shortened(name)} does not come from a registry, so that its version says little; right would be a release.");
        }

        if (SemanticVersion.Read(version) is null)
        {
            contents.Report(line, $"'{ManifestText.Shortened(key)}' names no version that can be read; right would be such as name@1.2.3.");
            return;
        }

        // One package may stand there several times, with other peers each.
        if (locked.ContainsKey((name, version)))
        {
            return;
        }

        var entry = new ManifestEntry(
            new PackageDependency(PackageJson.Registry, name, path, line)
            {
                Version = version,
                Scope = package?["dev"] is DataScalar { Value: "true" } ? "dev" : package?["optional"] is DataScalar { Value: "true" } ? "optional" : null,
                Hashes = package?.Table("resolution")?.Text("integrity") is { } integrity ? [integrity] : [],
            },
            ConstraintSpan: null);
        contents.Entries.Add(entry);
        locked.Add((name, version), entry);
    }

    private static ManifestEntry? Find(string name, string reference, bool isSlashed, Dictionary<(string Name, string Version), ManifestEntry> locked)
    {
        if (reference.StartsWith("link:", StringComparison.Ordinal))
        {
            return null;
        }

        return locked.GetValueOrDefault((name, WithoutPeers(reference, isSlashed)))
            ?? (Split(reference, isSlashed) is { } other ? locked.GetValueOrDefault(other) : null);
    }

    /// <summary>Name and version in <c>/name/1.2.3_peer@1.0.0</c>, <c>/name@1.2.3(peer@1.0.0)</c> or <c>name@1.2.3</c>.</summary>
    private static (string Name, string Version)? Split(string key, bool isSlashed)
    {
        // A registry other than the default one stands before the first slash.
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        var text = slash >= 0 && (slash == 0 || (key[0] is not '@' && key[..slash].Contains('.', StringComparison.Ordinal))) ? key[(slash + 1)..] : key;
        if (!isSlashed)
        {
            text = WithoutPeers(text, isSlashed);
            var at = text.LastIndexOf('@');
            return at > 0 ? (text[..at], text[(at + 1)..]) : null;
        }

        var parts = text.Split('/');
        var length = text.StartsWith('@') ? 2 : 1;
        return parts.Length > length ? (string.Join('/', parts[..length]), WithoutPeers(parts[length], isSlashed)) : null;
    }

    private static string WithoutPeers(string version, bool isSlashed)
    {
        var end = version.IndexOf(isSlashed ? '_' : '(', StringComparison.Ordinal);
        return end < 0 ? version : version[..end];
    }
}
