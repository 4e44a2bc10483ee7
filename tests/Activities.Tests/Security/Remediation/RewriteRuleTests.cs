using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Remediation.Rules;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Security.Remediation;

public sealed class RewriteRuleTests
{
    [Theory]
    [InlineData("sqlite3", "cursor.execute(f\"SELECT * FROM users WHERE name = '{name}'\")", "cursor.execute(\"SELECT * FROM users WHERE name = ?\", (name,))")]
    [InlineData("sqlite3", "    return db.execute(f'SELECT 1 FROM t WHERE a = {a} AND b >= {self.b}').fetchone()", "    return db.execute('SELECT 1 FROM t WHERE a = ? AND b >= ?', (a, self.b)).fetchone()")]
    [InlineData("sqlite3", "c.execute(f\"DELETE FROM t WHERE a LIKE {pattern}\")", "c.execute(\"DELETE FROM t WHERE a LIKE ?\", (pattern,))")]
    [InlineData("psycopg2", "c.execute(f\"SELECT a FROM t WHERE b='{b}' OR c<>{c}\")", "c.execute(\"SELECT a FROM t WHERE b=%s OR c<>%s\", (b, c))")]
    [InlineData("pymysql", "c.execute(f\"SELECT a FROM t WHERE (b = {b}) AND c = '?'\")", "c.execute(\"SELECT a FROM t WHERE (b = %s) AND c = '?'\", (b,))")]
    public void Values_on_the_right_of_a_comparison_become_parameters(string driver, string line, string expected) =>
        Rewritten(new SqlParametersRule(), Sql, $"import {driver}", line).ShouldBe([$"import {driver}", expected]);

    [Theory]
    [InlineData("a part of a value", "import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b LIKE '%{b}%'\")")]
    [InlineData("a table's name", "import sqlite3", "c.execute(f\"SELECT a FROM {table} WHERE b = {b}\")")]
    [InlineData("a column's name", "import sqlite3", "c.execute(f\"SELECT a FROM t ORDER BY {b}\")")]
    [InlineData("a list of values", "import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b IN ({b})\")")]
    [InlineData("no driver", "import os", "c.execute(f\"SELECT a FROM t WHERE b = {b}\")")]
    [InlineData("two drivers", "import sqlite3\nimport psycopg2", "c.execute(f\"SELECT a FROM t WHERE b = {b}\")")]
    [InlineData("a per cent sign where that begins a place holder", "import psycopg2", "c.execute(f\"SELECT a FROM t WHERE b = {b} AND c LIKE 'x%'\")")]
    [InlineData("a question mark where that is a place holder", "import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b = {b} AND c = '?'\")")]
    [InlineData("braces", "import sqlite3", "c.execute(f\"SELECT '{{}}' FROM t WHERE b = {b}\")")]
    [InlineData("an expression", "import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b = {b + 1}\")")]
    [InlineData("a format", "import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b = {b:>10}\")")]
    [InlineData("a call", "import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b = {b()}\")")]
    [InlineData("an escape", "import sqlite3", "c.execute(f\"SELECT a FROM t\\nWHERE b = {b}\")")]
    [InlineData("other arguments", "import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b = {b}\", more)")]
    [InlineData("two strings", "import sqlite3", "c.execute(f\"SELECT a FROM t \" f\"WHERE b = {b}\")")]
    [InlineData("three quotes", "import sqlite3", "c.execute(f\"\"\"SELECT a FROM t WHERE b = {b}\"\"\")")]
    [InlineData("a comment", "import sqlite3", "c.execute(f\"SELECT a FROM t -- WHERE b = {b}\")")]
    [InlineData("a value within a text", "import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b = 'x = {b}'\")")]
    [InlineData("a value with more of its text behind it", "import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b = {b}_x\")")]
    public void A_statement_that_is_not_understood_is_left_alone(string why, string imports, string line)
    {
        string[] before = [.. imports.Split('\n'), line];

        Rewritten(new SqlParametersRule(), Sql with { Location = new FindingLocation("app.py", before.Length) }, before).SequenceEqual(before, StringComparer.Ordinal).ShouldBeTrue(why);
    }

