using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using FsCheck;
using FsCheck.Fluent;

using static AtomicDevOps.Activities.Tests.Security.Findings.FindingSamples;

namespace AtomicDevOps.Activities.Tests.Security.Findings;

public sealed class SecurityGateTests
{
    private static readonly DateOnly Today = new(2026, 11, 22);
    private static readonly ScanReport Checked = new("Bandit", ScanOutcome.Checked);
    private static readonly ScanReport Missing = new("Trivy", ScanOutcome.NotChecked) { Reason = "It is not installed." };

    private static readonly Suppression Sample = new() { Rule = "B608", Reason = "Only constants.", Owner = "ada", Until = Today };

    [Theory]
    [InlineData(FindingSeverity.Critical, FindingSeverity.High, true)]
    [InlineData(FindingSeverity.High, FindingSeverity.High, true)]
    [InlineData(FindingSeverity.Medium, FindingSeverity.High, false)]
    [InlineData(FindingSeverity.Unknown, FindingSeverity.Critical, false)]
    [InlineData(FindingSeverity.Unknown, FindingSeverity.High, true)]
    [InlineData(FindingSeverity.High, FindingSeverity.Unknown, true)]
    [InlineData(FindingSeverity.Medium, FindingSeverity.Unknown, false)]
    public void Findings_block_from_the_threshold_on(FindingSeverity severity, FindingSeverity threshold, bool blocks)
    {
        var finding = Code("Bandit", "B608", "app.py", 7) with { Severity = severity };

        var result = new SecurityGate { Threshold = threshold }.Evaluate([finding], [Checked]);

        result.Outcome.ShouldBe(blocks ? SecurityGateOutcome.Failed : SecurityGateOutcome.Passed);
        result.Blocking.Count.ShouldBe(blocks ? 1 : 0);
        result.Reasons.Count.ShouldBe(blocks ? 1 : 0);
    }

    [Fact]
    public void A_secret_and_what_is_known_to_be_exploited_always_block()
    {
        var secret = Secret("Trivy", "key", "app.py", 1) with { Severity = FindingSeverity.Low };
        var exploited = Code("Bandit", "B608", "app.py", 7) with { Severity = FindingSeverity.None, KnownExploited = true };

        var result = new SecurityGate { Threshold = FindingSeverity.Critical }.Evaluate([secret, exploited], [Checked]);

        result.Blocking.ShouldBe([exploited, secret]);
        result.Reasons[0].ShouldBe("B608 of Bandit (app.py:7): it is known to be exploited, which always blocks.");
        result.Reasons[1].ShouldContain("a secret in the repository always blocks");
    }

    [Theory]
    [InlineData(ScanOutcome.NotChecked, NotCheckedPolicy.Warn, SecurityGateOutcome.NotChecked)]
    [InlineData(ScanOutcome.PartlyChecked, NotCheckedPolicy.Warn, SecurityGateOutcome.NotChecked)]
    [InlineData(ScanOutcome.NotChecked, NotCheckedPolicy.Fail, SecurityGateOutcome.Failed)]
    [InlineData(ScanOutcome.PartlyChecked, NotCheckedPolicy.Fail, SecurityGateOutcome.Failed)]
    [InlineData(ScanOutcome.NotApplicable, NotCheckedPolicy.Fail, SecurityGateOutcome.Passed)]
    public void A_tool_that_did_not_look_is_never_taken_for_clean(ScanOutcome outcome, NotCheckedPolicy policy, SecurityGateOutcome expected)
    {
        var result = new SecurityGate { NotChecked = policy }.Evaluate([], [Checked, Missing with { Outcome = outcome }]);

        result.Outcome.ShouldBe(expected);
        if (expected != SecurityGateOutcome.Passed)
        {
            result.Reasons.ShouldHaveSingleItem().ShouldContain("It is not installed.");
        }
    }

    [Fact]
    public void Without_any_tool_nothing_is_checked()
    {
        new SecurityGate().Evaluate([], []).Outcome.ShouldBe(SecurityGateOutcome.NotChecked);
        new SecurityGate { NotChecked = NotCheckedPolicy.Fail }.Evaluate([], []).Outcome.ShouldBe(SecurityGateOutcome.Failed);
    }

    [Fact]
    public void What_blocks_fails_even_where_a_tool_did_not_look()
    {
        var finding = Code("Bandit", "B608", "app.py", 7) with { Severity = FindingSeverity.High };

        var result = new SecurityGate().Evaluate([finding], [Checked, Missing]);

        result.Outcome.ShouldBe(SecurityGateOutcome.Failed);
        result.Reasons.Count.ShouldBe(2);
    }

    [Fact]
    public void The_most_urgent_come_first()
    {
        var plain = Code("Bandit", "B608", "b.py", 7);
        var other = Code("Bandit", "B608", "a.py", 9);
        var worse = Code("Bandit", "B608", "z.py", 7) with { Severity = FindingSeverity.Critical };
        var scored = worse with { Score = 9.8 };
        var reached = Code("Bandit", "B608", "z.py", 7) with { Severity = FindingSeverity.Low, Reachable = true };
        var unreached = Code("Bandit", "B608", "z.py", 7) with { Severity = FindingSeverity.Critical, Reachable = false };
        var exploited = plain with { KnownExploited = true };

        FindingPriority.Order([unreached, plain, other, worse, scored, reached, exploited]).ShouldBe([exploited, reached, scored, worse, other, plain, unreached]);
    }

