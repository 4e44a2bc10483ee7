namespace AtomicDevOps.Activities.Tools.AstGrep;

/// <summary>The rules that the platform brings, in ast-grep's own form: https://ast-grep.github.io/reference/yaml.html.</summary>
internal static class AstGrepRules
{
    // The grammars of the three are apart, but the nodes that the rules name are the same in all of them.
    private static readonly (string Dialect, string Prefix)[] Dialects = [("JavaScript", "javascript"), ("TypeScript", "typescript"), ("Tsx", "tsx")];

    public static string All { get; } = string.Join("\n---\n", [Read("python.yml"), .. Dialects.Select(each => Read("javascript.yml").Replace("{dialect}", each.Dialect, StringComparison.Ordinal).Replace("{prefix}", each.Prefix, StringComparison.Ordinal))]);

    private static string Read(string file)
    {
        using var stream = typeof(AstGrepRules).Assembly.GetManifestResourceStream($"{typeof(AstGrepRules).Namespace}.Rules.{file}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Trim();
    }
}