    [Fact]
    public void A_statement_over_several_lines_is_left_alone()
    {
        string[] before = ["import sqlite3", "c.execute(f\"SELECT a FROM t WHERE b = {b}\")"];

        Rewritten(new SqlParametersRule(), Sql with { Location = Sql.Location with { EndLine = 3 } }, before).ShouldBe(before);
    }

    [Theory]
    [InlineData("data = yaml.load(text)", "data = yaml.safe_load(text)")]
    [InlineData("yaml.load(file.read(), Loader=yaml.Loader)", "yaml.safe_load(file.read())")]
    [InlineData("yaml.load(text, yaml.UnsafeLoader)", "yaml.safe_load(text)")]
    [InlineData("yaml.load(text, Loader=Mine)", null)]
    [InlineData("yaml.load(open('a', 'b'))", null)]
    [InlineData("a = yaml.load(a), yaml.load(b)", null)]
    public void Yaml_is_loaded_without_building_objects(string line, string? expected) =>
        Rewritten(new SafeYamlRule(), Code("python-unsafe-yaml", 1), line).ShouldBe([expected ?? line]);

    [Theory]
    [InlineData("requests.get(url, verify=False, timeout=5)", "requests.get(url, timeout=5)")]
    [InlineData("requests.get(url, verify = False)", "requests.get(url)")]
    [InlineData("requests.get(verify=False, url=url)", null)]
    [InlineData("requests.get(url, verify=Falsehood)", null)]
    public void Certificates_are_checked_again(string line, string? expected) =>
        Rewritten(new CertificateCheckRule(), Code("B501", 1), line).ShouldBe([expected ?? line]);

    [Theory]
    [InlineData("app.run(debug=True)", "app.run(debug=False)")]
    [InlineData("app.run(debug = True, port=1)", "app.run(debug=False, port=1)")]
    [InlineData("app.run(debug=TrueIsh)", null)]
    [InlineData("app.run(use_debug=True)", null)]
    public void The_debugger_is_switched_off(string line, string? expected) =>
        Rewritten(new FlaskDebugRule(), Code("B201", 1), line).ShouldBe([expected ?? line]);

    [Theory]
    [InlineData("FROM a\nCOPY . /app\nCMD [\"a\"]", "FROM a\nCOPY . /app\nUSER 65534:65534\nCMD [\"a\"]")]
    [InlineData("FROM a\nRUN a\n\n", "FROM a\nRUN a\nUSER 65534:65534\n\n")]
    [InlineData("FROM a\nUSER app\nRUN a\nUSER root\nCMD a", "FROM a\nUSER app\nRUN a\nUSER app\nCMD a")]
    [InlineData("FROM a\nuser 0:0\nCMD a", "FROM a\nUSER 65534:65534\nCMD a")]
    [InlineData("FROM a AS build\nUSER other\nRUN make\nFROM b\nENTRYPOINT [\"b\"]", "FROM a AS build\nUSER other\nRUN make\nFROM b\nUSER 65534:65534\nENTRYPOINT [\"b\"]")]
    [InlineData("FROM a\nRUN a \\\n  CMD \\\n  b\nCMD c", "FROM a\nRUN a \\\n  CMD \\\n  b\nUSER 65534:65534\nCMD c")]
    [InlineData("FROM a\nCMD c\nRUN a", "FROM a\nCMD c\nRUN a\nUSER 65534:65534")]
    [InlineData("FROM a\nRUN a \\\n  b", "FROM a\nRUN a \\\n  b\nUSER 65534:65534")]
    [InlineData("FROM a\nRUN a \\\n# USER root\n  b\nCMD c", "FROM a\nRUN a \\\n# USER root\n  b\nUSER 65534:65534\nCMD c")]
    [InlineData("FROM a\nRUN a \\\n# a comment\n\n  USER root\nCMD c", "FROM a\nRUN a \\\n# a comment\n\n  USER root\nUSER 65534:65534\nCMD c")]
    [InlineData("FROM a\nRUN <<END\nUSER root\nEND\nCMD c", null)]
    [InlineData("# escape=`\nFROM a\nRUN a `\n  USER root\nCMD c", null)]
    [InlineData("FROM a\nUSER app\nCMD a", null)]
    [InlineData("FROM a\nUSER $WHO\nCMD a", null)]
    [InlineData("FROM a\nUSER \\\n  root\nCMD a", null)]
    [InlineData("COPY a b", null)]
    [InlineData("", null)]
    public void An_image_runs_as_somebody_without_rights(string before, string? after) =>
        string.Join('\n', Rewritten(new DockerfileUserRule(), Root, before.Split('\n'))).ShouldBe(after ?? before);

