using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Sarif;

using static AtomicDevOps.Activities.Tests.Security.Sarif.SarifText;

namespace AtomicDevOps.Activities.Tests.Security.Sarif;

public sealed class SarifReaderTests
{
    [Fact]
    public void A_result_is_a_finding_with_its_rules_words_and_its_place()
    {
        var report = Read(Log(
            """
            [{"ruleId":"py/sql-injection","ruleIndex":0,"message":{"text":"This depends on a [user-provided value](1)."},
              "locations":[{"physicalLocation":{"artifactLocation":{"uri":"src/a%20b.py","uriBaseId":"%SRCROOT%","index":0},"region":{"startLine":7,"endLine":8,"startColumn":3,"endColumn":9}}}],
              "partialFingerprints":{"primaryLocationLineHash":"39fa2ee980eb94b0:1"}}]
            """,
            ""","rules":[{"id":"py/sql-injection","name":"py/sql-injection","shortDescription":{"text":"SQL query built from user input"},"helpUri":"https://example.org/help","defaultConfiguration":{"level":"error"},"properties":{"tags":["security","external/cwe/cwe-089"],"security-severity":"8.8"}}]"""))
            .ShouldHaveSingleItem();

        (report.Tool, report.ToolVersion, report.Outcome, report.Reason).ShouldBe(("Tool", "1.2.3", ScanOutcome.Checked, null));
        var finding = report.Findings.ShouldHaveSingleItem();
        finding.Title.ShouldBe("SQL query built from user input");
        finding.Message.ShouldBe("This depends on a user-provided value.");
        finding.Location.ShouldBe(new FindingLocation("src/a b.py", 7) { EndLine = 8, StartColumn = 3, EndColumn = 9 });
        (finding.Kind, finding.Severity, finding.Score).ShouldBe((FindingKind.Code, FindingSeverity.High, 8.8));
        finding.Weaknesses.ShouldBe(["CWE-89"]);
        finding.Evidence.ShouldHaveSingleItem().ShouldBe(
            new FindingEvidence("Tool", "py/sql-injection") { ToolVersion = "1.2.3", Message = finding.Message, Help = new Uri("https://example.org/help") });
    }

