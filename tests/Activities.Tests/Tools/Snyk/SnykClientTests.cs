using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Tools.Http;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Snyk;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tests.Tools.Snyk;

public sealed class SnykClientTests
{
    private const string ProjectId = "331ede0a-de94-456f-b788-166caeca58bf";
    private static readonly SnykProject Project = new(ProjectId, "owner/name:requirements.txt", "pip", "github", "requirements.txt", "main", IsActive: true);
    private static readonly byte[] Sbom = Encoding.UTF8.GetBytes("""{"bomFormat":"CycloneDX","specVersion":"1.5","components":[]}""");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Projects_are_read_over_all_pages_with_version_token_and_media_type()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Projects.AddRange(Enumerable.Range(0, 5).Select(AProject));

        var projects = await harness.Client.ListProjectsAsync(Token).ToListAsync(Token);

        projects.Select(project => project.Name).ShouldBe(["p0", "p1", "p2", "p3", "p4"]);
        projects[1].ShouldBe(new SnykProject("00000000-0000-0000-0000-000000000001", "p1", "pip", "github", "requirements.txt", "main", IsActive: true));
        harness.Snyk.Server.Requests.Select(request => request.Target).ShouldBe(
        [
            $"/rest/orgs/{SnykStandIn.Organization}/projects?version=2024-10-15&limit=100",
            $"/rest/orgs/{SnykStandIn.Organization}/projects?version=2024-10-15&limit=100&starting_after=v1.2%3D",
            $"/rest/orgs/{SnykStandIn.Organization}/projects?version=2024-10-15&limit=100&starting_after=v1.4%3D",
        ]);
        harness.Snyk.Server.Requests.ShouldAllBe(request => request.Header("User-Agent") == "AtomicDevOps");
    }

    [Theory]
    [InlineData("below")]
    [InlineData("rest")]
    [InlineData("whole")]
    [InlineData("object")]
    public async Task A_next_page_is_found_in_every_documented_form(string form)
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Projects.AddRange(Enumerable.Range(0, 3).Select(AProject));
        harness.Snyk.Link = path => form switch
        {
            "rest" => $"/rest{path}",
            "whole" => $"{harness.Snyk.Server.Address.AbsoluteUri}rest{path}",
            "object" => new JsonObject { ["href"] = path, ["meta"] = new JsonObject() },
            _ => path,
        };

        (await harness.Client.ListProjectsAsync(Token).CountAsync(Token)).ShouldBe(3);
    }

    [Fact]
    public async Task A_next_page_that_was_there_before_ends_the_list_with_an_error()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Projects.AddRange(Enumerable.Range(0, 5).Select(AProject));
        harness.Snyk.Link = path => path[..path.LastIndexOf("v1.", StringComparison.Ordinal)] + "v1.2%3D";

        var problem = await Should.ThrowAsync<ToolException>(async () => await harness.Client.ListProjectsAsync(Token).CountAsync(Token));

        problem.Message.ShouldContain("circle");
        harness.Snyk.Server.Requests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("https://attacker.example/rest/orgs/x/projects")]
    [InlineData("/v1/orgs")]
    [InlineData("//attacker.example/rest/x")]
    public async Task A_next_page_elsewhere_is_not_followed_since_it_would_get_the_token(string link)
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Projects.AddRange(Enumerable.Range(0, 3).Select(AProject));
        harness.Snyk.Link = _ => link;

        await Should.ThrowAsync<ToolException>(async () => await harness.Client.ListProjectsAsync(Token).CountAsync(Token));

        harness.Snyk.Server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_issue_of_a_dependency_is_a_finding_with_its_package()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Issues.Add(AnIssue("package_vulnerability", Dependency("django", "3.2.0")));

        var report = await harness.Client.ReadIssuesAsync(Project, Token);

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        var finding = report.Findings.ShouldHaveSingleItem();
        finding.Kind.ShouldBe(FindingKind.Dependency);
        finding.Title.ShouldBe("django 3.2.0: SQL Injection");
        finding.Location.ShouldBe(new FindingLocation("requirements.txt", 1));
        finding.Severity.ShouldBe(FindingSeverity.Critical);
        finding.Score.ShouldBe(9.8);
        finding.Vector.ShouldBe("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
        finding.Weaknesses.ShouldBe(["CWE-89"]);
        finding.Reachable.ShouldBe(true);
        var package = finding.Package.ShouldNotBeNull();
        (package.Ecosystem, package.Name, package.Version, package.Advisory, package.FixedVersion).ShouldBe(("PyPI", "django", "3.2.0", "SNYK-PYTHON-DJANGO-2968205", "3.2.15"));
        package.Aliases.ShouldBe(["CVE-2022-34265"]);
        var evidence = finding.Evidence.ShouldHaveSingleItem();
        evidence.Tool.ShouldBe("Snyk");
        evidence.Help.ShouldBe(new Uri("https://security.snyk.io/vuln/SNYK-PYTHON-DJANGO-2968205"));
        var query = harness.Snyk.Server.Requests.ShouldHaveSingleItem().Query;
        (query["scan_item.id"], query["scan_item.type"], query["status"], query["ignored"]).ShouldBe((ProjectId, "project", "open", "false"));
    }

    [Fact]
    public async Task An_issue_in_code_is_a_finding_on_its_lines_and_licences_are_none()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Issues.Add(AnIssue("code", new JsonObject
        {
            ["sourceLocation"] = new JsonObject
            {
                ["file"] = "src/app.py",
                ["region"] = new JsonObject
                {
                    ["start"] = new JsonObject { ["line"] = 7, ["column"] = 5 },
                    ["end"] = new JsonObject { ["line"] = 9, ["column"] = 12 },
                },
            },
        }));
        harness.Snyk.Issues.Add(AnIssue("license", Dependency("gpl", "1.0")));

        var report = await harness.Client.ReadIssuesAsync(project: null, Token);

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        var finding = report.Findings.ShouldHaveSingleItem();
        finding.Kind.ShouldBe(FindingKind.Code);
        finding.Location.ShouldBe(new FindingLocation("src/app.py", 7) { EndLine = 9, StartColumn = 5, EndColumn = 12 });
        finding.Package.ShouldBeNull();
    }

    [Fact]
    public async Task Issues_of_another_shape_are_left_out_and_told()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Issues.Add(AnIssue("package_vulnerability", Dependency("django", "3.2.0")));
        harness.Snyk.Issues.Add(AnIssue("package_vulnerability", new JsonObject { ["dependency"] = 7 }));
        harness.Snyk.Issues.Add(AnIssue("quantum", Dependency("django", "3.2.0")));

        var report = await harness.Client.ReadIssuesAsync(project: null, Token);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Findings.Count.ShouldBe(1);
        report.Reason.ShouldNotBeNull().ShouldStartWith("2 issues");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_SBOM_is_begun_waited_for_and_read(bool redirects)
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.RedirectsToResults = redirects;
        harness.Snyk.SbomResults.AddRange([SbomPage("SNYK-JS-MINIMIST-559764", "minimist", "0.0.8"), SbomPage("npm:st:20171013", "st", "0.2.4")]);

        var report = await harness.Client.TestSbomAsync(Sbom, "package-lock.json", Token);

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        report.Findings.Select(finding => finding.Title).ShouldBe(["minimist 0.0.8: Prototype Pollution", "st 0.2.4: Prototype Pollution"]);
        report.Findings.ShouldAllBe(finding => finding.Package!.Ecosystem == "npm" && finding.Location.Path == "package-lock.json" && finding.Severity == FindingSeverity.Medium);
        report.Findings[0].Package!.FixedVersion.ShouldBe("0.2.1");
        report.Findings[0].Weaknesses.ShouldBe(["CWE-1321"]);
        var test = $"/rest/orgs/{SnykStandIn.Organization}/sbom_tests";
        harness.Snyk.Server.Requests.Select(request => $"{request.Method} {request.Target}").ShouldBe(
        [
            $"POST {test}?version=2024-07-10~beta",
            $"GET {test}/{SnykStandIn.Job}?version=2024-07-10~beta",
            $"GET {test}/{SnykStandIn.Job}?version=2024-07-10~beta",
            $"GET {test}/{SnykStandIn.Job}?version=2024-07-10~beta",
            $"GET {test}/{SnykStandIn.Job}/results?version=2024-07-10~beta&limit=100",
            $"GET {test}/{SnykStandIn.Job}/results?version=2024-07-10~beta&limit=100&starting_after=v1.1%3D",
        ]);
        harness.Clock.Waits.Where(wait => wait < TimeSpan.FromSeconds(30)).ShouldBe([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)]);
    }

    [Fact]
    public async Task A_test_that_does_not_end_or_fails_is_not_checked()
    {
        await using var harness = await SnykHarness.StartAsync(("Snyk:TestTimeout", "00:01:00"));
        harness.Snyk.PollsUntilDone = 1000;

        var slow = await harness.Client.TestSbomAsync(Sbom, "sbom.json", Token);

        slow.Outcome.ShouldBe(ScanOutcome.NotChecked);
        slow.Reason.ShouldNotBeNull().ShouldContain("Snyk:TestTimeout");

        (harness.Snyk.PollsUntilDone, harness.Snyk.SbomStatus) = (0, "error");

        (await harness.Client.TestSbomAsync(Sbom, "sbom.json", Token)).Outcome.ShouldBe(ScanOutcome.NotChecked);
    }

    [Fact]
    public async Task Untested_components_and_lost_vulnerabilities_are_no_all_clear()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.SbomResults.Add(SbomPage("SNYK-JS-MINIMIST-559764", "minimist", "0.0.8", untested: 3));

        var untested = await harness.Client.TestSbomAsync(Sbom, "sbom.json", Token);

        untested.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        untested.Reason.ShouldNotBeNull().ShouldStartWith("3 components");

        var lost = SbomPage("SNYK-JS-MINIMIST-559764", "minimist", "0.0.8");
        lost["included"] = new JsonArray();
        (harness.Snyk.SbomResults[0], harness.Snyk.PollsUntilDone) = (lost, 0);

        var report = await harness.Client.TestSbomAsync(Sbom, "sbom.json", Token);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldStartWith("1 vulnerabilities");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"a\":")]
    public async Task What_is_no_SBOM_is_not_sent(string sbom)
    {
        await using var harness = await SnykHarness.StartAsync();

        await Should.ThrowAsync<ToolException>(harness.Client.TestSbomAsync(Encoding.UTF8.GetBytes(sbom), "sbom.json", Token));

        harness.Snyk.Server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_limit_is_waited_for_as_long_as_Snyk_says_or_a_minute()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Server.Plan(Day.Throttled("17"), Day.Throttled(retryAfter: null));

        (await harness.Client.GetSelfAsync(Token)).ShouldBe("atomic-devops");

        harness.Clock.Waits.ShouldContain(TimeSpan.FromSeconds(17));
        harness.Clock.Waits.ShouldContain(TimeSpan.FromSeconds(60));
        harness.Snyk.Server.Requests.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_limit_that_lasts_too_long_is_told_and_nothing_is_sent_until_it_ends()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Server.Plan(Day.Throttled("3600"));

        var problem = await Should.ThrowAsync<ToolUnavailableException>(harness.Client.GetSelfAsync(Token));
        await Should.ThrowAsync<ToolUnavailableException>(harness.Client.TestSbomAsync(Sbom, "sbom.json", Token));

        problem.RetryAfter.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.FromMinutes(50));
        harness.Snyk.Server.Requests.Count.ShouldBe(1);
        (await harness.Probe.ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Degraded);
    }

    [Fact]
    public async Task Short_troubles_are_got_over()
    {
        await using var harness = await SnykHarness.StartAsync(("Snyk:Timeout", "00:00:01"));
        foreach (var day in new[] { Day.BadGateway, Day.CutHalfway, Day.Slow })
        {
            harness.Snyk.Server.Plan(day);

            (await harness.Client.GetSelfAsync(Token)).ShouldBe("atomic-devops");
        }

        harness.Snyk.Server.Requests.Count.ShouldBe(6);
    }

    [Fact]
    public async Task Troubles_that_last_are_unavailability()
    {
        await using var harness = await SnykHarness.StartAsync();
        foreach (var day in new[] { Day.BadGateway, Day.CutHalfway, Day.Json(500, """{"errors":[{"status":"500","detail":"oh"}]}""") })
        {
            harness.Snyk.Server.Plan(day, day, day, day);

            await Should.ThrowAsync<ToolUnavailableException>(harness.Client.GetSelfAsync(Token));
        }
    }

    [Fact]
    public async Task A_test_is_not_begun_twice_after_an_answer_was_lost()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Server.Plan(Day.CutHalfway);

        await Should.ThrowAsync<ToolUnavailableException>(harness.Client.TestSbomAsync(Sbom, "sbom.json", Token));

        harness.Snyk.Server.Requests.ShouldHaveSingleItem().Method.ShouldBe("POST");
    }

    [Fact]
    public async Task What_is_not_Snyk_s_answer_is_an_error_and_never_an_empty_list()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Issues.Add(AnIssue("package_vulnerability", Dependency("django", "3.2.0")));
        Day[] days =
        [
            Day.Html, Day.TruncatedJson, Day.Json(200, "[]"), Day.Json(200, """{"data":{}}"""), Day.Json(200, "null"),
            Day.Json(200, """{"data":[],"links":{"next":7}}"""),
        ];
        foreach (var day in days)
        {
            harness.Snyk.Server.Plan(day);

            var problem = await Should.ThrowAsync<ToolException>(harness.Client.ReadIssuesAsync(project: null, Token));
            problem.ShouldBeOfType<ToolException>();
        }

        harness.Snyk.Server.Requests.Count.ShouldBe(days.Length);
    }

    [Theory]
    [InlineData(401, "Snyk:Token")]
    [InlineData(403, "Snyk:Organization")]
    [InlineData(400, "conform")]
    public async Task A_refusal_says_what_Snyk_said_and_what_to_check(int status, string told)
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Server.Plan(Day.Json(status, $$"""{"jsonapi":{"version":"1.0"},"errors":[{"status":"{{status}}","detail":"does not conform, {{SnykStandIn.Token}}"}]}"""));

        var problem = await Should.ThrowAsync<SnykRequestException>(harness.Client.GetSelfAsync(Token));

        problem.Status.ShouldBe((HttpStatusCode)status);
        problem.Message.ShouldContain(told);
        problem.ToString().ShouldNotContain(SnykStandIn.Token);
    }

    [Fact]
    public async Task What_is_not_there_is_told_as_such()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Server.Plan(Day.Json(404, """{"errors":[{"status":"404","detail":"gone"}]}"""));

        await Should.ThrowAsync<ToolNotFoundException>(harness.Client.ReadIssuesAsync(Project, Token));
    }

    [Fact]
    public async Task Without_a_token_nothing_is_sent_and_the_probe_says_what_to_set()
    {
        await using var harness = await SnykHarness.StartAsync(("Snyk:Token", null));

        (await Should.ThrowAsync<ToolException>(harness.Client.GetSelfAsync(Token))).Message.ShouldContain("Snyk:Token");
        var probed = await harness.Probe.ProbeAsync(Token);

        probed.Health.ShouldBe(AgentHealth.NotConfigured);
        probed.Detail.ShouldContain("Snyk:Token");
        harness.Snyk.Server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_probe_tells_who_is_signed_in_or_what_is_wrong()
    {
        await using var harness = await SnykHarness.StartAsync();

        (await harness.Probe.ProbeAsync(Token)).ShouldBe(new AgentProbeResult(AgentHealth.Healthy, "Signed in as atomic-devops."));

        harness.Snyk.Server.Plan(Day.Html);
        (await harness.Probe.ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Unhealthy);
    }

    [Fact]
    public async Task A_slow_answer_can_be_cancelled()
    {
        await using var harness = await SnykHarness.StartAsync();
        harness.Snyk.Server.Plan(Day.Slow);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asked = harness.Client.GetSelfAsync(stop.Token);
        SpinWait.SpinUntil(() => harness.Snyk.Server.Requests.Count == 1, TimeSpan.FromSeconds(20)).ShouldBeTrue();

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(asked);
    }

    private static JsonObject AProject(int n) => new()
    {
        ["id"] = $"00000000-0000-0000-0000-{n:D12}",
        ["type"] = "project",
        ["attributes"] = new JsonObject
        {
            ["name"] = $"p{n}",
            ["type"] = "pip",
            ["origin"] = "github",
            ["target_file"] = "requirements.txt",
            ["target_reference"] = "main",
            ["status"] = "active",
        },
    };

    private static JsonObject Dependency(string name, string version) =>
        new() { ["dependency"] = new JsonObject { ["package_name"] = name, ["package_version"] = version } };

    private static JsonObject AnIssue(string type, JsonObject representation) => new()
    {
        ["id"] = Guid.NewGuid().ToString(),
        ["type"] = "issue",
        ["attributes"] = new JsonObject
        {
            ["key"] = "SNYK-PYTHON-DJANGO-2968205",
            ["title"] = "SQL Injection",
            ["type"] = type,
            ["status"] = "open",
            ["ignored"] = false,
            ["effective_severity_level"] = "critical",
            ["created_at"] = "2024-01-01T00:00:00Z",
            ["updated_at"] = "2024-01-01T00:00:00Z",
            ["classes"] = new JsonArray(new JsonObject { ["id"] = "CWE-89", ["source"] = "CWE", ["type"] = "weakness" }),
            ["problems"] = new JsonArray(
                new JsonObject { ["id"] = "CVE-2022-34265", ["source"] = "NVD", ["type"] = "vulnerability" },
                new JsonObject { ["id"] = "SNYK-PYTHON-DJANGO-2968205", ["source"] = "SNYK", ["type"] = "vulnerability" }),
            ["severities"] = new JsonArray(
                new JsonObject { ["level"] = "high", ["source"] = "NVD", ["score"] = 7.5, ["vector"] = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", ["version"] = "3.1" },
                new JsonObject { ["level"] = "critical", ["source"] = "Snyk", ["score"] = 9.8, ["vector"] = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", ["version"] = "3.1" }),
            ["coordinates"] = new JsonArray(new JsonObject
            {
                ["state"] = "open",
                ["reachability"] = "function",
                ["remedies"] = new JsonArray(new JsonObject { ["type"] = "indeterminate", ["details"] = new JsonObject { ["upgrade_package"] = "3.2.15" } }),
                ["representations"] = new JsonArray(representation),
            }),
        },
        ["relationships"] = new JsonObject
        {
            ["scan_item"] = new JsonObject { ["data"] = new JsonObject { ["id"] = ProjectId, ["type"] = "project" } },
        },
    };

    private static JsonObject SbomPage(string id, string name, string version, int untested = 0)
    {
        JsonObject Related(string type, string related) => new() { ["data"] = new JsonObject { ["type"] = type, ["id"] = related } };
        return new JsonObject
        {
            ["jsonapi"] = new JsonObject { ["version"] = "1.0" },
            ["data"] = new JsonObject
            {
                ["id"] = SnykStandIn.Job,
                ["type"] = "sbom_test_results",
                ["attributes"] = new JsonObject
                {
                    ["sbom"] = new JsonObject { ["format"] = "CycloneDX JSON" },
                    ["test_summary"] = new JsonObject
                    {
                        ["tested"] = new JsonArray($"1-{name}@{version}"),
                        ["untested"] = new JsonArray([.. Enumerable.Range(0, untested).Select(n => (JsonNode)new JsonObject { ["bom_ref"] = $"u{n}", ["reason"] = "no purl" })]),
                        ["total_vulnerabilities"] = 1,
                    },
                },
                ["relationships"] = new JsonObject { ["vulnerabilities"] = new JsonObject { ["data"] = new JsonArray(new JsonObject { ["type"] = "vulnerabilities", ["id"] = id }) } },
            },
            ["included"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "remedies",
                    ["id"] = $"{name}@{version}:{id}",
                    ["attributes"] = new JsonObject { ["is_fixable"] = false, ["upgrade_paths"] = new JsonArray() },
                    ["relationships"] = new JsonObject
                    {
                        ["affected_package"] = Related("packages", $"{name}@{version}"),
                        ["vulnerability"] = Related("vulnerabilities", id),
                    },
                },
                new JsonObject
                {
                    ["type"] = "packages",
                    ["id"] = $"{name}@{version}",
                    ["attributes"] = new JsonObject { ["name"] = name, ["version"] = version, ["purl"] = $"pkg:npm/{name}@{version}" },
                },
                new JsonObject
                {
                    ["type"] = "vulnerabilities",
                    ["id"] = id,
                    ["attributes"] = new JsonObject
                    {
                        ["title"] = "Prototype Pollution",
                        ["description"] = "## Overview",
                        ["problems"] = new JsonArray(
                            new JsonObject { ["id"] = "CVE-2020-7598", ["source"] = "CVE" }, new JsonObject { ["id"] = "CWE-1321", ["source"] = "CWE" }),
                        ["severities"] = new JsonArray(
                            new JsonObject { ["source"] = "Snyk", ["level"] = "medium", ["score"] = 5.6, ["vector"] = "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:L" }),
                        ["effective_severity_level"] = "medium",
                        ["coordinates"] = new JsonArray(new JsonObject
                        {
                            ["remedies"] = new JsonArray(new JsonObject { ["type"] = "indeterminate", ["details"] = new JsonObject { ["upgrade_package"] = "0.2.1" } }),
                        }),
                    },
                }),
        };
    }
}
