using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Cargo;

/// <summary>https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html, with what a workspace's members take from it.</summary>
internal sealed class CargoManifest : DependencyFormat
{
    public const string Registry = "crates.io";

    private static readonly (string Key, string? Scope)[] Sections =
        [("dependencies", null), ("dev-dependencies", "dev"), ("dev_dependencies", "dev"), ("build-dependencies", "build"), ("build_dependencies", "build")];

    public override string Ecosystem => Registry;

    public override bool Reads(string path) => Name(path) is "Cargo.toml";

    public override FileContents Read(string path, string text)
    {
        var contents = new CargoContents(path);
        var root = TomlReader.Read(text);
        contents.PackageName = root.Table("package")?.Text("name");
        ReadSections(path, text, root, marker: null, contents);
        foreach (var (target, _, value) in root.Table("target")?.Entries ?? [])
        {
            if (value is DataTable table)
            {
                ReadSections(path, text, table, target, contents);
            }
        }

        foreach (var (name, line, value) in root.Table("workspace", "dependencies")?.Entries ?? [])
        {
            if (Entry(path, text, name, line, value, scope: null, marker: null, contents) is { } entry)
            {
                contents.Declarations.Add(entry);
            }
            else
            {
                contents.WithoutVersion.Add(name);
            }
        }

        foreach (var (name, line, value) in (root.Table("patch")?.Entries ?? []).SelectMany(static source => (source.Value as DataTable)?.Entries ?? []))
        {
            if ((value as DataTable)?["path"] is null)
            {
                contents.Report(line, $"{ManifestText.Shortened(name)} is patched by what does not come from the registry, so that its version says little; right would be a release.");
            }
        }

        return contents;
    }

    public override void Complete(string path, FileContents contents, IReadOnlyDictionary<string, FileContents> read)
    {
        var inherited = ((CargoContents)contents).Inherited;
        foreach (var (name, line, scope, marker) in inherited)
        {
            var workspace = RepositoryPath.Ancestors(path).Select(static directory => $"{directory}Cargo.toml").FirstOrDefault(place =>
                read.GetValueOrDefault(place) is CargoContents root && (root.WithoutVersion.Contains(name) || root.Declarations.Exists(IsMeant)));
            if (workspace is null)
            {
                contents.Report(line, $"{ManifestText.Shortened(name)} takes its version from the workspace, which does not have it; right would be an entry under [workspace.dependencies].");
            }
            else if (read[workspace].Declarations.Find(IsMeant) is { } declared)
            {
                contents.Entries.Add(declared with
                {
                    Dependency = declared.Dependency with
                    {
                        Path = path,
                        Line = line,
                        Scope = scope,
                        Marker = marker,
                        Declaration = new DeclaredAt(workspace, declared.Dependency.Line, declared.Dependency.Name),
                    },
                });
            }

            bool IsMeant(ManifestEntry entry) => string.Equals(entry.Alias ?? entry.Dependency.Name, name, StringComparison.Ordinal);
        }

        inherited.Clear();
    }

    private static void ReadSections(string path, string text, DataTable table, string? marker, CargoContents contents)
    {
        foreach (var (key, scope) in Sections)
        {
            foreach (var (name, line, value) in (table[key] as DataTable)?.Entries ?? [])
            {
                if (value is DataTable inner && inner["workspace"] is DataScalar { Value: "true" })
                {
                    contents.Inherited.Add((name, line, scope, marker));
                }
                else if (Entry(path, text, name, line, value, scope, marker, contents) is { } entry)
                {
                    contents.Entries.Add(entry);
                }
            }
        }
    }

    private static ManifestEntry? Entry(string path, string text, string name, int line, DataNode value, string? scope, string? marker, CargoContents contents)
    {
        var table = value as DataTable;
        if (table?["path"] is not null)
        {
            return null;
        }

        if (table?["git"] is not null)
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} does not come from the registry, so that its version is not known; right would be a version, such as {ManifestText.Shortened(name)} = \"1.2.3\".");
            return null;
        }

        if ((table is null ? value : table["version"]) is not DataScalar { IsString: true } constraint || SemanticRange.ReadCargo(constraint.Value) is null)
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} has no text that says which versions; right would be such as {ManifestText.Shortened(name)} = \"1.2.3\".");
            return null;
        }

        var package = table?.Text("package");
        return new ManifestEntry(
            new PackageDependency(Registry, package ?? name, path, line)
            {
                Version = ConstraintRules.Of(ConstraintSyntax.Cargo).Pinned(constraint.Value),
                Constraint = constraint.Value,
                Syntax = ConstraintSyntax.Cargo,
                Scope = scope,
                Marker = marker,
                Extras = table?["features"] is DataList features ? [.. features.Items.OfType<DataScalar>().Select(static feature => feature.Value)] : [],
            },
            ManifestText.Inside(text, constraint))
        {
            Alias = package is null ? null : name,
        };
    }
}

/// <summary>What a Cargo.toml says beside its dependencies.</summary>
internal sealed class CargoContents(string path) : FileContents(path)
{
    public string? PackageName { get; set; }

    /// <summary>Dependencies that the workspace knows the versions of.</summary>
    public List<(string Name, int Line, string? Scope, string? Marker)> Inherited { get; } = [];

    /// <summary>Dependencies of the workspace that do not come from the registry.</summary>
    public HashSet<string> WithoutVersion { get; } = new(StringComparer.Ordinal);
}