    [Theory]
    [InlineData("error", FindingSeverity.High)]
    [InlineData("warning", FindingSeverity.Medium)]
    [InlineData("note", FindingSeverity.Low)]
    [InlineData("none", FindingSeverity.None)]
    public void Without_a_score_the_level_tells_the_severity(string level, FindingSeverity severity)
    {
        One(Log($"[{Result("a.py", $",\"level\":\"{level}\"")}]")).Severity.ShouldBe(severity);
    }

    [Theory]
    [InlineData("""{"tags":["security","CWE-400","npm"]}""", "CWE-400")]
    [InlineData("""{"tags":["CWE-89: Improper Neutralization","OWASP-A01:2017 - Injection","MEDIUM CONFIDENCE"]}""", "CWE-89")]
    [InlineData("""{"cwe":["CWE-079"],"categories":["Security"]}""", "CWE-79")]
    [InlineData("""{"tags":["89","2021"]}""", null)]
    public void Weaknesses_are_taken_from_what_each_tool_writes(string properties, string? weakness)
    {
        One(Log($"[{Result("a.py")}]", $$$""","rules":[{"id":"R1","properties":{{{properties}}}}]""")).Weaknesses.ShouldBe(weakness is null ? [] : [weakness]);
    }

    [Fact]
    public void Weaknesses_are_taken_from_relations_to_the_taxonomy()
    {
        One(Log(
            $"[{Result("a.py", ""","taxa":[{"id":"22","toolComponent":{"name":"CWE"}},{"id":"33","toolComponent":{"name":"OWASP"}}]""")}]",
            ""","rules":[{"id":"R1","relationships":[{"target":{"id":"CWE-23","toolComponent":{"name":"CWE"}},"kinds":["superset"]}]}]""")).Weaknesses.ShouldBe(["CWE-23", "CWE-22"]);
    }

    [Theory]
    [InlineData("secret", FindingKind.Secret)]
    [InlineData("misconfiguration", FindingKind.Infrastructure)]
    [InlineData("security", FindingKind.Code)]
    public void Rules_tags_tell_secrets_and_infrastructure_apart(string tag, FindingKind kind)
    {
        One(Log($"[{Result("a.py")}]", $$$""","rules":[{"id":"R1","properties":{"tags":["{{{tag}}}"]}}]""")).Kind.ShouldBe(kind);
    }

    [Fact]
    public void Rules_are_found_after_the_results_in_extensions_and_by_the_beginning_of_an_id()
    {
        const string Text = """
            {"runs":[{"results":[
               {"ruleId":"A/1/x","message":{"id":"m","arguments":["one"]}},
               {"rule":{"id":"B","index":0,"toolComponent":{"index":0}},"message":{"text":"{{0}} is {0}","arguments":["two"]}},
               {"ruleIndex":0,"message":{"text":"plain {0}"}}],
             "tool":{"extensions":[{"name":"pack","rules":[{"id":"B","shortDescription":{"text":"Bad"}}]}],
               "driver":{"version":"9","rules":[{"id":"A/1","shortDescription":{"text":"Awful"},"messageStrings":{"m":{"text":"Said {0}."}}}],"name":"Tool"}}}],"version":"2.1.0"}
            """;

        var findings = Read(Text).ShouldHaveSingleItem().Findings;

        findings.Select(finding => (finding.Title, finding.Message, finding.Evidence[0].Rule)).ShouldBe(
            [("Awful", "Said one.", "A/1/x"), ("Bad", "{0} is two", "B"), ("Awful", "plain {0}", "A/1")]);
    }

    [Theory]
    [InlineData("""[{"executionSuccessful":false}]""", "[]", ScanOutcome.NotChecked, "did not run to its end")]
    [InlineData("""[{"executionSuccessful":true,"toolExecutionNotifications":[{"level":"error","message":{"text":"No memory."}}]}]""", "[]", ScanOutcome.PartlyChecked, "No memory")]
    [InlineData("""[{"executionSuccessful":true,"toolConfigurationNotifications":[{"level":"error","message":{"text":"No rules."}}]}]""", "[]", ScanOutcome.PartlyChecked, "No rules")]
    [InlineData("""[{"executionSuccessful":true,"toolExecutionNotifications":[{"message":{"text":"Slow."}}]}]""", "[]", ScanOutcome.Checked, null)]
    [InlineData("""[{"executionSuccessful":true}]""", "null", ScanOutcome.NotChecked, "no list of results")]
    public void A_tool_that_failed_is_never_an_all_clear(string invocations, string results, ScanOutcome outcome, string? reason)
    {
        var report = Read(Log(results, run: $",\"invocations\":{invocations}")).ShouldHaveSingleItem();

        report.Outcome.ShouldBe(outcome);
        (report.Reason?.Contains(reason ?? "nothing")).ShouldBe(reason is null ? null : true);
    }

    [Fact]
    public void A_failed_tool_with_findings_checked_a_part()
    {
        Read(Log($"[{Result("a.py")}]", run: ""","invocations":[{"executionSuccessful":false}]""")).ShouldHaveSingleItem().Outcome.ShouldBe(ScanOutcome.PartlyChecked);
    }

    [Fact]
    public void Suppressed_and_passed_results_are_no_findings()
    {
        var report = Read(Log($$"""
            [{{Result("a.py", ",\"suppressions\":[{\"kind\":\"inSource\"}]")}},
             {{Result("b.py", ",\"suppressions\":[{\"kind\":\"external\",\"status\":\"underReview\"}]")}},
             {{Result("c.py", ",\"suppressions\":[]")}},
             {{Result("d.py", ",\"kind\":\"pass\"")}},
             {{Result("e.py", ",\"baselineState\":\"absent\"")}}]
            """)).ShouldHaveSingleItem();

        report.Findings.Select(finding => finding.Location.Path).ShouldBe(["b.py", "c.py"]);
        report.Reason.ShouldBe("1 of its results are suppressed where it ran.");
    }

    [Theory]
    [InlineData("src/app.py", "src/app.py")]
    [InlineData("./src//app.py", "src/app.py")]
    [InlineData("a%20b%23c.py", "a b#c.py")]
    [InlineData("src\\\\app.py", "src/app.py")]
    [InlineData("file:///work/repo/src/app.py", "src/app.py")]
    [InlineData("file://localhost/work/repo/src/app.py", "src/app.py")]
    [InlineData("file:/work/repo/src/app.py", "src/app.py")]
    [InlineData("/work/repo/src/app.py", "src/app.py")]
    [InlineData("C:/build/src/app.py", "src/app.py")]
    [InlineData("file:///C:/build/src/app.py", "src/app.py")]
    [InlineData("../etc/passwd", null)]
    [InlineData("src/../../etc/passwd", null)]
    [InlineData("src/..\\\\..\\\\etc/passwd", null)]
    [InlineData("%2e%2e/etc/passwd", null)]
    [InlineData("src/%2E%2E/app.py", null)]
    [InlineData("%252e%252e/etc/passwd", null)]
    [InlineData("src%2f..%2f..%2fetc", null)]
    [InlineData("/etc/passwd", null)]
    [InlineData("file:///etc/passwd", null)]
    [InlineData("file:///work/repository/a.py", null)]
    [InlineData("file:///work/repo/../secret", null)]
    [InlineData("file://server/work/repo/a.py", null)]
    [InlineData("https://example.org/a.py", null)]
    [InlineData("javascript:alert(1)", null)]
    [InlineData("a%00.py", null)]
    [InlineData("a\\u202egnp.py", null)]
    [InlineData("", null)]
    [InlineData("/", null)]
    public void Only_what_is_in_the_repository_is_a_place(string uri, string? path)
    {
        var report = Read(Log($"[{Result(uri)}]"), new SarifReaderOptions { Roots = ["/work/repo", @"C:\build\"] }).ShouldHaveSingleItem();

        report.Findings.ShouldHaveSingleItem().Location.Path.ShouldBe(path ?? string.Empty);
        report.Reason.ShouldBe(path is null ? "1 of its findings have no place in the repository." : null);
    }

    [Theory]
    [InlineData("""{"R":{"uri":"file:///work/repo/"}}""", "app/a.py")]
    [InlineData("""{"R":{"uri":"sub/","uriBaseId":"S"},"S":{"uri":"file:///work/repo"}}""", "sub/app/a.py")]
    [InlineData("""{"R":{"uri":"sub/"}}""", "sub/app/a.py")]
    [InlineData("""{"R":{"uri":"../"}}""", "")]
    [InlineData("""{"R":{"uri":"file:///elsewhere/"}}""", "")]
    [InlineData("""{"R":{"uri":"x/","uriBaseId":"R"}}""", "")]
    [InlineData("{}", "app/a.py")]
    public void Bases_are_followed_to_the_root(string bases, string path)
    {
        var text = Log($"[{Result("app/a.py").Replace("\"uri\":\"app/a.py\"", "\"uri\":\"app/a.py\",\"uriBaseId\":\"R\"")}]", run: $",\"originalUriBaseIds\":{bases}");

        One(text, new SarifReaderOptions { Roots = ["/work/repo"] }).Location.Path.ShouldBe(path);
    }

    [Fact]
    public void A_place_may_be_given_by_the_runs_list_of_artifacts()
    {
        One(Log("""[{"message":{"text":"x"},"locations":[{"physicalLocation":{"artifactLocation":{"index":1}}}]}]""", run: ""","artifacts":[{"location":{"uri":"a.py"}},{"location":{"uri":"b.py"}}]""")).Location.Path.ShouldBe("b.py");
    }

    [Fact]
    public void Markup_stays_text_and_what_turns_or_hides_writing_is_taken_out()
    {
        var finding = One(Log("""[{"ruleId":"R\u0000\u202e1\n2","message":{"text":"<script>alert(1)</script> **bold**\u202e \u2066evil\u2069\u200b\u0007\nnext\ud800"}}]"""));

        finding.Message.ShouldBe("<script>alert(1)</script> **bold** evil\nnext\uFFFD");
        finding.Evidence[0].Rule.ShouldBe("R1 2");
    }
}
