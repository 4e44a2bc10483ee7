using AtomicDevOps.Activities.Packages.Manifests;

namespace AtomicDevOps.Activities.Tests.Packages.Corpus;

/// <summary>A project that depends on one version of a package, written in one of the ways that there are.</summary>
internal sealed record PythonProject(string Kind, IReadOnlyList<(string Path, string Text)> Files)
{
    private const string Hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    private static readonly Func<string, string, PythonProject>[] Pinned =
    [
        static (name, version) => new("requirements", [("requirements.txt", $"# pinned\nzz-other==0.0.1\n{name}=={version} ; python_version > \"3\"\n")]),
        static (name, version) => new("requirements with hashes", [("requirements.txt", $"zz-other==0.0.1 --hash={Hash}\n{name}=={version} \\\n    --hash={Hash} \\\n    --hash={Hash}\n")]),
        static (name, version) => new("pip-compile", [("requirements.in", $"{name}\n"), ("requirements.txt", $"{name}=={version}\n    # via -r requirements.in\nzz-other==0.0.1\n    # via {name}\n")]),
        static (name, version) => new("constraints", [("requirements.txt", $"-c constraints.txt\n{name}[extra]\nzz-other\n"), ("constraints.txt", $"zz-other==0.0.1\n{name}=={version}\n")]),
        static (name, version) => new("pyproject", [("pyproject.toml", $"[project]\nname = \"mine\"\ndependencies = [\n  \"zz-other==0.0.1\",\n  \"{name}=={version}\",\n]\n")]),
        static (name, version) => new("Poetry", [("pyproject.toml", $"[tool.poetry.dependencies]\npython = \"^3.9\"\nzz-other = \"0.0.1\"\n\"{name}\" = \"=={version}\"\n")]),
        static (name, version) => new("Pipfile", [("Pipfile", $"[packages]\nzz-other = \"==0.0.1\"\n\"{name}\" = {{version = \"=={version}\"}}\n")]),
    ];

    private static readonly Func<string, string, PythonProject>[] Locked =
    [
        static (name, version) => new("poetry.lock",
        [
            ("pyproject.toml", $"[tool.poetry.dependencies]\n\"{name}\" = \"*\"\n"),
            ("poetry.lock", $"[[package]]\nname = \"zz-other\"\nversion = \"0.0.1\"\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n[metadata]\nlock-version = \"2.0\"\n"),
        ]),
        static (name, version) => new("uv.lock",
        [
            ("pyproject.toml", $"[project]\nname = \"mine\"\ndependencies = [\"{name}\"]\n"),
            ("uv.lock", $"version = 1\n\n[[package]]\nname = \"zz-other\"\nversion = \"0.0.1\"\nsource = {{ registry = \"r\" }}\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"r\" }}\n"),
        ]),
        static (name, version) => new("Pipfile.lock",
        [
            ("Pipfile", $"[packages]\n\"{name}\" = \"*\"\n"),
            ("Pipfile.lock", $"{{\"default\": {{\"zz-other\": {{\"version\": \"==0.0.1\"}}, \"{name}\": {{\"version\": \"=={version}\"}}}}}}"),
        ]),
    ];

    /// <summary>How many ways there are in which the version can be raised without an index.</summary>
    public static int PinnedKinds => Pinned.Length;

    /// <summary>How many ways there are.</summary>
    public static int Kinds => Pinned.Length + Locked.Length;

    public InMemoryRepositoryFiles Repository => InMemoryRepositoryFiles.OfText(Files.Select(static file => KeyValuePair.Create(file.Path, file.Text)));

    /// <summary>Versions from before there were rules can be asked for too, but only as the text that they are.</summary>
    public static PythonProject OfAnyText(string name, string version) => new("requirements", [("requirements.txt", $"zz-other==0.0.1\n{name}==={version}\n")]);

    public static PythonProject Create(int kind, string name, string version) => kind < Pinned.Length ? Pinned[kind](name, version) : Locked[kind - Pinned.Length](name, version);
}