    [Fact]
    public void Each_rule_is_for_its_own_findings()
    {
        RewriteRule.All.Where(rule => rule.Fits(Sql)).ShouldHaveSingleItem().ShouldBeOfType<SqlParametersRule>();
        RewriteRule.All.Where(rule => rule.Fits(Root)).ShouldHaveSingleItem().ShouldBeOfType<DockerfileUserRule>();
        RewriteRule.All.Where(rule => rule.Fits(Code("B201", 1))).ShouldHaveSingleItem().ShouldBeOfType<FlaskDebugRule>();
        RewriteRule.All.Where(rule => rule.Fits(Code("B501", 1))).ShouldHaveSingleItem().ShouldBeOfType<CertificateCheckRule>();
        RewriteRule.All.Where(rule => rule.Fits(Code("B506", 1))).ShouldHaveSingleItem().ShouldBeOfType<SafeYamlRule>();
        var script = Sql with { Location = new FindingLocation("app.js", 1) };
        RewriteRule.All.ShouldAllBe(rule => !rule.Fits(script));
        RewriteRule.All.ShouldAllBe(rule => !rule.Fits(Code("B101", 1)));
    }

    [Fact]
    public void A_rewriting_never_throws_and_changes_no_other_line()
    {
        var pieces = Gen.Elements(
            "import sqlite3", "import psycopg2", "c.execute(f\"", "SELECT a FROM t WHERE b = ", "{b}", "'", "{", "}", "%", "?", "\")", "c.execute(f\"SELECT a FROM t WHERE b = {b}\")", " ", "\\", "\"",
            "yaml.load(a)", "yaml.load(", "verify=False", "requests.get(u, verify=False)", "app.run(debug=True)", "FROM a", "USER root", "USER", "CMD a", "RUN b", "#", "", "ü\u2028");
        var lines = Gen.ArrayOf(Gen.ArrayOf(pieces).Select(string.Concat));
        var cases =
            from text in lines
            from line in Gen.Choose(-1, 12)
            from rule in Gen.Elements<RewriteRule>([.. RewriteRule.All])
            select (text, line, rule);
        Prop.ForAll(
            cases.ToArbitrary(),
            each =>
            {
                var (before, line, rule) = each;
                var after = before.ToList();
                var changed = rule.TryRewrite(after, Sql with { Location = new FindingLocation("app.py", line) });
                if (!changed)
                {
                    return after.SequenceEqual(before, StringComparer.Ordinal);
                }

                // One line is another one, or one line more is there.
                var same = before.Zip(after).TakeWhile(pair => string.Equals(pair.First, pair.Second, StringComparison.Ordinal)).Count();
                return after.Skip(same + 1).SequenceEqual(before.Skip(same + before.Length + 1 - after.Count), StringComparer.Ordinal) && after.Count - before.Length is 0 or 1;
            }).QuickCheckThrowOnFailure();
    }

    private static Finding Sql { get; } = new()
    {
        Kind = FindingKind.Code,
        Title = "SQL injection",
        Message = "It is weak.",
        Location = new FindingLocation("app.py", 2),
        Severity = FindingSeverity.High,
        Weaknesses = ["CWE-89"],
        Evidence = [new FindingEvidence("ast-grep", "python-sql-injection")],
    };

    private static Finding Root { get; } = Sql with
    {
        Kind = FindingKind.Infrastructure,
        Location = new FindingLocation("Dockerfile", 1),
        Weaknesses = ["CWE-250"],
        Evidence = [new FindingEvidence("Trivy", "DS002")],
    };

    private static Finding Code(string rule, int line) => Sql with { Weaknesses = [], Location = new FindingLocation("app.py", line), Evidence = [new FindingEvidence("Bandit", rule)] };

    private static List<string> Rewritten(RewriteRule rule, Finding finding, params string[] before)
    {
        var lines = before.ToList();
        rule.TryRewrite(lines, finding).ShouldBe(!lines.SequenceEqual(before, StringComparer.Ordinal));
        return lines;
    }
}
