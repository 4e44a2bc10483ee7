using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.NuGet;

/// <summary>https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies.</summary>
internal sealed class NuGetLock : DependencyFormat
{
    public override string Ecosystem => BuildFile.Gallery;

    public override bool IsLock => true;

    public override bool Reads(string path) =>
        Name(path) is "packages.lock.json" || (Name(path).StartsWith("packages.", StringComparison.Ordinal) && Name(path).EndsWith(".lock.json", StringComparison.Ordinal));

    public override bool IsLockOf(string lockPath, FileContents locked, string manifestPath)
    {
        var extension = System.IO.Path.GetExtension(manifestPath);
        var project = Name(manifestPath)[..^extension.Length];
        return extension is ".csproj" or ".fsproj" or ".vbproj"
            && string.Equals(Directory(lockPath), Directory(manifestPath), StringComparison.Ordinal)
            && (Name(lockPath) is "packages.lock.json" || string.Equals(Name(lockPath), $"packages.{project}.lock.json", StringComparison.Ordinal));
    }

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var root = JsonReader.Read(text);
        if (root["dependencies"] is not DataTable frameworks)
        {
            throw new FormatException("There is no \"dependencies\" in it, so this is no lock of the kind that its name says.");
        }

        var known = new HashSet<(string, string)>();
        foreach (var (name, line, value) in frameworks.Entries.SelectMany(static framework => (framework.Value as DataTable)?.Entries ?? []))
        {
            var package = value as DataTable;
            var type = package?.Text("type");
            if (type is "Project")
            {
                continue;
            }

            if (package?.Text("resolved") is not { } version || VersionScheme.Find(BuildFile.Gallery)!.Read(version) is null)
            {
                contents.Report(line, $"{ManifestText.Shortened(name)} has no version that can be read; right would be \"resolved\": \"1.2.3\".");
            }
            else if (known.Add((name.ToLowerInvariant(), version)))
            {
                contents.Entries.Add(new ManifestEntry(
                    new PackageDependency(BuildFile.Gallery, name, path, line)
                    {
                        Version = version,
                        IsDirect = type is "Direct",
                        Hashes = package.Text("contentHash") is { } hash ? [hash] : [],
                    },
                    ConstraintSpan: null));
            }
        }

        return contents;
    }
}

/// <summary>https://learn.microsoft.com/nuget/reference/packages-config: all packages of a project that NuGet has unpacked and written into it.</summary>
internal sealed class PackagesConfig : DependencyFormat
{
    public override string Ecosystem => BuildFile.Gallery;

    public override bool IsLock => true;

    public override bool Reads(string path) => Name(path).Equals("packages.config", StringComparison.OrdinalIgnoreCase);

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var root = MarkupReader.Read(text);
        if (root.Name is not "packages")
        {
            throw new FormatException($"Its first element is <{ManifestText.Shortened(root.Name)}>, so this is no list of packages; right would be <packages>.");
        }

        foreach (var package in root.All("package"))
        {
            if (package.Value("id")?.Value is not { Length: > 0 } name || package.Value("version")?.Value is not { } version || VersionScheme.Find(BuildFile.Gallery)!.Read(version) is null)
            {
                contents.Report(package.Line, "A package has no name, or no version that can be read; right would be <package id=\"Name\" version=\"1.2.3\" />.");
                continue;
            }

            contents.Entries.Add(new ManifestEntry(
                new PackageDependency(BuildFile.Gallery, name, path, package.Line)
                {
                    Version = version,
                    Scope = package.Value("developmentDependency")?.Value.Equals("true", StringComparison.OrdinalIgnoreCase) is true ? "dev" : null,
                },
                ConstraintSpan: null));
        }

        return contents;
    }
}
