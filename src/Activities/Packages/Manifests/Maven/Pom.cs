using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Packages.Manifests.Text;

namespace AtomicDevOps.Activities.Packages.Manifests.Maven;

/// <summary>https://maven.apache.org/pom.html: dependencies with properties, managed versions and parents, as far as those are in the repository.</summary>
internal sealed partial class Pom : DependencyFormat
{
    public const string Central = "Maven";

    private const int MostParents = 32;
    private const int MostProperties = 16;
    private const int MostCharacters = 4096;

    public override string Ecosystem => Central;

    public override bool Reads(string path) => Name(path) is "pom.xml" || Name(path).EndsWith(".pom", StringComparison.Ordinal);

    public override FileContents Read(string path, string text)
    {
        var root = MarkupReader.Read(text);
        if (root.Name is not "project")
        {
            throw new FormatException($"Its first element is <{ManifestText.Shortened(root.Name)}>, so this is no project of Maven; right would be <project>.");
        }

        var parent = root.Child("parent");
        var contents = new PomContents(path)
        {
            ParentLine = parent?.Line ?? 1,
            Parent = parent is null ? null : $"{parent.Value("groupId")?.Value}:{parent.Value("artifactId")?.Value}",
            ParentVersion = parent?.Value("version")?.Value,
            ParentPath = parent is null ? null : RepositoryPath.Combine(path, parent.Value("relativePath")?.Value is { Length: > 0 } relative ? relative : "../pom.xml"),
            Group = root.Value("groupId")?.Value ?? parent?.Value("groupId")?.Value ?? string.Empty,
            Artifact = root.Value("artifactId")?.Value ?? string.Empty,
            Version = root.Value("version")?.Value ?? parent?.Value("version")?.Value,
        };
        foreach (var (scope, profile) in root.All("profiles", "profile").Select(static profile => (Element: profile, Id: profile.Value("id")?.Value)).Prepend((root, null)))
        {
            foreach (var property in scope.All("properties").SelectMany(static properties => properties.Children))
            {
                contents.Declarations.Add(Entry(path, PropertyName(property.Name), property.Line, property.Text, scope: null, profile));
            }

            foreach (var managed in scope.All("dependencyManagement", "dependencies", "dependency"))
            {
                if (managed.Value("scope")?.Value is not "import" && NameOf(managed) is { } name)
                {
                    contents.Declarations.Add(Entry(path, name, managed.Line, managed.Value("version"), scope: null, profile));
                }
            }

            foreach (var dependency in scope.All("dependencies", "dependency"))
            {
                if (NameOf(dependency) is { } name)
                {
                    var at = dependency.Value("scope")?.Value is { } said and not ("compile" or "runtime") ? said : null;
                    contents.Entries.Add(Entry(path, name, dependency.Line, dependency.Value("version"), at, profile));
                }
                else
                {
                    contents.Report(dependency.Line, "A dependency has no groupId or no artifactId; right would be both.");
                }
            }
        }

        return contents;
    }

    public override void Complete(string path, FileContents contents, IReadOnlyDictionary<string, FileContents> read)
    {
        var poms = Inherited(path, (PomContents)contents, read);
        var own = read.Values.OfType<PomContents>().Select(static pom => $"{pom.Group}:{pom.Artifact}").ToHashSet(StringComparer.Ordinal);
        var entries = contents.Entries.ToArray();
        contents.Entries.Clear();
        foreach (var raw in entries)
        {
            var name = Replace(raw.Dependency.Name, poms);
            if (own.Contains(name))
            {
                continue;
            }

            var entry = raw with { Dependency = raw.Dependency with { Name = name } };
            if (entry.Dependency.Constraint.Length == 0)
            {
                entry = Managed(entry, name, poms);
            }

            entry = OfProperty(entry, poms);
            var constraint = Replace(entry.Dependency.Constraint, poms);
            var version = ConstraintRules.Of(ConstraintSyntax.Maven).Pinned(constraint);
            if (constraint.Length == 0 || constraint.Contains("${", StringComparison.Ordinal))
            {
                var missing = poms[^1].Pom is { Parent: { } parent } last ? $", as the parent {ManifestText.Shortened(parent)} of {poms[^1].Path}, line {last.ParentLine}, is not in the repository" : string.Empty;
                contents.Report(entry.Dependency.Line, $"The files of the repository do not tell the version of {ManifestText.Shortened(name)}{missing}; right would be a <version>.");
            }

            contents.Entries.Add(entry with { Dependency = entry.Dependency with { Constraint = constraint, Version = version } });
        }
    }

