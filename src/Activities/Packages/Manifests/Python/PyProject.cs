using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Python;

/// <summary>
/// https://packaging.python.org/en/latest/specifications/pyproject-toml/, with dependency groups and the tables of Poetry, uv and PDM.
/// </summary>
internal sealed class PyProject : DependencyFormat
{
    public override string Ecosystem => "PyPI";

    public override bool Reads(string path) => Name(path) is "pyproject.toml";

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var root = TomlReader.Read(text);
        var requirements = new PythonRequirements(path, text, contents);
        requirements.ReadList(root.Find("project", "dependencies"), scope: null);
        foreach (var (extra, _, list) in root.Table("project", "optional-dependencies")?.Entries ?? [])
        {
            requirements.ReadList(list, extra);
        }

        ReadGroups(root.Table("dependency-groups"), requirements, contents);
        requirements.ReadList(root.Find("build-system", "requires"), "build");
        requirements.ReadList(root.Find("tool", "uv", "dev-dependencies"), "dev");
        foreach (var (group, _, list) in root.Table("tool", "pdm", "dev-dependencies")?.Entries ?? [])
        {
            requirements.ReadList(list, group);
        }

        if (root.Table("tool", "poetry") is { } poetry)
        {
            requirements.ReadTable(poetry.Table("dependencies"), scope: null, ConstraintSyntax.Poetry);
            requirements.ReadTable(poetry.Table("dev-dependencies"), "dev", ConstraintSyntax.Poetry);
            foreach (var (group, _, table) in poetry.Table("group")?.Entries ?? [])
            {
                requirements.ReadTable((table as DataTable)?.Table("dependencies"), group, ConstraintSyntax.Poetry);
            }
        }

        return contents;
    }

    private static void ReadGroups(DataTable? groups, PythonRequirements requirements, FileContents contents)
    {
        var includes = new Dictionary<string, List<(string Group, int Line)>>(StringComparer.Ordinal);
        foreach (var (group, _, value) in groups?.Entries ?? [])
        {
            requirements.ReadList(value, group);
            var included = includes[PythonName.Normalize(group)] = [];
            foreach (var include in (value as DataList)?.Items.OfType<DataTable>() ?? [])
            {
                var name = include.Text("include-group");
                if (name is null || !groups!.Entries.Exists(each => string.Equals(PythonName.Normalize(each.Key), PythonName.Normalize(name), StringComparison.Ordinal)))
                {
                    contents.Report(include.Line, $"The group '{ManifestText.Shortened(name ?? string.Empty)}' that '{ManifestText.Shortened(group)}' includes is not there; right would be the name of another group of [dependency-groups].");
                }
                else
                {
                    included.Add((PythonName.Normalize(name), include.Line));
                }
            }
        }

        foreach (var (from, to, line) in IncludeCycles.Find(includes))
        {
            contents.Report(line, $"The group '{ManifestText.Shortened(to)}' includes '{ManifestText.Shortened(from)}', which includes it again; right would be groups that do not include each other.");
        }
    }
}

/// <summary>https://github.com/pypa/pipfile.</summary>
internal sealed class Pipfile : DependencyFormat
{
    public override string Ecosystem => "PyPI";

    public override bool Reads(string path) => Name(path) is "Pipfile";

    public override FileContents Read(string path, string text)
    {
        var contents = new FileContents(path);
        var requirements = new PythonRequirements(path, text, contents);
        foreach (var (name, _, value) in TomlReader.Read(text).Entries)
        {
            if (name is not ("requires" or "scripts" or "pipenv" or "pipfile" or "source") && value is DataTable table)
            {
                requirements.ReadTable(table, name switch { "packages" => null, "dev-packages" => "dev", _ => name }, ConstraintSyntax.Python);
            }
        }

        return contents;
    }
}

