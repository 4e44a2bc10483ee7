using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Experts.Sca;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.Http;
using AtomicDevOps.Activities.Tests.Tools.Snyk;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Activities.Tools.Snyk;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Experts.Sca;

public sealed class SnykDependencyScannerTests : IDisposable
{
    private const string Advisory = "SNYK-PYTHON-DJANGO-2329158";
    private const string Vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

    private readonly TemporaryDirectory _directory = new();
    private readonly FileArtifactStore _artifacts;

    public SnykDependencyScannerTests() => _artifacts = RealTools.Artifacts(_directory);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_Snyk_and_OSV_say_of_one_advisory_is_one_finding_with_both_as_evidence()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.SbomResults.Add(SbomResults(("django", "3.2.0", Advisory, "CVE-2021-45116"), ("flask", "0.9", "SNYK-PYTHON-FLASK-42185", "CVE-2018-1000656")));
        Record("GHSA-8c5j-9r9f-c6w8", "django", "3.2.11", "CVE-2021-45116");

        var result = await ScanAsync(harness, "# pinned\nDjango==3.2.0\n", "Django==3.1.0\nflask==0.9\n");

        result.Scanners.ShouldBe([new ScannerOutcome("OSV", ScanOutcome.Checked, 1), new ScannerOutcome("Snyk", ScanOutcome.Checked, 1)]);
        var finding = FindingConsolidation.Consolidate(await ReportsAsync(result.Head)).ShouldHaveSingleItem();
        finding.Location.ShouldBe(new FindingLocation("requirements.txt", 2));
        finding.Evidence.Select(evidence => (evidence.Tool, evidence.Rule)).ShouldBe([("OSV", "GHSA-8c5j-9r9f-c6w8"), ("Snyk", Advisory)]);
        finding.Package.ShouldNotBeNull().Advisory.ShouldBe("CVE-2021-45116");
        finding.Package.Aliases.ShouldBe(["GHSA-8c5j-9r9f-c6w8", Advisory]);
        (finding.Severity, finding.Score).ShouldBe((FindingSeverity.Critical, 9.8));
        var before = FindingConsolidation.Consolidate(await ReportsAsync(result.Base!));
        before.Select(each => (each.Package!.Name, each.Location.StartLine)).ShouldBe([("Django", 1), ("flask", 2)], ignoreOrder: true);
    }

    [Fact]
    public async Task Head_and_base_are_asked_about_by_one_document_with_every_package_once()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.SbomResults.Add(SbomResults());

        var result = await ScanAsync(harness, "django==3.2.0\nflask==1.0\n", "flask==1.0\ndjango==3.1.0\n");

        var posted = harness.Snyk.Server.Requests.Where(request => request.Method is "POST").ShouldHaveSingleItem();
        posted.Body.ShouldNotContain(SnykStandIn.Token);
        var sbom = JsonNode.Parse(posted.Body)!["data"]!["attributes"]!["sbom"]!;
        ((string?)sbom["bomFormat"]).ShouldBe("CycloneDX");
        sbom["components"]!.AsArray().Select(component => (string?)component!["purl"]).ShouldBe(["pkg:pypi/django@3.1.0", "pkg:pypi/django@3.2.0", "pkg:pypi/flask@1.0"]);
        result.Scanners[1].ShouldBe(new ScannerOutcome("Snyk", ScanOutcome.Checked, 0));
    }

    [Fact]
    public async Task What_Snyk_could_not_be_asked_about_is_a_gap()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.SbomResults.Add(SbomResults());

        var result = await ScanAsync(harness, "django>=3\nflask==1.0\n");

        result.Scanners[1].ShouldBe(new ScannerOutcome("Snyk", ScanOutcome.PartlyChecked, 0)
        {
            Reason = "Snyk was not asked about 1 dependencies, whose exact version or ecosystem it could not be told.",
        });
    }

    public static TheoryData<string, string> BadDays => new()
    {
        { "unauthorized", "Snyk:Token" },
        { "down", "502" },
        { "throttled", "rate limit" },
        { "half", "no JSON" },
        { "failed", "could not test the SBOM" },
    };

    [Theory]
    [MemberData(nameof(BadDays))]
    public async Task A_bad_day_of_Snyk_s_is_not_checked_with_its_reason_and_OSV_counts_all_the_same(string day, string told)
    {
        await using var harness = await SnykHarness.StartAsync();
        Record("GHSA-8c5j-9r9f-c6w8", "django", "3.2.11", "CVE-2021-45116");
        switch (day)
        {
            case "unauthorized":
                harness.Snyk.Server.Plan(Day.Json(401, """{"errors":[{"status":"401","detail":"Unauthorized"}]}""", "application/vnd.api+json"));
                break;
            case "down":
                harness.Snyk.Server.Plan(Day.BadGateway, Day.BadGateway, Day.BadGateway, Day.BadGateway);
                break;
            case "throttled":
                harness.Snyk.Server.Plan(Day.Throttled("3600"));
                break;
            case "half":
                harness.Snyk.Server.Plan(request => request.Method is "GET", Day.TruncatedJson);
                break;
            default:
                harness.Snyk.SbomStatus = "error";
                break;
        }

        var result = await ScanAsync(harness, "django==3.2.0\n");

        result.Scanners[0].ShouldBe(new ScannerOutcome("OSV", ScanOutcome.Checked, 1));
        result.Scanners[1].Outcome.ShouldBe(ScanOutcome.NotChecked);
        result.Scanners[1].Reason.ShouldNotBeNull().ShouldContain(told);
    }

    [Fact]
    public async Task Nobody_asks_Snyk_unless_the_settings_do()
    {
        await using var harness = await SnykHarness.StartAsync(("Snyk:Token", null), ("Snyk:Organization", null));

        var result = await ScanAsync(harness, "django==3.2.0\n");

        result.Scanners.Select(scanner => scanner.Tool).ShouldBe(["OSV"]);
        harness.Snyk.Server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_build_tools_may_run_the_command_line_tests_both_trees_and_names_packages_as_OSV_does()
    {
        var cli = new SnykCliStandIn(_directory);
        cli.Plan(("packages", new JsonObject { ["django==3.2.0"] = new JsonArray(Vulnerability()) }));
        await using var harness = await SnykHarness.StartAsync(("Snyk:AllowBuild", "true"), ("Snyk:Executable", cli.Executable));
        Record("GHSA-8c5j-9r9f-c6w8", "django", "3.2.11", "CVE-2021-45116");

        var result = await ScanAsync(harness, "# pinned\ndjango==3.2.0\n", "django==3.2.11\n");

        result.Scanners[1].ShouldBe(new ScannerOutcome("Snyk", ScanOutcome.Checked, 1));
        var finding = FindingConsolidation.Consolidate(await ReportsAsync(result.Head)).ShouldHaveSingleItem();
        finding.Location.ShouldBe(new FindingLocation("requirements.txt", 2));
        finding.Evidence.Select(evidence => evidence.Tool).ShouldBe(["OSV", "Snyk"]);
        finding.Weaknesses.ShouldBe(["CWE-20"]);
        finding.Package.ShouldNotBeNull().FixedVersion.ShouldBe("3.2.11");
        FindingConsolidation.Consolidate(await ReportsAsync(result.Base!)).ShouldBeEmpty();
        harness.Snyk.Server.Requests.ShouldBeEmpty();
        cli.Calls.Count(call => call.Arguments[0] is "test").ShouldBe(2);
        cli.Calls.ShouldAllBe(call => !call.Arguments.Any(argument => argument.Contains(SnykStandIn.Token, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_base_that_cannot_be_tested_does_not_make_what_was_there_new()
    {
        var cli = new SnykCliStandIn(_directory);
        cli.Plan(("packages", new JsonObject { ["django==3.2.0"] = new JsonArray(Vulnerability()) }), ("fails-with", "# broken"));
        await using var harness = await SnykHarness.StartAsync(("Snyk:AllowBuild", "true"), ("Snyk:Executable", cli.Executable));

        var result = await ScanAsync(harness, "django==3.2.0\n", "# broken\ndjango==3.2.0\n");

        result.Scanners[1].Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        result.Scanners[1].Reason.ShouldNotBeNull().ShouldContain("exit code 2");
        var head = FindingConsolidation.Consolidate(await ReportsAsync(result.Head));
        var before = FindingConsolidation.Consolidate(await ReportsAsync(result.Base!));
        FindingBaseline.Compare(head, before).Added.ShouldBeEmpty();
        before.ShouldHaveSingleItem().Location.StartLine.ShouldBe(2);
    }

    [Fact]
    public async Task Without_the_command_line_the_document_is_tested_instead()
    {
        await using var harness = await SnykHarness.StartAsync(("Snyk:AllowBuild", "true"));
        harness.Snyk.SbomResults.Add(SbomResults(("django", "3.2.0", Advisory, "CVE-2021-45116")));

        (await ScanAsync(harness, "django==3.2.0\n")).Scanners[1].ShouldBe(new ScannerOutcome("Snyk", ScanOutcome.Checked, 1));
    }

    [Theory]
    [InlineData("", "damaged")]
    [InlineData("{}", "was not tested")]
    [InlineData("""[{"ok":false,"error":"No pip here","displayTargetFile":"requirements.txt"}]""", "requirements.txt was not tested: No pip here")]
    [InlineData("""[{"displayTargetFile":"a.txt","vulnerabilities":[{"id":"SNYK-JS-A-1"}]}]""", "1 vulnerabilities of a.txt lack")]
    public async Task Half_an_answer_of_the_command_line_s_has_not_checked(string json, string told)
    {
        var file = _directory.Combine("results.json");
        await File.WriteAllTextAsync(file, json, Token);

        var report = await SnykTestReader.ReadAsync(file, Token);

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().ShouldContain(told);
    }

    [Fact]
    public async Task A_path_that_leads_out_of_the_tree_and_a_licence_are_left_out_of_what_the_command_line_found()
    {
        var file = _directory.Combine("results.json");
        await File.WriteAllTextAsync(
            file,
            """
            {"displayTargetFile":"../../etc/passwd","vulnerabilities":[
             {"id":"snyk:lic:pip:x:GPL","type":"license","title":"GPL","packageName":"x","version":"1"},
             {"id":"SNYK-JS-A-1","title":"T","packageName":"a","version":"1","severity":"low","from":["p","b","a"]}]}
            """,
            Token);

        var finding = (await SnykTestReader.ReadAsync(file, Token)).Findings.ShouldHaveSingleItem();

        (finding.Location.Path, finding.Package!.Ecosystem, finding.Package.IsDirect, finding.Severity).ShouldBe((string.Empty, "npm", false, FindingSeverity.Low));
    }

    private static JsonObject Vulnerability() => new()
    {
        ["id"] = Advisory,
        ["title"] = "Improper Input Validation",
        ["description"] = "## Overview",
        ["severity"] = "high",
        ["severityWithCritical"] = "high",
        ["CVSSv3"] = Vector,
        ["cvssScore"] = 9.8,
        ["identifiers"] = new JsonObject { ["CVE"] = new JsonArray("CVE-2021-45116"), ["CWE"] = new JsonArray("CWE-20"), ["GHSA"] = new JsonArray("GHSA-8c5j-9r9f-c6w8") },
        ["fixedIn"] = new JsonArray("2.2.26", "3.2.11"),
        ["isUpgradable"] = true,
    };

    private static JsonObject SbomResults(params (string Name, string Version, string Id, string Alias)[] found)
    {
        static JsonObject Related(string type, string id) => new() { ["data"] = new JsonObject { ["type"] = type, ["id"] = id } };
        return new JsonObject
        {
            ["jsonapi"] = new JsonObject { ["version"] = "1.0" },
            ["data"] = new JsonObject
            {
                ["id"] = SnykStandIn.Job,
                ["type"] = "sbom_test_results",
                ["attributes"] = new JsonObject { ["test_summary"] = new JsonObject { ["untested"] = new JsonArray() } },
            },
            ["included"] = new JsonArray([.. found.SelectMany(each => new JsonNode[]
            {
                new JsonObject
                {
                    ["type"] = "remedies",
                    ["id"] = $"{each.Name}:{each.Id}",
                    ["relationships"] = new JsonObject { ["affected_package"] = Related("packages", each.Name), ["vulnerability"] = Related("vulnerabilities", each.Id) },
                },
                new JsonObject
                {
                    ["type"] = "packages",
                    ["id"] = each.Name,
                    ["attributes"] = new JsonObject { ["name"] = each.Name, ["version"] = each.Version, ["purl"] = $"pkg:pypi/{each.Name}@{each.Version}" },
                },
                new JsonObject
                {
                    ["type"] = "vulnerabilities",
                    ["id"] = each.Id,
                    ["attributes"] = new JsonObject
                    {
                        ["title"] = "Improper Input Validation",
                        ["problems"] = new JsonArray(new JsonObject { ["id"] = each.Alias, ["source"] = "CVE" }),
                        ["severities"] = new JsonArray(new JsonObject { ["source"] = "Snyk", ["level"] = "critical", ["score"] = 9.8, ["vector"] = Vector }),
                        ["effective_severity_level"] = "critical",
                    },
                },
            })]),
        };
    }

    private async Task<ScanResult> ScanAsync(SnykHarness harness, string head, string? @base = null)
    {
        Directory.CreateDirectory(_directory.Combine("records"));
        Record("A-0", "unrelated", "1");
        var options = harness.Get<IOptions<SnykOptions>>();
        var snyk = new SnykDependencyScanner(harness.Client, new SnykCli(RealTools.Processes, RealTools.Redactor, options), _artifacts, options);
        var expert = new ScaExpert(
            new OsvClient(Options.Create(new OsvOptions { Directory = _directory.Combine("records") })),
            [snyk],
            _artifacts,
            new FileDocumentStore(Options.Create(new FindingsOptions { Directory = _directory.Combine("findings") }), TimeProvider.System),
            new ScriptedCatalogue());
        return await expert.ScanAsync(
            new ScaRequest("run-1", await _artifacts.PackAsync("run-1/head.tar", ("requirements.txt", head)))
            {
                Base = @base is null ? null : await _artifacts.PackAsync("run-1/base.tar", ("requirements.txt", @base)),
            },
            Token);
    }

    private async Task<IReadOnlyList<ScanReport>> ReportsAsync(StoredArtifact artifact) => await _artifacts.ReadJsonAsync<IReadOnlyList<ScanReport>>(artifact.Key, Token);

    private void Record(string id, string package, string fixedIn, string? alias = null)
    {
        Directory.CreateDirectory(_directory.Combine("records"));
        File.WriteAllText(
            _directory.Combine("records", $"{id}.json"),
            $$"""
            {"id":"{{id}}","modified":"2024-01-02T03:04:05Z","summary":"It is weak.","aliases":[{{(alias is null ? "" : $"\"{alias}\"")}}],
             "affected":[{"package":{"ecosystem":"PyPI","name":"{{package}}"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"{{fixedIn}}"}]}]}]}
            """);
    }
}