    /// <summary>The project and its parents, the nearest first.</summary>
    private static List<(string Path, PomContents Pom)> Inherited(string path, PomContents pom, IReadOnlyDictionary<string, FileContents> read)
    {
        var poms = new List<(string Path, PomContents Pom)> { (path, pom) };
        while (poms.Count < MostParents && poms[^1].Pom is { ParentPath: { } place, Parent: { } name })
        {
            var at = read.ContainsKey(place) ? place : $"{place.TrimEnd('/')}/pom.xml";
            var parent = IsParent(at) ? at : read.Keys.FirstOrDefault(IsParent);
            if (parent is null || poms.Exists(each => string.Equals(each.Path, parent, StringComparison.Ordinal)))
            {
                break;
            }

            poms.Add((parent, (PomContents)read[parent]));

            bool IsParent(string key) => read.GetValueOrDefault(key) is PomContents found && string.Equals($"{found.Group}:{found.Artifact}", name, StringComparison.Ordinal);
        }

        return poms;
    }

    private static ManifestEntry Managed(ManifestEntry entry, string name, List<(string Path, PomContents Pom)> poms)
    {
        foreach (var (path, pom) in poms)
        {
            if (pom.Declarations.Find(each => string.Equals(Replace(each.Dependency.Name, poms), name, StringComparison.Ordinal)) is { Dependency.Constraint.Length: > 0 } managed)
            {
                return At(entry, path, managed);
            }
        }

        return entry;
    }

    private static ManifestEntry OfProperty(ManifestEntry entry, List<(string Path, PomContents Pom)> poms)
    {
        for (var depth = 0; depth < MostProperties && Property().Match(entry.Dependency.Constraint) is { Success: true } match && match.Length == entry.Dependency.Constraint.Length; depth++)
        {
            if (Declared(match.Groups["name"].Value, poms) is not var (path, declared))
            {
                break;
            }

            entry = At(entry, path, declared);
        }

        return entry;
    }

    private static ManifestEntry At(ManifestEntry entry, string path, ManifestEntry declared) => entry with
    {
        Dependency = entry.Dependency with { Constraint = declared.Dependency.Constraint, Declaration = new DeclaredAt(path, declared.Dependency.Line, declared.Dependency.Name) },
    };

    /// <summary>Puts in what properties stand for, as often as that leads on; never more than a version or a name is long.</summary>
    private static string Replace(string text, List<(string Path, PomContents Pom)> poms)
    {
        for (var depth = 0; depth < MostProperties && text.Length <= MostCharacters && text.Contains("${", StringComparison.Ordinal); depth++)
        {
            var replaced = Property().Replace(text, match => Value(match.Groups["name"].Value, poms) ?? match.Value);
            if (string.Equals(replaced, text, StringComparison.Ordinal))
            {
                return text;
            }

            text = replaced;
        }

        return text;
    }

    private static string? Value(string name, List<(string Path, PomContents Pom)> poms) => name switch
    {
        "project.version" or "pom.version" or "version" => poms[0].Pom.Version,
        "project.groupId" or "pom.groupId" or "groupId" => poms[0].Pom.Group,
        "project.artifactId" or "pom.artifactId" or "artifactId" => poms[0].Pom.Artifact,
        "project.parent.version" => poms[0].Pom.ParentVersion,
        _ => Declared(name, poms)?.Entry.Dependency.Constraint,
    };

    private static (string Path, ManifestEntry Entry)? Declared(string property, List<(string Path, PomContents Pom)> poms)
    {
        foreach (var (path, pom) in poms)
        {
            if (pom.Declarations.Find(each => string.Equals(each.Dependency.Name, PropertyName(property), StringComparison.Ordinal)) is { } declared)
            {
                return (path, declared);
            }
        }

        return null;
    }

    private static string? NameOf(MarkupElement dependency) =>
        dependency.Value("groupId")?.Value is { Length: > 0 } group && dependency.Value("artifactId")?.Value is { Length: > 0 } artifact ? $"{group}:{artifact}" : null;

    /// <summary>In the form in which it is used, so that no dependency has the same name.</summary>
    private static string PropertyName(string name) => $"${{{name}}}";

    private static ManifestEntry Entry(string path, string name, int line, DataScalar? version, string? scope, string? profile) => new(
        new PackageDependency(Central, name, path, line)
        {
            Constraint = version?.Value ?? string.Empty,
            Syntax = ConstraintSyntax.Maven,
            Version = ConstraintRules.Of(ConstraintSyntax.Maven).Pinned(version?.Value ?? string.Empty),
            Scope = scope,
            Marker = profile,
        },
        version?.Span);

    [GeneratedRegex(@"\$\{(?<name>[^${}]+)\}", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Property();

    private sealed class PomContents(string path) : FileContents(path)
    {
        public required string Group { get; init; }

        public required string Artifact { get; init; }

        public string? Version { get; init; }

        /// <summary>Group and artifact with <c>:</c>; null without a parent.</summary>
        public string? Parent { get; init; }

        public string? ParentVersion { get; init; }

        /// <summary>Where the parent would be in the repository.</summary>
        public string? ParentPath { get; init; }

        public int ParentLine { get; init; }
    }
}