/// <summary>Reads the ways in which TOML files name requirements.</summary>
internal sealed class PythonRequirements(string path, string text, FileContents contents)
{
    /// <summary>A list of requirements in the form of the packaging specifications.</summary>
    public void ReadList(DataNode? node, string? scope)
    {
        if (node is null)
        {
            return;
        }

        if (node is not DataList list)
        {
            contents.Report(node.Line, "This is no list of requirements; right would be such as [\"name>=1.2\"].");
            return;
        }

        foreach (var item in list.Items)
        {
            if (item is DataScalar { IsString: true } scalar)
            {
                Read(scalar, scope);
            }
            else if (item is not DataTable)
            {
                contents.Report(item.Line, "This is no requirement; right would be a text such as \"name>=1.2\".");
            }
        }
    }

    /// <summary>A table with a constraint, or a table of more, by each package's name.</summary>
    public void ReadTable(DataTable? table, string? scope, ConstraintSyntax syntax)
    {
        foreach (var (name, line, value) in table?.Entries ?? [])
        {
            if (syntax is ConstraintSyntax.Poetry && name is "python")
            {
                continue;
            }

            var alternatives = value is DataList list ? list.Items : [value];
            foreach (var alternative in alternatives)
            {
                Read(name, alternatives.Count > 1 ? alternative.Line : line, alternative, scope, syntax);
            }
        }
    }

    private void Read(DataScalar scalar, string? scope)
    {
        try
        {
            var requirement = PythonRequirement.Parse(scalar.Value);
            if (requirement.Url is not null)
            {
                contents.Report(scalar.Line, $"{requirement.Name} does not come from an index, so that its version is not known; right would be a version, such as {requirement.Name}==1.2.3.");
                return;
            }

            contents.Entries.Add(new ManifestEntry(
                new PackageDependency("PyPI", requirement.Name, path, scalar.Line)
                {
                    Version = ConstraintRules.Of(ConstraintSyntax.Python).Pinned(requirement.Constraint),
                    Constraint = requirement.Constraint,
                    Syntax = ConstraintSyntax.Python,
                    Scope = scope,
                    Extras = requirement.Extras,
                    Marker = requirement.Marker?.ToString(),
                },
                ManifestText.Inside(text, scalar, requirement.ConstraintSpan))
            {
                MayBeUnlocked = scope is "build",
            });
        }
        catch (FormatException exception)
        {
            contents.Report(scalar.Line, exception.Message);
        }
    }

    private void Read(string name, int line, DataNode value, string? scope, ConstraintSyntax syntax)
    {
        var table = value as DataTable;
        if (table is not null && (table["path"] ?? table["file"] ?? table["git"] ?? table["url"]) is { } source)
        {
            if (table["path"] is null && table["file"] is null)
            {
                contents.Report(source.Line, $"{ManifestText.Shortened(name)} does not come from an index, so that its version is not known; right would be a version, such as {ManifestText.Shortened(name)} = \"==1.2.3\".");
            }

            return;
        }

        var constraint = (table is null ? value : table["version"]) as DataScalar;
        if (constraint is not { IsString: true } && (table is null || table["version"] is not null))
        {
            contents.Report(line, $"{ManifestText.Shortened(name)} has no text that says which versions; right would be such as {ManifestText.Shortened(name)} = \"==1.2.3\".");
            return;
        }

        var written = constraint?.Value.Trim() ?? string.Empty;
        var isAny = written is "*";
        var rules = ConstraintRules.Of(syntax);
        if (!isAny && rules.Admits(written, "0") is null)
        {
            contents.Report(line, $"'{ManifestText.Shortened(written)}' does not say which versions of {ManifestText.Shortened(name)}; right would be such as ==1.2.3 or >=1.2,<2.");
            return;
        }

        contents.Entries.Add(new ManifestEntry(
            new PackageDependency("PyPI", name, path, line)
            {
                Version = rules.Pinned(isAny ? string.Empty : written),
                Constraint = isAny ? string.Empty : written,
                Syntax = syntax,
                Scope = scope,
                Extras = table?["extras"] is DataList extras ? [.. extras.Items.OfType<DataScalar>().Select(static extra => extra.Value)] : [],
                Marker = table?.Text("markers"),
            },
            constraint is null ? null : ManifestText.Inside(text, constraint)));
    }
}
