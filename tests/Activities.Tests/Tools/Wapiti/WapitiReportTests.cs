using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Wapiti;

namespace AtomicDevOps.Activities.Tests.Tools.Wapiti;

public sealed class WapitiReportTests
{
    private const string Classifications = """
        {
          "SQL Injection": {
            "desc": "Data is taken for SQL.", "sol": "Bind parameters.",
            "ref": {
              "Wikipedia": "https://en.wikipedia.org/wiki/SQL_injection",
              "OWASP: SQL Injection": "https://owasp.org/www-community/attacks/SQL_Injection",
              "CWE-89: Improper Neutralization": "https://cwe.mitre.org/data/definitions/89.html"
            }
          }
        }
        """;

    [Fact]
    public void A_vulnerability_is_a_finding_at_the_path_with_the_names_of_its_parameters()
    {
        var report = Read(Report("SQL Injection", Entry(request: "GET /item?page=7&id=1%27%22 HTTP/1.1\nHost: 127.0.0.1:8000\nCookie: sid=hidden")));

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        report.ToolVersion.ShouldBe("Wapiti 3.0.4");
        var finding = report.Findings.ShouldHaveSingleItem();
        finding.Kind.ShouldBe(FindingKind.Application);
        finding.Title.ShouldBe("SQL Injection");
        finding.Location.ShouldBe(new FindingLocation("/item?id&page", 1));
        finding.Severity.ShouldBe(FindingSeverity.Critical);
        finding.Weaknesses.ShouldBe(["CWE-89"]);
        finding.Message.ShouldBe("SQL Injection via injection in the parameter id\n\nData is taken for SQL.\n\nBind parameters.");
        var evidence = finding.Evidence.ShouldHaveSingleItem();
        (evidence.Tool, evidence.Rule, evidence.Message).ShouldBe(("Wapiti", "SQL Injection", "GET /item?id&page, parameter id"));
        evidence.Help.ShouldBe(new Uri("https://owasp.org/www-community/attacks/SQL_Injection"));
        var written = JsonSerializer.Serialize(finding);
        written.ShouldNotContain("hidden");
        written.ShouldNotContain("%27");
    }

    [Theory]
    [InlineData(1, FindingSeverity.Low)]
    [InlineData(2, FindingSeverity.Medium)]
    [InlineData(3, FindingSeverity.High)]
    [InlineData(4, FindingSeverity.Critical)]
    [InlineData(5, FindingSeverity.Unknown)]
    [InlineData(-1, FindingSeverity.Unknown)]
    public void The_level_tells_the_severity(int level, FindingSeverity severity) =>
        Read(Report("SQL Injection", Entry(level: level))).Findings.ShouldHaveSingleItem().Severity.ShouldBe(severity);

