using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Tools.Http;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Zap;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Zap;

public sealed class ZapClientTests
{
    private static readonly Uri Origin = new("http://app:8000/");
    private static readonly ZapScan Baseline = new(Origin, new Uri("http://app:8000/start"), ZapScanMode.Baseline);
    private static readonly ZapScan Full = Baseline with { Mode = ZapScanMode.Full };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_baseline_scan_spiders_waits_and_attacks_nothing()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.Alerts.Add(AnAlert(1));
        var progress = new List<ZapProgress>();

        var report = await harness.Client.ScanAsync(Baseline, (each, _) => { progress.Add(each); return ValueTask.CompletedTask; }, Token);

        (report.Tool, report.Outcome, report.ToolVersion, report.Reason).ShouldBe(("OWASP ZAP", ScanOutcome.Checked, ZapStandIn.Version, null));
        harness.Zap.Calls.ShouldBe(
        [
            "core/view/version", "core/action/newSession", "core/action/setMode", "context/action/newContext", "context/action/includeInContext",
            "context/action/setContextInScope", "pscan/action/setScanOnlyInScope", "spider/action/scan", "spider/view/status", "spider/view/status",
            "spider/view/status", "pscan/view/recordsToScan", "pscan/view/recordsToScan", "pscan/view/recordsToScan", "core/view/alerts",
            "context/action/removeContext",
        ]);
        harness.Zap.Only("core/action/setMode").Query["mode"].ShouldBe("protect");
        var spider = harness.Zap.Only("spider/action/scan").Query;
        var context = harness.Zap.Only("context/action/newContext").Query["contextName"];
        (spider["url"], spider["contextName"]).ShouldBe(("http://app:8000/start", context));
        harness.Zap.Contexts.ShouldBeEmpty();
        harness.Zap.Running.ShouldBeEmpty();
        progress.Select(each => each.Phase).Distinct().ShouldBe([ZapPhase.Spider, ZapPhase.PassiveScan, ZapPhase.Alerts]);
        progress[0].ShouldBe(new ZapProgress(ZapPhase.Spider, 50));
        harness.Zap.Server.Requests.ShouldAllBe(request => request.Header("X-ZAP-API-Key") == ZapStandIn.Key && !request.Target.Contains(ZapStandIn.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_full_scan_attacks_in_the_context_with_the_policy()
    {
        await using var harness = await ZapHarness.StartAsync(("Zap:Policy", "API-minimal"));

        var report = await harness.Client.ScanAsync(
            Full with { UsesAjaxSpider = true, OpenApi = new Uri("http://app:8000/openapi.json"), OpenApiFile = "/zap/wrk/more.yaml" }, onProgress: null, Token);

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        var attack = harness.Zap.Only("ascan/action/scan").Query;
        attack.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")
            .ShouldBe(["contextId=7", "inScopeOnly=true", "recurse=true", "scanPolicyName=API-minimal", "url=http://app:8000/start"]);
        harness.Zap.Only("ajaxSpider/action/scan").Query["inScope"].ShouldBe("true");
        harness.Zap.Only("openapi/action/importUrl").Query["hostOverride"].ShouldBe("http://app:8000");
        harness.Zap.Only("openapi/action/importFile").Query["target"].ShouldBe("http://app:8000");
        harness.Zap.Running.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_the_add_on_for_the_ajax_spider_the_rest_is_scanned_and_that_is_told()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.MissingAddOns.Add("ajaxSpider");

        var report = await harness.Client.ScanAsync(Baseline with { UsesAjaxSpider = true }, onProgress: null, Token);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("Ajax spider");
        harness.Zap.Calls.ShouldContain("pscan/view/recordsToScan");
    }

    [Fact]
    public async Task Without_the_add_on_for_OpenAPI_an_import_is_an_error_that_says_so()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.MissingAddOns.Add("openapi");

        var problem = await Should.ThrowAsync<ZapRequestException>(
            harness.Client.ScanAsync(Baseline with { OpenApi = new Uri("http://app:8000/openapi.json") }, onProgress: null, Token));

        (problem.Code, problem.Message.Contains("add-on", StringComparison.Ordinal)).ShouldBe(("no_implementor", true));
        harness.Zap.Contexts.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("http://app:8001/")]
    [InlineData("https://app:8000/")]
    [InlineData("http://app.evil.example:8000/")]
    [InlineData("http://app:8000@evil.example/")]
    [InlineData("http://user:password@app:8000/")]
    [InlineData("file:///etc/passwd")]
    public async Task A_target_outside_of_the_allowed_origin_is_refused_before_anything_is_sent(string target)
    {
        await using var harness = await ZapHarness.StartAsync();

        var asTarget = await Should.ThrowAsync<ToolException>(harness.Client.ScanAsync(Full with { Target = new Uri(target) }, onProgress: null, Token));
        var asDescription = await Should.ThrowAsync<ToolException>(harness.Client.ScanAsync(Full with { OpenApi = new Uri(target) }, onProgress: null, Token));

        asTarget.Message.ShouldContain("nothing was sent");
        asDescription.Message.ShouldNotContain("password");
        harness.Zap.Server.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("http://app:8000/path")]
    [InlineData("http://app:8000/?q=1")]
    [InlineData("http://user@app:8000/")]
    [InlineData("ftp://app/")]
    public async Task What_is_no_origin_allows_nothing(string origin)
    {
        await using var harness = await ZapHarness.StartAsync();

        await Should.ThrowAsync<ToolException>(harness.Client.ScanAsync(Baseline with { AllowedOrigin = new Uri(origin) }, onProgress: null, Token));

        harness.Zap.Server.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("http://app:8000/", "http://app:8000/a?b#c", true)]
    [InlineData("http://app:8000/", "http://app:8000", true)]
    [InlineData("http://app:8000/", "http://app:80001/", false)]
    [InlineData("http://app:8000/", "http://app:8000.evil.example/", false)]
    [InlineData("http://app:8000/", "http://app:8000@evil.example/", false)]
    [InlineData("http://app:8000/", "http://evil.example/http://app:8000/", false)]
    [InlineData("http://a.b/", "http://a.b:80/x", true)]
    [InlineData("http://a.b/", "http://a.b/x", true)]
    [InlineData("http://a.b/", "http://aXb/x", false)]
    [InlineData("http://a.b/", "http://a.b.evil.example/x", false)]
    public async Task The_context_holds_the_origin_alone(string origin, string address, bool isIn)
    {
        await using var harness = await ZapHarness.StartAsync();
        await harness.Client.ScanAsync(new ZapScan(new Uri(origin), new Uri(origin), ZapScanMode.Baseline), onProgress: null, Token);
        var java = harness.Zap.Only("context/action/includeInContext").Query["regex"];

        // Java's \Q…\E stands for the text itself.
        var pattern = Regex.Replace(java, @"\\Q(?<text>.*?)\\E", match => Regex.Escape(match.Groups["text"].Value), RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

        Regex.IsMatch(address, $"^(?:{pattern})$", RegexOptions.None, TimeSpan.FromSeconds(1)).ShouldBe(isIn);
    }

    [Fact]
    public async Task An_alert_is_a_finding_without_what_may_be_a_secret()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.Alerts.Add(AnAlert(1, alert =>
        {
            alert["url"] = "http://app:8000/search?q=hunter2&page=1";
            alert["evidence"] = "Set-Cookie: session=hunter2";
            alert["attack"] = "hunter2' OR 1=1";
            alert["other"] = "hunter2";
        }));

        var finding = (await harness.Client.ScanAsync(Full, onProgress: null, Token)).Findings.ShouldHaveSingleItem();

        finding.Kind.ShouldBe(FindingKind.Application);
        finding.Title.ShouldBe("SQL Injection");
        finding.Message.ShouldBe("SQL injection may be possible.\n\nDo not trust client side input.");
        finding.Location.ShouldBe(new FindingLocation("/search?page&q", 1));
        finding.Severity.ShouldBe(FindingSeverity.High);
        finding.Weaknesses.ShouldBe(["CWE-89"]);
        finding.Evidence.ShouldBe(
        [
            new FindingEvidence("OWASP ZAP", "40018")
            {
                ToolVersion = ZapStandIn.Version,
                Message = "GET /search?page&q, parameter q",
                Help = new Uri("https://cheatsheetseries.owasp.org/cheatsheets/SQL_Injection_Prevention_Cheat_Sheet.html"),
            },
        ]);
        finding.ToString().ShouldNotContain("hunter2");
    }

    [Theory]
    [InlineData("High", FindingSeverity.High)]
    [InlineData("Medium", FindingSeverity.Medium)]
    [InlineData("Low", FindingSeverity.Low)]
    [InlineData("Informational", FindingSeverity.None)]
    [InlineData("Apocalyptic", FindingSeverity.Unknown)]
    public async Task A_risk_is_a_severity(string risk, FindingSeverity severity)
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.Alerts.Add(AnAlert(1, alert => alert["risk"] = risk));

        (await harness.Client.ScanAsync(Baseline, onProgress: null, Token)).Findings.ShouldHaveSingleItem().Severity.ShouldBe(severity);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("many")]
    public async Task An_alert_without_a_weakness_has_none(string weakness)
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.Alerts.Add(AnAlert(1, alert => alert["cweid"] = weakness));

