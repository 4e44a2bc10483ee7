using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Npm;

/// <summary>The locks of Yarn, of version 1 and of those after it, which are in YAML.</summary>
internal sealed partial class YarnLock : DependencyFormat
{
    public override string Ecosystem => PackageJson.Registry;

    public override bool IsLock => true;

    public override bool Reads(string path) => Name(path) is "yarn.lock";

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        contents.Manifests.Add($"{Directory(path)}package.json");
        var locked = new Dictionary<string, ManifestEntry>(StringComparer.Ordinal);
        if (Berry().IsMatch(text))
        {
            ReadBerry(path, text, locked, contents);
        }
        else
        {
            ReadClassic(path, text, locked, contents);
        }

        contents.Resolution = (_, entry) => Resolve(entry, locked);
        return contents;
    }

    public override void Complete(string path, FileContents contents, IReadOnlyDictionary<string, FileContents> read)
    {
        if (read.GetValueOrDefault($"{Directory(path)}package.json") is PackageJsonContents { Workspaces: { Count: > 0 } patterns })
        {
            var directory = Directory(path);
            contents.Manifests.UnionWith(read.Keys.Where(manifest =>
                Name(manifest) is "package.json"
                && manifest.StartsWith(directory, StringComparison.Ordinal)
                && patterns.Exists(pattern => RepositoryPath.Matches(pattern, Directory(manifest)[directory.Length..].TrimEnd('/')))));
        }
    }

    /// <summary>By the constraint as the manifest writes it; where it is a catalog's or a resolution has changed it, by the name if there is only one.</summary>
    private static ManifestEntry[] Resolve(ManifestEntry entry, Dictionary<string, ManifestEntry> locked)
    {
        var name = entry.Alias ?? entry.Dependency.Name;
        var constraint = entry.Dependency.Constraint;
        string[] written = entry.Alias is null
            ? constraint.Length == 0 ? [$"{name}@", $"{name}@*", $"{name}@npm:*", $"{name}@npm:"] : [$"{name}@{constraint}", $"{name}@npm:{constraint}"]
            : [$"{name}@npm:{entry.Dependency.Name}@{constraint}"];
        if (Array.Find(written, locked.ContainsKey) is { } key)
        {
            return [locked[key]];
        }

        ManifestEntry[] named = [.. locked.Where(each => string.Equals(NameOf(each.Key), name, StringComparison.Ordinal)).Select(static each => each.Value).Distinct<ManifestEntry>(ReferenceEqualityComparer.Instance)];
        return named.Length == 1 ? named : [];
    }

    /// <summary>The name in <c>name@constraint</c> or <c>@scope/name@constraint</c>.</summary>
    private static string NameOf(string descriptor) => descriptor.IndexOf('@', Math.Min(1, descriptor.Length)) is var at and > 0 ? descriptor[..at] : descriptor;

    private static void ReadClassic(string path, string text, Dictionary<string, ManifestEntry> locked, FileContents contents)
    {
        var header = default((int Line, string Text));
        string? version = null, resolved = null, integrity = null;
        var number = 0;
        var isKnown = true;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            number++;
            var trimmed = raw.Trim();
            if (trimmed.IsEmpty || trimmed[0] is '#')
            {
                continue;
            }

            if (raw[0] is ' ' or '\t')
            {
                // What stands deeper names what the package depends on.
                if (raw.Length - raw.TrimStart().Length != 2)
                {
                    continue;
                }

                var space = trimmed.IndexOf(' ');
                var value = space < 0 ? string.Empty : trimmed[(space + 1)..].Trim().Trim('"').ToString();
                switch (space < 0 ? trimmed : trimmed[..space])
                {
                    case "version":
                        version = value;
                        break;
                    case "resolved":
                        resolved = value;
                        break;
                    case "integrity":
                        integrity = value;
                        break;
                    default:
                        break;
                }

                continue;
            }

            Close();
            isKnown = trimmed[^1] is ':';
            if (!isKnown)
            {
                contents.Report(number, $"'{ManifestText.Shortened(trimmed.ToString())}' is no line of a lock of Yarn; right would be such as name@^1.0.0:.");
            }

            header = isKnown ? (number, trimmed[..^1].ToString()) : default;
            (version, resolved, integrity) = (null, null, null);
        }

        Close();

        void Close()
        {
            if (header.Text is null)
            {
                return;
            }

            var descriptors = header.Text.Split(',').Select(static each => each.Trim().Trim('"')).Where(static each => each.Length > 0).ToArray();
            if (descriptors.Length > 0 && !descriptors[0].Contains("@file:", StringComparison.Ordinal) && !descriptors[0].Contains("@link:", StringComparison.Ordinal))
            {
                Add(path, descriptors, Real(descriptors[0]), header.Line, version, IsRelease(resolved), integrity, locked, contents);
            }
        }

        static bool IsRelease(string? resolved) => resolved is null || !resolved.StartsWith("git", StringComparison.Ordinal);

        static string Real(string descriptor)
        {
            var name = NameOf(descriptor);
            var rest = descriptor[Math.Min(descriptor.Length, name.Length + 1)..];
            return rest.StartsWith("npm:", StringComparison.Ordinal) && rest.LastIndexOf('@') > 4 ? NameOf(rest[4..]) : name;
        }
    }

    private static void ReadBerry(string path, string text, Dictionary<string, ManifestEntry> locked, FileContents contents)
    {
        foreach (var (key, line, value) in YamlReader.Read(text).Entries)
        {
            if (key is "__metadata")
            {
                continue;
            }

            var package = value as DataTable;
            var descriptors = key.Split(',').Select(static each => each.Trim()).ToArray();
            var resolution = package?.Text("resolution") ?? string.Empty;
            var name = NameOf(resolution.Length > 0 ? resolution : descriptors[0]);
            var reference = resolution[Math.Min(resolution.Length, name.Length + 1)..];
            if (reference.StartsWith("workspace:", StringComparison.Ordinal))
            {
                if (RepositoryPath.Combine(path, reference["workspace:".Length..]) is { } member)
                {
                    contents.Manifests.Add(member.Length == 0 ? "package.json" : $"{member}/package.json");
                }

                continue;
            }

            if (reference.StartsWith("link:", StringComparison.Ordinal) || reference.StartsWith("portal:", StringComparison.Ordinal) || package?.Text("version") is "0.0.0-use.local")
            {
                continue;
            }

            var isRelease = reference.StartsWith("npm:", StringComparison.Ordinal) || reference.StartsWith("patch:", StringComparison.Ordinal);
            Add(path, descriptors, name, line, package?.Text("version"), isRelease, package?.Text("checksum"), locked, contents);
        }
    }

    private static void Add(string path, string[] descriptors, string name, int line, string? version, bool isRelease, string? hash, Dictionary<string, ManifestEntry> locked, FileContents contents)
    {
        if (version is null || SemanticVersion.Read(version) is null)
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} has no version that can be read; right would be such as version 1.2.3.");
            return;
        }

        if (!isRelease)
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} does not come from a registry, so that its version says little; right would be a release.");
        }

        var entry = new ManifestEntry(new PackageDependency(PackageJson.Registry, name, path, line) { Version = version, Hashes = hash is null ? [] : [hash] }, ConstraintSpan: null);
        contents.Entries.Add(entry);
        foreach (var descriptor in descriptors)
        {
            locked.TryAdd(descriptor, entry);
        }
    }

    [GeneratedRegex("^__metadata:", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Berry();
}