    [Fact]
    public void The_order_is_total()
    {
        Prop.ForAll(Lists(), Gen.Choose(0, 1_000_000).ToArbitrary(), (findings, seed) =>
        {
            var shuffled = findings.ToArray();
            new Random(seed).Shuffle(shuffled);
            Text(FindingPriority.Order(shuffled)).ShouldBe(Text(FindingPriority.Order(findings)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_suppression_counts_through_its_last_day_and_is_told_when_it_is_past()
    {
        Finding[] findings = [Code("Bandit", "B608", "app.py", 7)];

        var today = Suppression.Apply(findings, [Sample], Today);
        var tomorrow = Suppression.Apply(findings, [Sample], Today.AddDays(1));

        today.Open.ShouldBeEmpty();
        today.Suppressed.ShouldHaveSingleItem().Suppression.ShouldBe(Sample);
        today.Expired.ShouldBeEmpty();
        tomorrow.Open.ShouldBe(findings);
        tomorrow.Suppressed.ShouldBeEmpty();
        tomorrow.Expired.ShouldBe([Sample]);
    }

    [Fact]
    public void A_suppression_that_fits_nothing_is_told()
    {
        Suppression.Apply([Code("Bandit", "B602", "app.py", 7)], [Sample], Today).Unused.ShouldBe([Sample]);
    }

    [Fact]
    public void All_that_a_suppression_gives_has_to_fit()
    {
        var finding = FindingFingerprint.Assign([Code("Bandit", "B608", "src/app.py", 7, "CWE-89")])[0];
        var dependency = Dependency("OSV", "Django", "3.2", "PYSEC-1", "CVE-2021-1");

        (Sample with { Rule = "Bandit/b608" }).Fits(finding).ShouldBeTrue();
        (Sample with { Rule = "Semgrep/B608" }).Fits(finding).ShouldBeFalse();
        (Sample with { Path = "src/**" }).Fits(finding).ShouldBeTrue();
        (Sample with { Path = "**/*.py" }).Fits(finding).ShouldBeTrue();
        (Sample with { Path = "src" }).Fits(finding).ShouldBeFalse();
        (Sample with { Path = "tests/**" }).Fits(finding).ShouldBeFalse();
        (Sample with { Weakness = "CWE-79" }).Fits(finding).ShouldBeFalse();
        (Sample with { Rule = null, Weakness = "cwe-089" }).Fits(finding).ShouldBeTrue();
        (Sample with { Rule = null, Fingerprint = finding.Fingerprint }).Fits(finding).ShouldBeTrue();
        (Sample with { Rule = null, Advisory = "cve-2021-1" }).Fits(dependency).ShouldBeTrue();
        (Sample with { Rule = null, Advisory = "CVE-2021-1", Package = "django" }).Fits(dependency).ShouldBeTrue();
        (Sample with { Rule = null, Advisory = "CVE-2021-1", Package = "flask" }).Fits(dependency).ShouldBeFalse();
        (Sample with { Rule = null }).Fits(finding).ShouldBeFalse();
    }

    [Fact]
    public void A_suppression_without_what_it_needs_counts_for_nothing_and_is_told_why()
    {
        Sample.Problems().ShouldBeEmpty();
        foreach (var (broken, part) in new[]
        {
            (Sample with { Reason = " " }, "no reason"),
            (Sample with { Owner = null }, "no owner"),
            (Sample with { Until = null }, "no end"),
            (Sample with { Rule = null }, "does not say what it suppresses"),
            (Sample with { Rule = "" }, "rule is empty"),
            (Sample with { Weakness = "SQL" }, "'SQL' is no weakness"),
            (Sample with { Fingerprint = "12" }, "'12' is no fingerprint"),
            (Sample with { Path = "../other" }, "'../other' is no path"),
        })
        {
            broken.Problems().ShouldHaveSingleItem().ShouldContain(part);
            broken.Counts(Today).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("CWE-89", "CWE-89")]
    [InlineData("cwe-089", "CWE-89")]
    [InlineData("external/cwe/cwe-089", "CWE-89")]
    [InlineData("CWE-89: SQL Injection", "CWE-89")]
    [InlineData("CWE 89", "CWE-89")]
    [InlineData("89", "CWE-89")]
    [InlineData("CWE-", null)]
    [InlineData("CWE-0", null)]
    [InlineData("CWE-89x", null)]
    [InlineData("CVE-2021-1", null)]
    [InlineData("CWE-12345678901234567890", null)]
    [InlineData("", null)]
    public void Spellings_of_a_weakness_are_one(string text, string? weakness)
    {
        Weakness.Normalize(text).ShouldBe(weakness);
    }
}
