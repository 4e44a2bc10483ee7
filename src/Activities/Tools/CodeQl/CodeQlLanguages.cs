namespace AtomicDevOps.Activities.Tools.CodeQl;

/// <summary>Which files tell that a tree has code of a language, by https://codeql.github.com/docs/codeql-overview/supported-languages-and-frameworks/.</summary>
internal static class CodeQlLanguages
{
    /// <summary>It is extracted as Java, but only while it is built.</summary>
    public const string Kotlin = "kotlin";

    private static readonly Dictionary<string, string> ByExtension = new (string Language, string[] Extensions)[]
    {
        ("cpp", [".c", ".cc", ".cp", ".cpp", ".cxx", ".c++", ".h", ".hh", ".hpp", ".hxx", ".h++"]),
        ("csharp", [".cs", ".cshtml", ".razor"]),
        ("go", [".go"]),
        ("java", [".java", ".jsp"]),
        (Kotlin, [".kt", ".kts"]),
        ("javascript", [".js", ".jsx", ".mjs", ".cjs", ".es", ".es6", ".ts", ".tsx", ".mts", ".cts", ".vue"]),
        ("python", [".py"]),
        ("ruby", [".rb", ".erb", ".gemspec"]),
        ("rust", [".rs"]),
        ("swift", [".swift"]),
    }.SelectMany(static row => row.Extensions, static (row, extension) => (row.Language, extension)).ToDictionary(static row => row.extension, static row => row.Language, StringComparer.OrdinalIgnoreCase);

    /// <param name="path">From the tree's root, with <c>/</c>.</param>
    public static string? Of(string path) =>
        IsWorkflow(path) ? "actions" : ByExtension.GetValueOrDefault(Path.GetExtension(path));

    private static bool IsWorkflow(string path) =>
        Path.GetExtension(path) is ".yml" or ".yaml"
        && (path.StartsWith(".github/workflows/", StringComparison.Ordinal) || Path.GetFileNameWithoutExtension(path) is "action");
}
