using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Npm;

/// <summary>https://docs.npmjs.com/cli/configuring-npm/package-json.</summary>
internal sealed class PackageJson : DependencyFormat
{
    public const string Registry = "npm";

    private const string Catalog = "catalog:";

    private static readonly (string Key, string? Scope)[] Sections =
        [("dependencies", null), ("devDependencies", "dev"), ("optionalDependencies", "optional"), ("peerDependencies", "peer")];

    public override string Ecosystem => Registry;

    public override bool Reads(string path) => Name(path) is "package.json";

    public override FileContents Read(string path, string text)
    {
        var contents = new PackageJsonContents(path);
        var root = JsonReader.Read(text);
        foreach (var (key, scope) in Sections)
        {
            if (root[key] is null)
            {
                continue;
            }

            if (root[key] is not DataTable table)
            {
                contents.Report(root[key]!.Line, $"{key} is no object; right would be such as {{\"name\": \"^1.2.3\"}}.");
                continue;
            }

            foreach (var (name, line, value) in table.Entries)
            {
                Read(path, text, name, line, value, scope, contents);
            }
        }

        var workspaces = root["workspaces"] as DataList ?? root.Table("workspaces")?["packages"] as DataList;
        contents.Workspaces.AddRange(workspaces?.Items.OfType<DataScalar>().Select(static item => item.Value) ?? []);
        contents.PackageName = root.Text("name");
        return contents;
    }

    public override void Complete(string path, FileContents contents, IReadOnlyDictionary<string, FileContents> read)
    {
        for (var index = 0; index < contents.Entries.Count; index++)
        {
            var entry = contents.Entries[index];
            if (!entry.Dependency.Constraint.StartsWith(Catalog, StringComparison.Ordinal))
            {
                continue;
            }

            var named = PnpmWorkspace.NameIn(entry.Dependency.Constraint[Catalog.Length..], entry.Alias ?? entry.Dependency.Name);
            var workspace = RepositoryPath.Ancestors(path).Select(directory => $"{directory}pnpm-workspace.yaml").FirstOrDefault(read.ContainsKey);
            var declared = workspace is null ? null : read[workspace].Declarations.Find(each => string.Equals(each.Dependency.Name, named, StringComparison.Ordinal));
            if (declared is null)
            {
                contents.Report(entry.Dependency.Line, $"{ManifestText.Shortened(entry.Dependency.Name)} takes its version from a catalog that does not have it; right would be an entry in pnpm-workspace.yaml.");
                continue;
            }

            contents.Entries[index] = entry with
            {
                Dependency = entry.Dependency with
                {
                    Constraint = declared.Dependency.Constraint,
                    Version = declared.Dependency.Version,
                    Declaration = new DeclaredAt(workspace!, declared.Dependency.Line, named),
                },
            };
        }
    }

    private static void Read(string path, string text, string name, int line, DataNode value, string? scope, FileContents contents)
    {
        if (value is not DataScalar { IsString: true } scalar)
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} has no text that says which versions; right would be such as \"^1.2.3\".");
            return;
        }

        // npm:other@^1.2 is another package under this name.
        var constraint = scalar.Value.Trim();
        var start = scalar.Value.Length - scalar.Value.TrimStart().Length;
        var (package, alias) = (name, default(string));
        if (constraint.StartsWith("npm:", StringComparison.Ordinal))
        {
            var at = constraint.LastIndexOf('@');
            (package, alias) = (at > 5 ? constraint[4..at] : constraint[4..], name);
            start += at > 5 ? at + 1 : constraint.Length;
            constraint = at > 5 ? constraint[(at + 1)..] : string.Empty;
        }

        if (IsOwn(constraint))
        {
            return;
        }

        if (!constraint.StartsWith(Catalog, StringComparison.Ordinal) && SemanticRange.ReadNpm(constraint) is null)
        {
            contents.Report(line, IsElsewhere(constraint)
                ? $"{ManifestText.Shortened(name)} does not come from a registry, so that its version is not known; right would be a version, such as \"^1.2.3\"."
                : $"'{ManifestText.Shortened(constraint)}' does not say which versions of {ManifestText.Shortened(name)}; right would be such as \"^1.2.3\".");
            return;
        }

        var isAny = constraint is "*";
        contents.Entries.Add(new ManifestEntry(
            new PackageDependency(Registry, package, path, line)
            {
                Version = ConstraintRules.Of(ConstraintSyntax.Npm).Pinned(constraint),
                Constraint = isAny ? string.Empty : constraint,
                Syntax = ConstraintSyntax.Npm,
                Scope = scope,
            },
            ManifestText.Inside(text, scalar, new TextSpan(start, start + constraint.Length)))
        {
            Alias = alias,
            MayBeUnlocked = scope is "peer" or "optional",
        });
    }

    /// <summary>A directory of the repository or a member of its workspace, whose dependencies its own manifest names.</summary>
    private static bool IsOwn(string constraint) =>
        constraint.StartsWith("workspace:", StringComparison.Ordinal)
        || constraint.StartsWith("link:", StringComparison.Ordinal)
        || constraint.StartsWith("portal:", StringComparison.Ordinal)
        || (constraint.StartsWith("file:", StringComparison.Ordinal) && !constraint.EndsWith(".tgz", StringComparison.Ordinal) && !constraint.EndsWith(".tar.gz", StringComparison.Ordinal));

    private static bool IsElsewhere(string constraint) => constraint.Contains('/', StringComparison.Ordinal) || constraint.Contains(':', StringComparison.Ordinal);
}

/// <summary>What a package.json says beside its dependencies.</summary>
internal sealed class PackageJsonContents(string path) : FileContents(path)
{
    public string? PackageName { get; set; }

    /// <summary>Patterns of the members' directories.</summary>
    public List<string> Workspaces { get; } = [];
}
