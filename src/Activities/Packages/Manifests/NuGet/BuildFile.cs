using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Packages.Manifests.Text;

namespace AtomicDevOps.Activities.Packages.Manifests.NuGet;

/// <summary>
/// References to packages in projects and in what they import (https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files), and
/// versions that are kept centrally (https://learn.microsoft.com/nuget/consume-packages/central-package-management). What conditions say is noted, not judged.
/// </summary>
internal sealed partial class BuildFile : DependencyFormat
{
    public const string Gallery = "NuGet";

    private const int MostProperties = 16;

    private static readonly string[] Extensions = [".csproj", ".fsproj", ".vbproj", ".props", ".targets"];

    private static readonly string[] Shared = ["Directory.Packages.props", "Directory.Build.props", "Directory.Build.targets"];

    public override string Ecosystem => Gallery;

    public override bool Reads(string path) => Array.Exists(Extensions, each => path.EndsWith(each, StringComparison.OrdinalIgnoreCase));

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var root = MarkupReader.Read(text);
        if (root.Name is not "Project")
        {
            throw new FormatException($"Its first element is <{ManifestText.Shortened(root.Name)}>, so this is no file of MSBuild; right would be <Project>.");
        }

        foreach (var (group, inner) in Groups(root))
        {
            foreach (var element in inner)
            {
                if (group.Name is "PropertyGroup")
                {
                    Declare(path, PropertyName(element.Name), element, element.Text, group, contents);
                    continue;
                }

                var names = (element.Attributes.GetValueOrDefault("Include") ?? element.Attributes.GetValueOrDefault("Update"))?.Value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
                foreach (var name in names)
                {
                    ReadItem(path, name, element, group, contents);
                }
            }
        }

        return contents;
    }

    public override void Complete(string path, FileContents contents, IReadOnlyDictionary<string, FileContents> read)
    {
        for (var index = 0; index < contents.Entries.Count; index++)
        {
            var entry = contents.Entries[index];
            var name = entry.Dependency.Name;
            if (entry.Dependency.Constraint.Length == 0 && Find(path, Key(name), read) is var (at, central))
            {
                entry = entry with { Dependency = entry.Dependency with { Constraint = central.Dependency.Constraint, Declaration = new DeclaredAt(at, central.Dependency.Line, central.Dependency.Name) } };
            }

            var hasProperty = false;
            for (var depth = 0; depth < MostProperties && Property().Match(entry.Dependency.Constraint) is { Success: true } property; depth++)
            {
                hasProperty = true;
                if (Find(entry.Dependency.Declaration?.Path ?? path, PropertyName(property.Groups["name"].Value), read) is not var (from, value))
                {
                    break;
                }

                entry = entry with { Dependency = entry.Dependency with { Constraint = value.Dependency.Constraint, Declaration = new DeclaredAt(from, value.Dependency.Line, value.Dependency.Name) } };
            }

            var constraint = entry.Dependency.Constraint;
            if (hasProperty && constraint.Contains("$(", StringComparison.Ordinal))
            {
                contents.Report(entry.Dependency.Line, $"{ManifestText.Shortened(name)} has the version '{ManifestText.Shortened(constraint)}', which the files of the repository do not tell; right would be a version, such as 1.2.3.");
            }
            else if (constraint.Length > 0 && ConstraintRules.Of(ConstraintSyntax.NuGet).Admits(constraint, "0.0.0") is null)
            {
                contents.Report(entry.Dependency.Line, $"'{ManifestText.Shortened(constraint)}' does not say which versions of {ManifestText.Shortened(name)}; right would be such as 1.2.3 or [1.2,2.0).");
            }

            contents.Entries[index] = entry with { Dependency = entry.Dependency with { Version = ConstraintRules.Of(ConstraintSyntax.NuGet).Pinned(constraint) } };
        }
    }

    /// <summary>The declaration in the file itself, or in the nearest of the files that NuGet and MSBuild look for above it, or else in one that is imported by name.</summary>
    private static (string Path, ManifestEntry Entry)? Find(string path, string name, IReadOnlyDictionary<string, FileContents> read)
    {
        var places = RepositoryPath.Ancestors(path).SelectMany(static directory => Shared.Select(file => directory + file)).Prepend(path);
        foreach (var place in places)
        {
            if (read.GetValueOrDefault(place)?.Declarations.FindLast(each => string.Equals(each.Dependency.Name, name, StringComparison.Ordinal)) is { } entry)
            {
                return (place, entry);
            }
        }

        (string Path, ManifestEntry Entry)[] imported = [.. read.Where(static each => each.Key.EndsWith(".props", StringComparison.OrdinalIgnoreCase))
            .SelectMany(each => each.Value.Declarations.Where(entry => string.Equals(entry.Dependency.Name, name, StringComparison.Ordinal)).Select(entry => (each.Key, entry)))];
        return imported is [var only] ? only : null;
    }

    /// <summary>Groups of items and properties, also those within conditions and targets.</summary>
    private static IEnumerable<(MarkupElement Group, IReadOnlyList<MarkupElement> Inner)> Groups(MarkupElement element)
    {
        foreach (var child in element.Children)
        {
            if (child.Name is "ItemGroup" or "PropertyGroup")
            {
                yield return (child, child.Children);
            }
            else
            {
                foreach (var group in Groups(child))
                {
                    yield return group;
                }
            }
        }
    }

    private static void ReadItem(string path, string name, MarkupElement element, MarkupElement group, FileContents contents)
    {
        switch (element.Name)
        {
            case "PackageVersion":
                Declare(path, Key(name), element, element.Value("Version"), group, contents);
                return;
            case "GlobalPackageReference" or "PackageReference" when element.Attributes.ContainsKey("Include"):
                var version = element.Value("VersionOverride") ?? element.Value("Version");
                var isPrivate = element.Name is "GlobalPackageReference" || element.Value("PrivateAssets")?.Value.Equals("all", StringComparison.OrdinalIgnoreCase) is true;
                contents.Entries.Add(Entry(path, name, element, version, group, isPrivate ? "build" : null));
                return;
            default:
                return;
        }
    }

    private static void Declare(string path, string name, MarkupElement element, DataScalar? value, MarkupElement group, FileContents contents)
    {
        if (value is not null)
        {
            contents.Declarations.Add(Entry(path, name, element, value, group, scope: null));
        }
    }

    private static ManifestEntry Entry(string path, string name, MarkupElement element, DataScalar? version, MarkupElement group, string? scope) => new(
        new PackageDependency(Gallery, name, path, element.Line)
        {
            Constraint = version?.Value ?? string.Empty,
            Syntax = ConstraintSyntax.NuGet,
            Version = ConstraintRules.Of(ConstraintSyntax.NuGet).Pinned(version?.Value ?? string.Empty),
            Scope = scope,
            Marker = (element.Attributes.GetValueOrDefault("Condition") ?? group.Attributes.GetValueOrDefault("Condition"))?.Value,
        },
        version?.Span)
    {
        MayBeUnlocked = true,
    };

    private static string Key(string package) => package.ToLowerInvariant();

    /// <summary>In the form in which it is used, so that no package has the same name.</summary>
    private static string PropertyName(string name) => $"$({name.ToLowerInvariant()})";

    [GeneratedRegex(@"^\$\((?<name>[A-Za-z_][A-Za-z0-9_-]*)\)$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Property();
}