        (await harness.Client.ScanAsync(Baseline, onProgress: null, Token)).Findings.ShouldHaveSingleItem().Weaknesses.ShouldBeEmpty();
    }

    [Fact]
    public async Task False_positives_and_repetitions_are_dropped_and_alerts_elsewhere_are_counted()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.Alerts.Add(AnAlert(1));
        harness.Zap.Alerts.Add(AnAlert(2));
        harness.Zap.Alerts.Add(AnAlert(3, alert => alert["confidence"] = "False Positive"));
        harness.Zap.Alerts.Add(AnAlert(4, alert => alert["url"] = "http://app.evil.example:8000/"));
        harness.Zap.Alerts.Add(AnAlert(5, alert => alert["url"] = "https://login.example/"));

        var report = await harness.Client.ScanAsync(Baseline, onProgress: null, Token);

        report.Findings.Count.ShouldBe(1);
        (report.Outcome, report.Reason).ShouldBe((ScanOutcome.Checked, "2 alerts on addresses outside of http://app:8000 were dropped."));
    }

    [Fact]
    public async Task Alerts_of_another_shape_are_left_out_and_told()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.Alerts.Add(AnAlert(1));
        harness.Zap.Alerts.Add(AnAlert(2, alert => alert["risk"] = 7));
        harness.Zap.Alerts.Add(AnAlert(3, alert => alert.Remove("id")));
        harness.Zap.Alerts.Add(AnAlert(4, alert => alert["url"] = "nowhere"));

        var report = await harness.Client.ScanAsync(Baseline, onProgress: null, Token);

        report.Findings.Count.ShouldBe(1);
        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldStartWith("3 alerts");
    }

    [Fact]
    public async Task Alerts_are_read_over_all_pages()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.Alerts.AddRange(Enumerable.Range(1, 1203).Select(n => AnAlert(n, alert => alert["url"] = $"http://app:8000/{n}")));

        (await harness.Client.ScanAsync(Baseline, onProgress: null, Token)).Findings.Count.ShouldBe(1203);

        harness.Zap.Server.Requests.Where(request => request.Path.EndsWith("/alerts/", StringComparison.Ordinal))
            .Select(request => (request.Query["start"], request.Query["count"])).ShouldBe([("0", "500"), ("500", "500"), ("1000", "500")]);
    }

    [Fact]
    public async Task Pages_that_begin_anew_end_the_list_with_an_error()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.ListsAlertsForEver = true;
        harness.Zap.Alerts.AddRange(Enumerable.Range(1, 600).Select(n => AnAlert(n)));

        (await Should.ThrowAsync<ToolException>(harness.Client.ScanAsync(Baseline, onProgress: null, Token))).Message.ShouldContain("circle");

        harness.Zap.Contexts.ShouldBeEmpty();
    }

    [Fact]
    public async Task At_the_deadline_what_runs_is_stopped_and_what_was_found_counts()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.PollsUntilDone = 3;
        harness.Zap.Alerts.Add(AnAlert(1));

        var report = await harness.Client.ScanAsync(Full with { Timeout = TimeSpan.FromSeconds(15) }, onProgress: null, Token);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("Zap:FullTimeout");
        report.Findings.Count.ShouldBe(1);
        harness.Zap.Only("ascan/action/stop").Query["scanId"].ShouldBe("4");
        harness.Zap.Running.ShouldBeEmpty();
        harness.Zap.Contexts.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_deadline_in_the_spider_begins_nothing_more()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.PollsUntilDone = int.MaxValue;

        var report = await harness.Client.ScanAsync(Full with { UsesAjaxSpider = true, Timeout = TimeSpan.FromMinutes(1) }, onProgress: null, Token);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        harness.Zap.Calls.ShouldNotContain("ascan/action/scan");
        harness.Zap.Calls.ShouldNotContain("ajaxSpider/action/scan");
        harness.Zap.Running.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("spider/view/status")]
    [InlineData("ascan/view/status")]
    [InlineData("ajaxSpider/view/status")]
    public async Task A_cancelled_scan_stops_what_it_started_and_removes_its_context(string during)
    {
        await using var harness = await ZapHarness.StartAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var phase = during switch { "spider/view/status" => ZapPhase.Spider, "ascan/view/status" => ZapPhase.ActiveScan, _ => ZapPhase.AjaxSpider };

        await Should.ThrowAsync<OperationCanceledException>(harness.Client.ScanAsync(
            Full with { UsesAjaxSpider = true },
            async (progress, _) =>
            {
                if (progress.Phase == phase)
                {
                    await stop.CancelAsync();
                }
            },
            stop.Token));

        harness.Zap.Calls[^2].ShouldBe($"{during.Split('/')[0]}/action/stop");
        harness.Zap.Calls[^1].ShouldBe("context/action/removeContext");
        harness.Zap.Running.ShouldBeEmpty();
        harness.Zap.Contexts.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failing_scan_stops_what_it_started_and_a_failing_stop_is_told()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.Server.Plan(request => request.Path.Contains("/ascan/view/", StringComparison.Ordinal), Day.Json(400, """{"code":"does_not_exist","message":"Does Not Exist"}"""));
        harness.Zap.Server.Plan(request => request.Path.Contains("/ascan/action/stop", StringComparison.Ordinal), Day.Json(400, """{"code":"internal_error","message":"Internal Error"}"""));

        var problem = await Should.ThrowAsync<ZapRequestException>(harness.Client.ScanAsync(Full, onProgress: null, Token));

        problem.Code.ShouldBe("does_not_exist");
        harness.Zap.Contexts.ShouldBeEmpty();
        harness.Logs.Lines.ShouldContain(line => line.Contains("ascan could not be stopped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_scans_do_not_share_a_session()
    {
        await using var harness = await ZapHarness.StartAsync();

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => harness.Client.ScanAsync(Baseline, onProgress: null, Token)));

        var order = harness.Zap.Calls.Where(call => call is "core/action/newSession" or "context/action/removeContext").ToList();
        order.ShouldBe(Enumerable.Repeat(new[] { "core/action/newSession", "context/action/removeContext" }, 3).SelectMany(each => each));
    }

    [Fact]
    public async Task Short_troubles_are_got_over_where_asking_again_does_no_harm()
    {
        await using var harness = await ZapHarness.StartAsync(("Zap:Timeout", "00:00:01"));
        static bool IsView(RecordedRequest request) => request.Path.Contains("/spider/view/", StringComparison.Ordinal);
        harness.Zap.Server.Plan(IsView, Day.BadGateway, Day.CutHalfway, Day.Slow);
        harness.Zap.Server.Plan(IsView, Day.Throttled("9"));

        var report = await harness.Client.ScanAsync(Baseline, onProgress: null, Token);

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        harness.Clock.Waits.ShouldContain(TimeSpan.FromSeconds(9));
    }

    [Fact]
    public async Task A_scan_is_not_begun_twice_after_an_answer_was_lost()
    {
        await using var harness = await ZapHarness.StartAsync();
        harness.Zap.Server.Plan(request => request.Path.Contains("/spider/action/scan", StringComparison.Ordinal), Day.CutHalfway);

        await Should.ThrowAsync<ToolUnavailableException>(harness.Client.ScanAsync(Baseline, onProgress: null, Token));

        harness.Zap.Calls.Count(call => call is "spider/action/scan").ShouldBe(1);
        harness.Zap.Contexts.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_not_ZAP_s_answer_is_an_error_and_never_an_all_clear()
    {
        await using var harness = await ZapHarness.StartAsync();
        (string Call, Day Day)[] days =
        [
            ("core/view/alerts", Day.Html),
            ("core/view/alerts", Day.TruncatedJson),
            ("core/view/alerts", Day.Json(200, """{"alerts":{}}""")),
            ("core/view/alerts", Day.Json(200, "[]")),
            ("core/view/version", Day.Json(200, """{"version":{}}""")),
            ("spider/action/scan", Day.Json(200, "{}")),
            ("spider/view/status", Day.Json(200, """{"status":"soon"}""")),
            ("pscan/view/recordsToScan", Day.Json(200, """{"recordsToScan":[]}""")),
            ("ajaxSpider/view/status", Day.Json(200, """{"status":"resting"}""")),
            ("context/action/newContext", Day.Json(200, """{"contextId":null}""")),
        ];
        foreach (var (call, day) in days)
        {
            harness.Zap.Server.Plan(request => request.Path.Contains(call, StringComparison.Ordinal), day);

            var problem = await Should.ThrowAsync<ToolException>(harness.Client.ScanAsync(Baseline with { UsesAjaxSpider = true }, onProgress: null, Token), call);

            problem.ShouldBeOfType<ToolException>(call);
            harness.Zap.Contexts.ShouldBeEmpty(call);
        }
    }

    [Fact]
    public async Task A_wrong_key_is_told_whether_ZAP_says_so_or_hangs_up()
    {
        await using var harness = await ZapHarness.StartAsync(("Zap:ApiKey", "another-key"));

        var said = await Should.ThrowAsync<ZapRequestException>(harness.Client.GetVersionAsync(Token));

        (said.Code, said.Message.Contains("Zap:ApiKey", StringComparison.Ordinal)).ShouldBe(("bad_api_key", true));
        said.ToString().ShouldNotContain("another-key");

        harness.Zap.Server.Plan(Day.HangsUp, Day.HangsUp, Day.HangsUp, Day.HangsUp);
        (await Should.ThrowAsync<ToolUnavailableException>(harness.Client.GetVersionAsync(Token))).Message.ShouldContain("Zap:ApiKey");
    }

    [Fact]
    public async Task The_probe_tells_the_version_or_what_is_wrong_or_what_to_set()
    {
        await using var harness = await ZapHarness.StartAsync();
        (await harness.Probe.ProbeAsync(Token)).ShouldBe(new AgentProbeResult(AgentHealth.Healthy, $"ZAP {ZapStandIn.Version}"));
        harness.Zap.Server.Plan(Day.Html);
        (await harness.Probe.ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Unhealthy);

        await using var unset = await ZapHarness.StartAsync(("Zap:Address", null));
        var probed = await unset.Probe.ProbeAsync(Token);
        (probed.Health, probed.Detail.Contains("Zap:Image", StringComparison.Ordinal)).ShouldBe((AgentHealth.NotConfigured, true));
        (await Should.ThrowAsync<ToolException>(unset.Client.ScanAsync(Baseline, onProgress: null, Token))).Message.ShouldContain("Zap:Address");
        unset.Zap.Server.Requests.ShouldBeEmpty();

        await using var image = await ZapHarness.StartAsync(("Zap:Address", null), ("Zap:Image", "zap:1"));
        (await image.Probe.ProbeAsync(Token)).ShouldBe(new AgentProbeResult(AgentHealth.Healthy, "Started from zap:1 for each scan."));
    }

    [Theory]
    [InlineData("Zap:Image", "zap:1", "both set")]
    [InlineData("Zap:Image", " ", "Zap:Image is empty")]
    [InlineData("Zap:Program", "", "Zap:Program is empty")]
    [InlineData("Zap:StartTimeout", "00:00:00", "Zap:StartTimeout is 00:00:00")]
    public async Task A_wrong_setting_is_told_with_what_would_be_right(string key, string value, string told)
    {
        await using var harness = await ZapHarness.StartAsync((key, value));

        Should.Throw<OptionsValidationException>(() => harness.Client).Message.ShouldContain(told);
    }

    private static JsonObject AnAlert(int id, Action<JsonObject>? change = null)
    {
        var alert = new JsonObject
        {
            ["id"] = $"{id}",
            ["pluginId"] = "40018",
            ["alertRef"] = "40018-1",
            ["alert"] = "SQL Injection",
            ["name"] = "SQL Injection",
            ["description"] = "SQL injection may be possible.",
            ["risk"] = "High",
            ["confidence"] = "Medium",
            ["url"] = "http://app:8000/search?q=1",
            ["method"] = "GET",
            ["other"] = "",
            ["param"] = "q",
            ["attack"] = "",
            ["evidence"] = "",
            ["reference"] = "https://cheatsheetseries.owasp.org/cheatsheets/SQL_Injection_Prevention_Cheat_Sheet.html\nhttps://example.org/",
            ["cweid"] = "89",
            ["wascid"] = "19",
            ["sourceid"] = "1",
            ["solution"] = "Do not trust client side input.",
            ["messageId"] = $"{id}",
            ["tags"] = new JsonObject { ["OWASP_2021_A03"] = "https://owasp.org/Top10/A03_2021-Injection/" },
        };
        change?.Invoke(alert);
        return alert;
    }
}
