using AtomicDevOps.Activities.Packages.Manifests.Text;

namespace AtomicDevOps.Activities.Packages.Manifests.Npm;

/// <summary>The catalogs of https://pnpm.io/pnpm-workspace_yaml: versions that several manifests share.</summary>
internal sealed class PnpmWorkspace : DependencyFormat
{
    private const string Default = "default";

    public override string Ecosystem => PackageJson.Registry;

    /// <summary>What a package's entry in a catalog is declared as.</summary>
    public static string NameIn(string catalog, string package) => catalog is "" or Default ? package : $"{catalog}:{package}";

    public override bool Reads(string path) => Name(path) is "pnpm-workspace.yaml";

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var root = YamlReader.Read(text);
        ReadCatalog(path, text, Default, root.Table("catalog"), contents);
        foreach (var (name, _, value) in root.Table("catalogs")?.Entries ?? [])
        {
            ReadCatalog(path, text, name, value as DataTable, contents);
        }

        return contents;
    }

    private static void ReadCatalog(string path, string text, string catalog, DataTable? packages, FileContents contents)
    {
        foreach (var (package, line, value) in packages?.Entries ?? [])
        {
            if (value is DataScalar { IsString: true } scalar)
            {
                contents.Declarations.Add(new ManifestEntry(
                    new PackageDependency(PackageJson.Registry, NameIn(catalog, package), path, line)
                    {
                        Version = ConstraintRules.Of(ConstraintSyntax.Npm).Pinned(scalar.Value),
                        Constraint = scalar.Value,
                        Syntax = ConstraintSyntax.Npm,
                    },
                    ManifestText.Inside(text, scalar)));
            }
            else
            {
                contents.Report(line, $"{ManifestText.Shortened(package)} has no text that says which versions; right would be such as ^1.2.3.");
            }
        }
    }
}
