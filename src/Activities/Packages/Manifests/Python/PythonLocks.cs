using AtomicDevOps.Activities.Packages.Manifests.Text;

namespace AtomicDevOps.Activities.Packages.Manifests.Python;

/// <summary>The locks of Poetry and uv, and those of https://packaging.python.org/en/latest/specifications/pylock-toml/.</summary>
internal sealed class PythonTomlLock : DependencyFormat
{
    public override string Ecosystem => "PyPI";

    public override bool IsLock => true;

    public override bool Reads(string path) =>
        Name(path) is "poetry.lock" or "uv.lock" or "pylock.toml" || (Name(path).StartsWith("pylock.", StringComparison.Ordinal) && Name(path).EndsWith(".toml", StringComparison.Ordinal));

    public override bool IsLockOf(string lockPath, FileContents locked, string manifestPath) => Name(manifestPath) is "pyproject.toml"
        && (Name(lockPath) is "uv.lock"
            ? manifestPath.StartsWith(Directory(lockPath), StringComparison.Ordinal)
            : string.Equals(Directory(lockPath), Directory(manifestPath), StringComparison.Ordinal));

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var root = TomlReader.Read(text);
        var key = Name(path).StartsWith("pylock.", StringComparison.Ordinal) ? "packages" : "package";
        if (root[key] is null && root["metadata"] is null && root["version"] is null && root["lock-version"] is null)
        {
            throw new FormatException($"There is no [[{key}]] in it, so this is no lock of the kind that its name says.");
        }

        foreach (var package in root.Tables(key))
        {
            ReadPackage(path, package, contents);
        }

        return contents;
    }

    private static void ReadPackage(string path, DataTable package, FileContents contents)
    {
        var name = package.Text("name");
        var line = package["name"]?.Line ?? package.Line;
        if (name is null)
        {
            contents.Report(line, "A package has no name; right would be name = \"…\".");
            return;
        }

        var source = package.Table("source");
        var isOwn = source is not null && (source["virtual"] ?? source["editable"] ?? source["directory"]) is not null;
        if (isOwn || source?.Text("type") is "directory" || package["directory"] is not null)
        {
            return;
        }

        if (source?.Text("type") is "git" or "url" or "file" || (source?["git"] ?? source?["url"] ?? source?["path"] ?? package["vcs"] ?? package["archive"]) is not null)
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} does not come from an index, so that its version says little; right would be a release.");
        }

        if (package.Text("version") is not { Length: > 0 } version)
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} has no version that can be read; right would be version = \"1.2.3\".");
            return;
        }

        var files = package.Tables("files").Concat(package.Tables("wheels")).Concat(package.Table("sdist") is { } sdist ? [sdist] : []);
        contents.Entries.Add(new ManifestEntry(
            new PackageDependency("PyPI", name, path, line)
            {
                Version = version,
                Scope = package.Text("category") is { } category and not "main" ? category : null,
                Marker = package.Text("markers") ?? package.Text("marker"),
                Hashes = [.. files.Select(static file => file.Text("hash")).OfType<string>()],
            },
            ConstraintSpan: null));
    }
}

/// <summary>The lock of Pipenv.</summary>
internal sealed class PipfileLock : DependencyFormat
{
    public override string Ecosystem => "PyPI";

    public override bool IsLock => true;

    public override bool Reads(string path) => Name(path) is "Pipfile.lock";

    public override bool IsLockOf(string lockPath, FileContents locked, string manifestPath) =>
        string.Equals(manifestPath, $"{Directory(lockPath)}Pipfile", StringComparison.Ordinal);

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        foreach (var (category, _, value) in JsonReader.Read(text).Entries)
        {
            if (category is "_meta" || value is not DataTable packages)
            {
                continue;
            }

            foreach (var (name, line, package) in packages.Entries)
            {
                ReadPackage(path, category, name, line, package as DataTable, contents);
            }
        }

        return contents;
    }

    private static void ReadPackage(string path, string category, string name, int line, DataTable? package, FileContents contents)
    {
        if (package is not null && (package["path"] ?? package["file"] ?? package["git"]) is not null && package["version"] is null)
        {
            if (package["path"] is null || package["git"] is not null)
            {
                contents.Report(line, $"{ManifestText.Shortened(name)} does not come from an index, so that its version is not known; right would be a release.");
            }

            return;
        }

        var version = ConstraintRules.Of(ConstraintSyntax.Python).Pinned(package?.Text("version") ?? string.Empty);
        if (version is null)
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} has no version that can be read; right would be \"version\": \"==1.2.3\".");
            return;
        }

        contents.Entries.Add(new ManifestEntry(
            new PackageDependency("PyPI", name, path, line)
            {
                Version = version,
                Scope = category switch { "default" => null, "develop" => "dev", _ => category },
                Marker = package!.Text("markers"),
                Hashes = package["hashes"] is DataList hashes ? [.. hashes.Items.OfType<DataScalar>().Select(static hash => hash.Value)] : [],
            },
            ConstraintSpan: null));
    }
}
