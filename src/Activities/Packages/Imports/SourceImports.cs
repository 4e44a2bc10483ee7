using System.Text;
using AtomicDevOps.Activities.Packages.Manifests;

namespace AtomicDevOps.Activities.Packages.Imports;

/// <summary>
/// What the source of a repository imports, as far as it is read: Python, JavaScript and TypeScript, and Go, without tests, documentation, examples and what was
/// copied from elsewhere. What is not in it may be imported all the same, by ways that a reader does not see.
/// </summary>
/// <param name="Python">Modules with the packages they are in, such as <c>google.cloud.storage</c>.</param>
/// <param name="PythonOwn">The top-level names of modules that the repository has itself, somewhere.</param>
/// <param name="EcmaScript">Packages, such as <c>@angular/core</c>.</param>
/// <param name="Go">Packages by their paths.</param>
public sealed record SourceImports(IReadOnlySet<string> Python, IReadOnlySet<string> PythonOwn, IReadOnlySet<string> EcmaScript, IReadOnlySet<string> Go)
{
    private const int MostFileBytes = 1024 * 1024;
    private const int MostFiles = 20_000;
    private const long MostBytes = 256L * 1024 * 1024;

    private static readonly string[] OtherDirectories =
    [
        "test", "tests", "testing", "testdata", "__tests__", "__mocks__", "mocks", "spec", "specs", "e2e", "fixtures", "doc", "docs", "example", "examples", "sample", "samples",
        "vendor", "third_party", "node_modules", "site-packages",
    ];

    private static readonly string[] EcmaScriptExtensions = [".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"];

    /// <summary>By the path alone.</summary>
    public static bool IsSource(string path)
    {
        var segments = path.Split('/');
        return !segments[..^1].Any(static segment => OtherDirectories.Contains(segment, StringComparer.OrdinalIgnoreCase)) && (IsPython(segments[^1]) || IsEcmaScript(segments[^1]) || IsGo(segments[^1]));
    }

    /// <summary>Reads the sources among the files, up to 20,000 of at most 1 MiB and 256 MiB in all. What cannot be read tells nothing.</summary>
    /// <exception cref="IOException">A file cannot be had.</exception>
    public static SourceImports Read(IRepositoryFiles files, CancellationToken cancellationToken)
    {
        var (python, own) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var (script, go) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        long bytes = 0;
        var count = 0;
        foreach (var path in files.Paths.Where(IsSource).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            AddOwn(path, own);
            if (count == MostFiles || bytes > MostBytes || files.Read(path, MostFileBytes) is not { } content)
            {
                continue;
            }

            count++;
            bytes += content.Length;
            var text = Encoding.UTF8.GetString(content).TrimStart('\ufeff');
            var name = path[(path.LastIndexOf('/') + 1)..];
            if (IsPython(name))
            {
                python.UnionWith(PythonImports.Read(text));
            }
            else if (IsGo(name))
            {
                go.UnionWith(GoImports.Read(text));
            }
            else
            {
                script.UnionWith(EcmaScriptImports.Read(text));
            }
        }

        return new SourceImports(python, own, script, go);
    }

    /// <summary>Whether the source imports a Python package, by its own top-level names; null where the source does not tell.</summary>
    public bool? ImportsPython(string package)
    {
        var names = PythonModules.Of(package);
        return names.Any(name => !PythonOwn.Contains(name.Split('.')[0]) && Python.Any(module => IsIn(module, name, '.'))) ? true : null;
    }

    public bool? ImportsEcmaScript(string package) => EcmaScript.Contains(package) ? true : null;

    /// <param name="modules">All that the repository depends on: a package belongs to the one whose path is the longest beginning of its own.</param>
    public bool? ImportsGo(string module, IEnumerable<string> modules) =>
        Go.Any(path => string.Equals(modules.Where(each => IsIn(path, each, '/')).MaxBy(static each => each.Length), module, StringComparison.Ordinal)) ? true : null;

    private static bool IsIn(string name, string above, char separator) =>
        name.StartsWith(above, StringComparison.Ordinal) && (name.Length == above.Length || name[above.Length] == separator);

    private static void AddOwn(string path, HashSet<string> own)
    {
        if (!path.EndsWith(".py", StringComparison.Ordinal))
        {
            return;
        }

        var segments = path.Split('/');
        own.Add(segments[^1][..^3]);
        own.UnionWith(segments[..^1]);
    }

    private static bool IsPython(string name) =>
        name.EndsWith(".py", StringComparison.Ordinal)
        && name is not "conftest.py"
        && !name.StartsWith("test_", StringComparison.Ordinal)
        && !name.EndsWith("_test.py", StringComparison.Ordinal);

    private static bool IsGo(string name) => name.EndsWith(".go", StringComparison.Ordinal) && !name.EndsWith("_test.go", StringComparison.Ordinal);

    private static bool IsEcmaScript(string name) =>
        Array.Exists(EcmaScriptExtensions, extension => name.EndsWith(extension, StringComparison.Ordinal))
        && !name.Split('.')[1..^1].Any(static part => part is "test" or "spec" or "stories" or "min" or "d");
}
