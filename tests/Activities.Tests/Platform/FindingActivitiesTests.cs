using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tests.Security.Findings;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.KnownExploited;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Platform;

public sealed class FindingActivitiesTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 23, 0, 0, TimeSpan.Zero);
    private static readonly Finding Old = FindingSamples.Code("Bandit", "B608", "a.py", 1, "CWE-89");
    private static readonly Finding Severe = FindingSamples.Code("Bandit", "B602", "b.py", 2, "CWE-78") with { Severity = FindingSeverity.High };
    private static readonly Finding Mild = FindingSamples.Code("Bandit", "B311", "c.py", 3, "CWE-330") with { Severity = FindingSeverity.Low };
    private static readonly Finding Secret = FindingSamples.Secret("Bandit", "B105", "d.py", 4);

    private readonly TemporaryDirectory _directory = new();
    private readonly FileArtifactStore _artifacts;

    public FindingActivitiesTests() => _artifacts = RealTools.Artifacts(_directory);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_change_answers_for_what_it_adds()
    {
        var scan = await ScanAsync("one", [Old, Severe, Mild, Secret], [Old, FindingSamples.Code("Bandit", "B101", "e.py", 5)]);

        var assessment = await AssessAsync(new AssessmentRequest("run-1", [scan], new SecurityConfiguration(), Now));

        assessment.Outcome.ShouldBe(SecurityGateOutcome.Failed);
        assessment.Counts.ShouldBe(new FindingCounts(Added: 3, Blocking: 2, Fixed: 1, Unchanged: 1, Suppressed: 0));
        assessment.Findings.Select(finding => (finding.Path, finding.Blocks)).ShouldBe([("b.py", true), ("c.py", false), ("d.py", true)], ignoreOrder: true);
        assessment.Findings.Single(finding => finding.Path is "b.py").Id.ShouldBe("CWE-78");
        assessment.Reasons.Count.ShouldBe(2);
        var list = await _artifacts.ReadJsonAsync<IReadOnlyList<Finding>>(assessment.List.Key, Token);
        list.Count.ShouldBe(4);
        list[^1].Location.Path.ShouldBe("a.py");
        list.ShouldAllBe(finding => finding.Fingerprint.Length == 32);
    }

    [Fact]
    public async Task What_is_known_to_be_exploited_goes_first_and_blocks_whichever_tool_found_it()
    {
        var dependency = FindingSamples.Dependency("Snyk", "lodash", "4.17.0", "SNYK-1", "CVE-2021-44228") with { Severity = FindingSeverity.Low };
        var scan = await ScanAsync("one", [Severe, dependency]);

        var assessment = await AssessAsync(
            new AssessmentRequest("run-1", [scan], new SecurityConfiguration(), Now),
            () => new KnownExploitedVulnerabilities("1", Now, new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "cve-2021-44228" }));

        assessment.Findings[0].Kind.ShouldBe(FindingKind.Dependency);
        assessment.Findings.ShouldAllBe(finding => finding.Blocks);
        (await _artifacts.ReadJsonAsync<IReadOnlyList<Finding>>(assessment.List.Key, Token)).Select(finding => finding.KnownExploited).ShouldBe([true, false]);
    }

    [Fact]
    public async Task A_catalogue_that_cannot_be_read_is_not_checked_where_it_would_matter()
    {
        Func<KnownExploitedVulnerabilities?> broken = () => throw new ToolException("KEV catalogue", "It is broken.");
        var code = await AssessAsync(new AssessmentRequest("run-1", [await ScanAsync("one", [Severe])], new SecurityConfiguration(), Now), broken);
        var dependency = await AssessAsync(
            new AssessmentRequest("run-1", [await ScanAsync("two", [FindingSamples.Dependency("OSV", "django", "3.2.0", "A-1")])], new SecurityConfiguration(), Now), broken);

        code.Scanners.ShouldHaveSingleItem().Tool.ShouldBe("Bandit");
        dependency.Scanners.Select(scanner => (scanner.Tool, scanner.Outcome)).ShouldBe([("Bandit", ScanOutcome.Checked), ("KEV catalogue", ScanOutcome.NotChecked)]);
        dependency.Scanners[1].Reason.ShouldNotBeNull().ShouldContain("broken");
    }

    [Fact]
    public async Task Without_a_base_everything_counts_as_added()
    {
        var assessment = await AssessAsync(new AssessmentRequest("run-1", [await ScanAsync("one", [Old, Severe])], new SecurityConfiguration(), Now));

        assessment.Counts.ShouldBe(new FindingCounts(2, 1, 0, 0, 0));
    }

    [Fact]
    public async Task A_branch_as_it_stands_is_reported_on_and_holds_nothing_back()
    {
        var assessment = await AssessAsync(new AssessmentRequest("run-1", [await ScanAsync("one", [Severe, Secret])], new SecurityConfiguration(), Now) { MayBlock = false });

        assessment.Outcome.ShouldBe(SecurityGateOutcome.Passed);
        assessment.Counts.ShouldBe(new FindingCounts(2, 0, 0, 0, 0));
        assessment.Findings.ShouldAllBe(finding => !finding.Blocks);
        assessment.Reasons.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(NotCheckedPolicy.Warn, SecurityGateOutcome.NotChecked)]
    [InlineData(NotCheckedPolicy.Fail, SecurityGateOutcome.Failed)]
    public async Task An_expert_that_is_missing_did_not_check(NotCheckedPolicy policy, SecurityGateOutcome outcome)
    {
        var assessment = await AssessAsync(
            new AssessmentRequest("run-1", [await ScanAsync("one", [])], new SecurityConfiguration { NotChecked = policy }, Now) { Missing = [new MissingScan("ScaExpert", "It is switched off.")] });

        assessment.Outcome.ShouldBe(outcome);
        assessment.Scanners.Select(scanner => (scanner.Tool, scanner.Outcome)).ShouldBe([("Bandit", ScanOutcome.Checked), ("ScaExpert", ScanOutcome.NotChecked)]);
        assessment.Reasons.ShouldHaveSingleItem().ShouldContain("ScaExpert did not check");
    }

    [Fact]
    public async Task A_suppression_counts_to_its_last_day()
    {
        var suppression = new Suppression { Rule = "B602", Reason = "No shell.", Owner = "ada", Until = new DateOnly(2026, 6, 1) };
        var scan = await ScanAsync("one", [Severe]);
        var security = new SecurityConfiguration { Suppressions = [suppression] };

        var last = await AssessAsync(new AssessmentRequest("run-1", [scan], security, Now));
        last.Outcome.ShouldBe(SecurityGateOutcome.Passed);
        last.Counts.ShouldBe(new FindingCounts(0, 0, 0, 0, Suppressed: 1));
        last.Expired.ShouldBeEmpty();

        var after = await AssessAsync(new AssessmentRequest("run-1", [scan], security, Now.AddHours(1)));
        after.Outcome.ShouldBe(SecurityGateOutcome.Failed);
        after.Expired.ShouldHaveSingleItem().ShouldContain("ada");
    }

    [Fact]
    public async Task What_two_experts_say_of_one_weakness_is_one_finding()
    {
        var one = await ScanAsync("one", [Old]);
        var other = await ScanAsync("two", [Old with { Evidence = [new FindingEvidence("ast-grep", "python-sql-injection")] }]);

        var assessment = await AssessAsync(new AssessmentRequest("run-1", [one, other], new SecurityConfiguration { Threshold = FindingSeverity.Medium }, Now));

        assessment.Counts.Added.ShouldBe(1);
        assessment.Findings.ShouldHaveSingleItem().Tools.ShouldBe(["Bandit", "ast-grep"], ignoreOrder: true);
    }

    [Fact]
    public async Task More_findings_than_people_read_are_in_the_list_only()
    {
        var many = Enumerable.Range(1, 60).Select(line => FindingSamples.Code("Bandit", "B602", $"f{line}.py", line, "CWE-78") with { Severity = FindingSeverity.High }).ToArray();

        var assessment = await AssessAsync(new AssessmentRequest("run-1", [await ScanAsync("one", many)], new SecurityConfiguration(), Now));

        assessment.Counts.ShouldBe(new FindingCounts(60, 60, 0, 0, 0));
        (assessment.Findings.Count, assessment.Reasons.Count).ShouldBe((50, 50));
        (await _artifacts.ReadJsonAsync<IReadOnlyList<Finding>>(assessment.List.Key, Token)).Count.ShouldBe(60);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    public async Task A_report_that_cannot_be_read_is_told(string content)
    {
        var stored = await _artifacts.WriteAsync("run-1/bad.json", async (stream, token) => await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(content), token), Token);

        (await Should.ThrowAsync<ToolException>(() => AssessAsync(new AssessmentRequest("run-1", [new ScanResult(stored, null, [])], new SecurityConfiguration(), Now))))
            .Message.ShouldContain("run-1/bad.json");
    }

    private Task<Assessment> AssessAsync(AssessmentRequest request, Func<KnownExploitedVulnerabilities?>? exploited = null) =>
        new FindingActivities(_artifacts, RealTools.Redactor, new OptionsManager<PlatformOptions>(new OptionsFactory<PlatformOptions>([], [])), new ScriptedCatalogue(exploited)).AssessAsync(request, Token);

    private async Task<ScanResult> ScanAsync(string name, Finding[] head, Finding[]? @base = null)
    {
        var report = new ScanReport("Bandit", ScanOutcome.Checked) { Findings = head };
        return new ScanResult(
            await _artifacts.WriteJsonAsync($"run-1/{name}-head.json", new[] { report }, Token),
            @base is null ? null : await _artifacts.WriteJsonAsync($"run-1/{name}-base.json", new[] { report with { Findings = @base } }, Token),
            [new ScannerOutcome("Bandit", ScanOutcome.Checked, head.Length)]);
    }
}
