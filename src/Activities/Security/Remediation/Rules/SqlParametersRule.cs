using System.Text;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Security.Remediation.Rules;

/// <summary>
/// Takes values out of an SQL text and passes them as parameters: <c>execute(f"… = '{name}'")</c> becomes <c>execute("… = ?", (name,))</c>.
/// Only where every value stands on the right of a comparison, and the file imports one database driver, which tells the place holder (PEP 249, paramstyle).
/// </summary>
internal sealed partial class SqlParametersRule : RewriteRule
{
    private static readonly (string Module, string Placeholder)[] Drivers =
        [("sqlite3", "?"), ("psycopg", "%s"), ("psycopg2", "%s"), ("pymysql", "%s"), ("MySQLdb", "%s")];

    public override string Title => "pass SQL values as parameters";

    public override bool Fits(Finding finding) => finding.Kind == FindingKind.Code && IsPython(finding) && HasWeakness(finding, "CWE-89");

    public override bool TryRewrite(List<string> lines, Finding finding) => PlaceholderIn(lines) is { } placeholder && TryReplaceLine(lines, finding, line => Rewrite(line, placeholder));

    private static string? PlaceholderIn(List<string> lines)
    {
        var imported = lines.Select(static line => Import().Match(line)).Where(static match => match.Success).Select(static match => match.Groups["module"].Value).ToHashSet(StringComparer.Ordinal);
        var placeholders = Drivers.Where(driver => imported.Contains(driver.Module)).Select(static driver => driver.Placeholder).Distinct(StringComparer.Ordinal).ToArray();
        return placeholders is [var only] ? only : null;
    }

    private static string? Rewrite(string line, string placeholder)
    {
        var call = Call().Match(line);
        if (!call.Success || call.Groups["text"].Value.Contains("{{", StringComparison.Ordinal) || call.Groups["text"].Value.Contains("}}", StringComparison.Ordinal)
            || call.Groups["text"].Value.Contains("--", StringComparison.Ordinal) || call.Groups["text"].Value.Contains("/*", StringComparison.Ordinal)
            || (placeholder is "%s" && call.Groups["text"].Value.Contains('%', StringComparison.Ordinal)))
        {
            return null;
        }

        var text = call.Groups["text"].Value;
        var values = new List<string>();
        var sql = new StringBuilder();
        var done = 0;
        foreach (Match value in Value().Matches(text))
        {
            sql.Append(text, done, value.Index - done);
            done = value.Index + value.Length;
            var before = sql.ToString();
            if (!Comparison().IsMatch(before) || IsWithinQuotes(before) || (done < text.Length && !EndsValue(text[done])))
            {
                return null;
            }

            values.Add(value.Groups["value"].Value);
            sql.Append(placeholder);
        }

        sql.Append(text, done, text.Length - done);
        var statement = sql.ToString();
        if (values.Count == 0 || statement.AsSpan().ContainsAny('{', '}') || (placeholder is "?" && text.Contains('?', StringComparison.Ordinal)))
        {
            return null;
        }

        var quote = call.Groups["quote"].Value;
        var parameters = values.Count == 1 ? $"({values[0]},)" : $"({string.Join(", ", values)})";
        return $"{line[..call.Index]}{call.Groups["start"].Value}{quote}{statement}{quote}, {parameters}){line[(call.Index + call.Length)..]}";
    }

    private static bool IsWithinQuotes(string sql) => sql.AsSpan().Count('\'') % 2 != 0 || sql.AsSpan().Count('"') % 2 != 0 || sql.AsSpan().Count('`') % 2 != 0;

    private static bool EndsValue(char next) => char.IsWhiteSpace(next) || next is ')' or ';' or ',';

    [GeneratedRegex(@"^\s*(import|from)\s+(?<module>\w+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Import();

    [GeneratedRegex("""(?<start>\.execute\(\s*)[fF](?<quote>")(?<text>[^"\\]*)"\s*\)|(?<start>\.execute\(\s*)[fF](?<quote>')(?<text>[^'\\]*)'\s*\)""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Call();

    [GeneratedRegex(@"'\{(?<value>[A-Za-z_][\w.]*)\}'|\{(?<value>[A-Za-z_][\w.]*)\}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Value();

    [GeneratedRegex(@"(=|<|>|<=|>=|<>|!=|\b(?i:like))\s*$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Comparison();
}
