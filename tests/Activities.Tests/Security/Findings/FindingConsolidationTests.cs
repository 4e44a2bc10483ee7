using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using FsCheck;
using FsCheck.Fluent;

using static AtomicDevOps.Activities.Tests.Security.Findings.FindingSamples;

namespace AtomicDevOps.Activities.Tests.Security.Findings;

public sealed class FindingConsolidationTests
{
    [Fact]
    public void The_order_of_reports_and_findings_changes_nothing()
    {
        Prop.ForAll(Lists(), Gen.Choose(0, 1_000_000).ToArbitrary(), (findings, seed) =>
        {
            var expected = Text(FindingConsolidation.Consolidate(findings));
            var shuffled = findings.ToArray();
            new Random(seed).Shuffle(shuffled);
            var reports = shuffled.Chunk(3).Select(chunk => new ScanReport("any", ScanOutcome.Checked) { Findings = chunk });

            Text(FindingConsolidation.Consolidate(reports)).ShouldBe(expected);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Doing_it_again_changes_nothing()
    {
        Prop.ForAll(Lists(), findings =>
        {
            var once = FindingConsolidation.Consolidate(findings);

            Text(FindingConsolidation.Consolidate(once)).ShouldBe(Text(once));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_evidence_is_in_exactly_one_finding_and_nothing_else_is()
    {
        Prop.ForAll(Lists(), findings =>
        {
            var evidence = FindingConsolidation.Consolidate(findings).SelectMany(finding => finding.Evidence).Select(one => one.ToString());

            evidence.Order(StringComparer.Ordinal).ShouldBe(findings.SelectMany(finding => finding.Evidence).Select(one => one.ToString()).Order(StringComparer.Ordinal));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void No_two_findings_have_one_fingerprint()
    {
        Prop.ForAll(Lists(), findings =>
            FindingConsolidation.Consolidate(findings).Select(finding => finding.Fingerprint).ShouldBeUnique()).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("CWE-89", "CWE-89", true)]
    [InlineData("CWE-89", "CWE-089", true)]
    [InlineData("CWE-564", "CWE-89", true)]
    [InlineData("CWE-89", "CWE-79", false)]
    [InlineData("CWE-90", "CWE-89", false)]
    public void Two_tools_mean_the_same_where_their_weaknesses_are_one_or_one_is_the_others_next_wider(string one, string other, bool same)
    {
        var found = FindingConsolidation.Consolidate([Code("Bandit", "B608", "app.py", 7, one), Code("Semgrep", "sqli", "app.py", 7, other)]);

        found.Count.ShouldBe(same ? 1 : 2);
    }

    [Fact]
    public void Other_files_lines_and_kinds_stay_apart()
    {
        var first = Code("Bandit", "B608", "app.py", 7, "CWE-89");

        FindingConsolidation.Consolidate(
        [
            first,
            first with { Location = new FindingLocation("other.py", 7) },
            first with { Location = new FindingLocation("app.py", 8) },
            first with { Kind = FindingKind.Application },
        ]).Count.ShouldBe(4);
    }

    [Fact]
    public void A_range_counts_with_its_first_ten_lines_and_the_most_precise_place_is_kept()
    {
        var range = Code("CodeQL", "py/sql-injection", "app.py", 1, "CWE-89") with { Location = new FindingLocation("app.py", 1) { EndLine = 40 } };
        var precise = Code("Semgrep", "sqli", "app.py", 10, "CWE-89") with { Location = new FindingLocation("app.py", 10) { StartColumn = 3, EndColumn = 9 } };

        FindingConsolidation.Consolidate([range, precise]).ShouldHaveSingleItem().Location.ShouldBe(precise.Location);
        FindingConsolidation.Consolidate([range, precise with { Location = new FindingLocation("app.py", 11) }]).Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("B105")]
    [InlineData("B106")]
    [InlineData("B107")]
    public void A_hard_coded_password_and_a_secret_on_one_line_are_one_secret(string rule)
    {
        var found = FindingConsolidation.Consolidate([Code("Bandit", rule, "app.py", 3), Secret("Trivy", "github-pat", "app.py", 3)]).ShouldHaveSingleItem();

        found.Kind.ShouldBe(FindingKind.Secret);
        found.Evidence.Select(evidence => evidence.Tool).ShouldBe(["Bandit", "Trivy"]);
    }

    [Theory]
    [InlineData("B307", "CWE-78", "python-code-injection", "CWE-95")]
    [InlineData("B102", "CWE-78", "python-code-injection", "CWE-95")]
    [InlineData("B701", "CWE-94", "python-template-without-escapes", "CWE-79")]
    public void Rules_that_mean_the_same_are_one_finding_though_their_weaknesses_differ(string bandit, string weakness, string grep, string other)
    {
        FindingConsolidation.Consolidate([Code("Bandit", bandit, "app.py", 3, weakness), Code("ast-grep", grep, "app.py", 3, other)])
            .ShouldHaveSingleItem().Evidence.Select(evidence => evidence.Rule).ShouldBe([bandit, grep]);
        FindingConsolidation.Consolidate([Code("Bandit", bandit, "app.py", 3, weakness), Code("ast-grep", grep, "app.py", 4, other)]).Count.ShouldBe(2);
    }

    [Fact]
    public void A_root_user_is_said_once_a_file()
    {
        var trivy = Code("Trivy", "DS002", "Dockerfile", 1) with { Kind = FindingKind.Infrastructure };
        var hadolint = Code("Hadolint", "DL3002", "Dockerfile", 9) with { Kind = FindingKind.Infrastructure };

        FindingConsolidation.Consolidate([trivy, hadolint]).ShouldHaveSingleItem();
        FindingConsolidation.Consolidate([trivy, hadolint with { Location = new FindingLocation("other/Dockerfile", 1) }]).Count.ShouldBe(2);
    }

    [Fact]
    public void Advisories_that_are_tied_by_aliases_are_one_finding_by_the_best_known_id()
    {
        var found = FindingConsolidation.Consolidate(
        [
            Dependency("OSV", "Django", "3.2", "PYSEC-2021-9", "CVE-2021-1") with { Package = new("PyPI", "Django", "3.2", "PYSEC-2021-9") { Aliases = ["CVE-2021-1"], FixedVersion = "3.2.4" } },
            Dependency("Snyk", "django", "3.2.0", "SNYK-PYTHON-DJANGO-1", "ghsa-aaaa"),
            Dependency("Trivy", "django", "3.2", "CVE-2021-1", "GHSA-aaaa") with { Package = new("PyPI", "django", "3.2", "CVE-2021-1") { Aliases = ["GHSA-aaaa"], FixedVersion = "3.2.10", IsDirect = false } },
        ]).ShouldHaveSingleItem();

        found.Package!.Advisory.ShouldBe("CVE-2021-1");
        found.Package.Aliases.Count.ShouldBe(3);
        found.Package.Aliases[0].ShouldBe("GHSA-aaaa", StringCompareShould.IgnoreCase);
        found.Package.FixedVersion.ShouldBe("3.2.10");
        found.Package.IsDirect.ShouldBeTrue();
    }

    [Fact]
    public void Two_versions_of_a_package_on_different_lines_of_a_lock_are_two_findings()
    {
        var one = Dependency("OSV", "django", "3.2", "CVE-1");
        var other = Dependency("OSV", "django", "4.0", "CVE-1") with { Location = new FindingLocation("requirements.txt", 2) };

        var found = FindingConsolidation.Consolidate([one, other]);

        found.Count.ShouldBe(2);
        found.Select(finding => finding.Fingerprint).ShouldBeUnique();
    }

    [Fact]
    public void A_computed_score_wins_over_a_tools_own_word_and_the_worst_of_several_counts()
    {
        var loud = Dependency("Loud", "django", "3.2", "CVE-1") with { Severity = FindingSeverity.Critical, Score = 9.9 };
        var medium = Dependency("OSV", "django", "3.2", "CVE-1") with { Severity = FindingSeverity.Low, Vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N" };
        var high = Dependency("Trivy", "django", "3.2", "CVE-1") with { Severity = FindingSeverity.Low, Vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N" };

        var one = FindingConsolidation.Consolidate([loud, medium]).ShouldHaveSingleItem();
        var other = FindingConsolidation.Consolidate([loud, medium, high]).ShouldHaveSingleItem();
        var word = FindingConsolidation.Consolidate([loud, loud with { Severity = FindingSeverity.Low }]).ShouldHaveSingleItem();

        (one.Severity, one.Score).ShouldBe((FindingSeverity.Medium, 6.1));
        (other.Severity, other.Score, other.Vector).ShouldBe((FindingSeverity.High, 7.5, high.Vector));
        word.Severity.ShouldBe(FindingSeverity.Critical);
    }

    [Fact]
    public void Twenty_thousand_findings_on_one_line_are_one_list_in_time()
    {
        var same = Enumerable.Range(0, 20_000).Select(index => Code("Bandit", $"B{index}", "app.py", 1, "CWE-89")).ToArray();

        var clock = System.Diagnostics.Stopwatch.StartNew();
        FindingConsolidation.Consolidate(same).ShouldHaveSingleItem().Evidence.Count.ShouldBe(20_000);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }
}