    [Fact]
    public void An_anomaly_is_a_hint_whatever_its_level() =>
        Read(Document(anomalies: List("Internal Server Error", Entry(level: 3)))).Findings.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            finding => finding.Severity.ShouldBe(FindingSeverity.Low),
            finding => finding.Weaknesses.ShouldBe(["CWE-703"]));

    [Theory]
    [InlineData("X-Frame-Options is not set", "CWE-1021")]
    [InlineData("Strict-Transport-Security is not set", "CWE-319")]
    [InlineData("X-Content-Type-Options is not set", "CWE-693")]
    public void A_missing_header_is_called_by_its_name(string information, string weakness) =>
        Read(Report("HTTP Secure Headers", Entry(info: information))).Findings.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            finding => finding.Title.ShouldBe(information),
            finding => finding.Weaknesses.ShouldBe([weakness]));

    [Fact]
    public void What_was_put_in_the_place_of_the_query_is_no_name()
    {
        var finding = Read(Report("SQL Injection", Entry(parameter: "QUERY_STRING", request: "GET /item?%3Cscript%3Ealert(1) HTTP/1.1"))).Findings.ShouldHaveSingleItem();

        finding.Location.Path.ShouldBe("/item");
        finding.Evidence[0].Message.ShouldBe("GET /item");
    }

    [Fact]
    public void The_same_said_twice_is_one_finding()
    {
        var report = Read(Report("SQL Injection", $"{Entry(request: "GET /item?id=1 HTTP/1.1")}, {Entry(request: "GET /item?id=2 HTTP/1.1")}"));

        report.Findings.ShouldHaveSingleItem();
    }

    [Fact]
    public void Secrets_and_characters_that_hide_are_taken_out()
    {
        var token = $"ghp_{new string('a', 36)}";
        var finding = Read(Report("SQL Injection", Entry(parameter: "a\u202eb\u0007c", info: $"found {token}\u001b[2J <b>bold</b>"))).Findings.ShouldHaveSingleItem();

        finding.Message.ShouldStartWith($"found {SecretRedactor.Replacement}[2J <b>bold</b>");
        finding.Evidence[0].Message.ShouldBe("GET /item?id, parameter abc");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"classifications\": {}, \"vulnerabilities\": {}, \"anomalies\": {}}")]
    [InlineData("{\"classifications\": [], \"vulnerabilities\": {}, \"anomalies\": {}, \"infos\": {}}")]
    [InlineData("{\"classifications\": {}, \"vulnerabilities\": {\"SQL Injection\": {}}, \"anomalies\": {}, \"infos\": {}}")]
    [InlineData("{\"classifications\": {}, \"vulnerabilities\": {}, \"anomalies\": {}, \"infos\": {}} trailing")]
    [InlineData("<html></html>")]
    public void What_is_no_report_is_not_checked(string text)
    {
        var report = Read(text);

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("not what its documentation says");
    }

    [Fact]
    public void A_report_that_is_too_deep_is_not_checked() =>
        Read($"{{\"vulnerabilities\": {new string('[', 100_000)}").Outcome.ShouldBe(ScanOutcome.NotChecked);

    [Theory]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"method\": \"GET\", \"path\": \"/x\", \"level\": \"4\"}")]
    [InlineData("{\"method\": \"GET\", \"path\": \"/x\", \"level\": 1e99}")]
    [InlineData("{\"method\": [\"GET\"], \"path\": \"/x\", \"level\": 1}")]
    [InlineData("{\"method\": \"GET\", \"path\": \"http://elsewhere/\", \"level\": 1}")]
    [InlineData("{\"method\": \"<script>\", \"path\": \"/x\", \"level\": 1}")]
    public void An_entry_that_cannot_be_read_leaves_the_others(string entry)
    {
        var report = Read(Report("SQL Injection", $"{entry}, {Entry()}"));

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldBe("1 of its entries lack what Wapiti's reports have.");
        report.Findings.ShouldHaveSingleItem();
    }

    [Fact]
    public void Classifications_of_wrong_types_cost_only_what_they_would_have_said()
    {
        var text = Report("SQL Injection", Entry()).Replace(Classifications, "{\"SQL Injection\": {\"desc\": 7, \"sol\": [], \"ref\": {\"CWE-x\": 1, \"CWE-20: y\": \"javascript:alert(1)\"}}}", StringComparison.Ordinal);

        var finding = Read(text).Findings.ShouldHaveSingleItem();

        finding.Weaknesses.ShouldBe(["CWE-20"]);
        finding.Evidence[0].Help.ShouldBeNull();
    }

    [Fact]
    public void A_flood_of_findings_is_cut_and_says_so()
    {
        var entries = string.Join(',', Enumerable.Range(0, 5_001).Select(number => Entry(path: $"/{number}")));

        var report = Read(Report("SQL Injection", entries));

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Findings.Count.ShouldBe(5_000);
    }

    internal static string Report(string category, string entries) => Document(List(category, entries));

    internal static string Entry(
        string path = "/item", string parameter = "id", string info = "SQL Injection via injection in the parameter id", int level = 4, string request = "GET /item?id=1 HTTP/1.1") =>
        JsonSerializer.Serialize(new { method = "GET", path, info, level, parameter, http_request = request, curl_command = "curl" });

    private static string List(string category, string entries) => $"{{\"{category}\": [{entries}]}}";

    private static string Document(string vulnerabilities = "{}", string anomalies = "{}") =>
        $"{{\"classifications\": {Classifications}, \"vulnerabilities\": {vulnerabilities}, \"anomalies\": {anomalies}, \"additionals\": {{}}, \"infos\": {{\"version\": \"Wapiti 3.0.4\"}}}}";

    private static ScanReport Read(string text) => WapitiReport.Read(Encoding.UTF8.GetBytes(text), new SecretRedactor([]).Redact);
}
