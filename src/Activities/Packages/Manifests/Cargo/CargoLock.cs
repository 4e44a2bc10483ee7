using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Cargo;

/// <summary>https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html, versions 1 to 4.</summary>
internal sealed class CargoLock : DependencyFormat
{
    public override string Ecosystem => CargoManifest.Registry;

    public override bool IsLock => true;

    public override bool Reads(string path) => Name(path) is "Cargo.lock";

    public override FileContents Read(string path, string text)
    {
        var contents = new CargoLockContents(path);
        var root = TomlReader.Read(text);
        foreach (var package in root.Tables("package"))
        {
            var line = package["name"]?.Line ?? package.Line;
            if (package.Text("name") is not { } name || package.Text("version") is not { } version || SemanticVersion.Read(version) is null)
            {
                contents.Report(line, $"{ManifestText.Shortened(package.Text("name") ?? "A package")} has no version that can be read; right would be version = \"1.2.3\".");
                continue;
            }

            if (package.Text("source") is not { } source)
            {
                contents.Members[name] = [.. (package["dependencies"] as DataList)?.Items.OfType<DataScalar>().Select(static item => item.Value) ?? []];
                continue;
            }

            if (source.StartsWith("git+", StringComparison.Ordinal))
            {
                contents.Report(line, $"{ManifestText.Shortened(name)} does not come from the registry, so that its version says little; right would be a release.");
            }

            contents.Entries.Add(new ManifestEntry(
                new PackageDependency(CargoManifest.Registry, name, path, line)
                {
                    Version = version,
                    Hashes = package.Text("checksum") is { } checksum ? [$"sha256:{checksum}"] : [],
                },
                ConstraintSpan: null));
        }

        return contents;
    }

    public override void Complete(string path, FileContents contents, IReadOnlyDictionary<string, FileContents> read)
    {
        var locked = (CargoLockContents)contents;
        var byName = locked.Entries.ToLookup(static entry => entry.Dependency.Name, StringComparer.Ordinal);
        foreach (var (manifest, of) in read)
        {
            if (of is CargoContents { PackageName: { } name }
                && locked.Members.ContainsKey(name)
                && RepositoryPath.Ancestors(manifest).Select(static directory => $"{directory}Cargo.lock").FirstOrDefault(read.ContainsKey) is { } nearest
                && string.Equals(nearest, path, StringComparison.Ordinal))
            {
                locked.Manifests.Add(manifest);
            }
        }

        locked.Resolution = (manifest, entry) =>
        {
            var member = ((CargoContents)read[manifest]).PackageName!;
            var wanted = locked.Members[member].Select(static each => each.Split(' ')).Where(words => string.Equals(words[0], entry.Dependency.Name, StringComparison.Ordinal)).ToArray();
            return byName[entry.Dependency.Name].Where(each => Array.Exists(wanted, words =>
                words.Length == 1 || (string.Equals(words[1], each.Dependency.Version, StringComparison.Ordinal) && (wanted.Length == 1 || ConstraintRules.Of(ConstraintSyntax.Cargo).Admits(entry.Dependency.Constraint, words[1]) is not false))));
        };
    }

    private sealed class CargoLockContents(string path) : FileContents(path)
    {
        /// <summary>What each package of the repository itself depends on, by its name: <c>name</c>, or <c>name version</c> where there are several.</summary>
        public Dictionary<string, IReadOnlyList<string>> Members { get; } = new(StringComparer.Ordinal);
    }
}
