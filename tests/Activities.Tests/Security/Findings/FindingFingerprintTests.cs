using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using FsCheck;
using FsCheck.Fluent;

using static AtomicDevOps.Activities.Tests.Security.Findings.FindingSamples;

namespace AtomicDevOps.Activities.Tests.Security.Findings;

public sealed class FindingFingerprintTests
{
    [Fact]
    public void A_fingerprint_is_32_hexadecimal_digits()
    {
        Of(Code("Bandit", "B608", "app.py", 7, "CWE-89")).ShouldMatch("^[0-9a-f]{32}$");
    }

    [Fact]
    public void It_stays_when_the_line_moves_and_when_the_words_change()
    {
        var finding = Code("Bandit", "B608", "app.py", 7, "CWE-89");
        var moved = finding with { Location = finding.Location with { StartLine = 70, StartColumn = 3 }, Title = "other", Severity = FindingSeverity.High };

        Of(moved).ShouldBe(Of(finding));
    }

    [Fact]
    public void It_changes_with_the_file_the_line_the_weakness_and_the_kind()
    {
        var finding = Code("Bandit", "B608", "app.py", 7, "CWE-89");

        new[]
        {
            finding,
            finding with { Location = finding.Location with { Path = "other.py" } },
            finding with { Location = finding.Location with { LineDigest = LineDigest.Of("another") } },
            finding with { Weaknesses = ["CWE-79"] },
            finding with { Kind = FindingKind.Application },
        }.Select(Of).ShouldBeUnique();
    }

    [Fact]
    public void It_is_the_same_whichever_tools_saw_it()
    {
        Of(Code("Bandit", "B608", "app.py", 7, "CWE-89")).ShouldBe(Of(Code("Semgrep", "sqli", "app.py", 7, "CWE-20", "CWE-564")));
        Of(Code("Bandit", "B105", "app.py", 7, "CWE-259")).ShouldBe(Of(Secret("Trivy", "github-pat", "app.py", 7)));
    }

    [Fact]
    public void Those_that_are_alike_are_counted_from_the_top_and_others_do_not_count()
    {
        var line = LineDigest.Of("same");
        var top = Code("Bandit", "B608", "app.py", 7, "CWE-89") with { Location = new FindingLocation("app.py", 7) { LineDigest = line } };
        var bottom = top with { Location = top.Location with { StartLine = 9 } };
        var other = Code("Bandit", "B602", "app.py", 1, "CWE-78");

        var both = FindingFingerprint.Assign([bottom, top]);
        var more = FindingFingerprint.Assign([other, bottom, top]);

        both[0].Fingerprint.ShouldNotBe(both[1].Fingerprint);
        both[1].Fingerprint.ShouldBe(Of(top));
        more.Skip(1).Select(finding => finding.Fingerprint).ShouldBe(both.Select(finding => finding.Fingerprint));
    }

    [Fact]
    public void That_of_a_dependency_is_by_name_advisory_and_manifest_and_not_by_version()
    {
        var finding = Dependency("OSV", "Django", "3.2", "PYSEC-1", "CVE-2021-1");

        Of(Dependency("Trivy", "django", "4.0", "CVE-2021-1", "GHSA-1")).ShouldBe(Of(finding));
        new[]
        {
            finding,
            Dependency("OSV", "flask", "3.2", "CVE-2021-1"),
            Dependency("OSV", "django", "3.2", "CVE-2021-2"),
            finding with { Location = new FindingLocation("other/requirements.txt", 1) },
        }.Select(Of).ShouldBeUnique();
    }

    [Theory]
    [InlineData("  x  =\t1 ", "x = 1")]
    [InlineData("x = 1\r", "x = 1")]
    public void White_space_does_not_change_a_lines_digest(string one, string other)
    {
        LineDigest.Of(one).ShouldBe(LineDigest.Of(other));
        LineDigest.Of(one).ShouldNotBe(LineDigest.Of("x = 2"));
    }

    [Fact]
    public void No_secret_can_be_guessed_from_a_lines_digest()
    {
        LineDigest.Of("connect('host', 'hunter1')", "hunter1").ShouldBe(LineDigest.Of("connect('host', 'hunter2')", "hunter2"));
        foreach (var (one, other) in new[]
        {
            ("password = 'hunter1'", "password = 'hunter2'"),
            ("password: hunter1", "password: hunter2"),
            ("-H \"Authorization: hunter1\"", "-H \"Authorization: hunter2\""),
            ("hunter1", "hunter2"),
            ("aHVudGVyMQ==", "aHVudGVyMg=="),
            ("\"hunter1\",", "\"hunter2\","),
        })
        {
            LineDigest.OfSecretLine(one).ShouldBe(LineDigest.OfSecretLine(other), one);
            LineDigest.Of(one, "not on the line as it is").ShouldBe(LineDigest.OfSecretLine(other), one);
        }

        LineDigest.OfSecretLine("password = 'hunter1'").ShouldNotBe(LineDigest.OfSecretLine("token = 'hunter1'"));
    }

    [Fact]
    public void A_hard_coded_credentials_digest_is_set_without_its_value_and_any_others_with_the_whole_line()
    {
        string[] lines = ["import os", "password = 'hunter2'"];

        LineDigest.Set(Code("Bandit", "B105", "app.py", 2), lines).Location.LineDigest.ShouldBe(LineDigest.OfSecretLine(lines[1]));
        LineDigest.Set(Secret("Trivy", "any", "app.py", 2), lines).Location.LineDigest.ShouldBe(LineDigest.OfSecretLine(lines[1]));
        LineDigest.Set(Code("Bandit", "B404", "app.py", 1), lines).Location.LineDigest.ShouldBe(LineDigest.Of(lines[0]));
        LineDigest.Set(Code("Bandit", "B404", "app.py", 3), lines).Location.LineDigest.ShouldBeNull();
    }

    [Fact]
    public void A_moved_finding_is_unchanged_a_new_one_added_and_a_gone_one_fixed()
    {
        var stays = Code("Bandit", "B608", "app.py", 7, "CWE-89");
        var goes = Code("Bandit", "B602", "app.py", 8, "CWE-78");
        var comes = Code("Bandit", "B301", "app.py", 9, "CWE-502");
        var head = FindingFingerprint.Assign([comes, stays with { Location = stays.Location with { StartLine = 70 } }]);
        var target = FindingFingerprint.Assign([stays, goes]);

        var baseline = FindingBaseline.Compare(head, target);

        baseline.Added.ShouldHaveSingleItem().Title.ShouldBe(comes.Title);
        baseline.Fixed.ShouldHaveSingleItem().Title.ShouldBe(goes.Title);
        baseline.Unchanged.ShouldHaveSingleItem().Location.StartLine.ShouldBe(70);
    }

    [Fact]
    public void A_comparison_loses_and_doubles_nothing()
    {
        Prop.ForAll(Lists(), Lists(), (head, target) =>
        {
            var (after, before) = (FindingConsolidation.Consolidate(head), FindingConsolidation.Consolidate(target));
            var baseline = FindingBaseline.Compare(after, before);

            (baseline.Added.Count + baseline.Unchanged.Count).ShouldBe(after.Count);
            (baseline.Fixed.Count + baseline.Unchanged.Count).ShouldBe(before.Count);
            FindingBaseline.Compare(after, after).ShouldSatisfyAllConditions(same => same.Added.ShouldBeEmpty(), same => same.Fixed.ShouldBeEmpty());
            Text(FindingBaseline.Compare(before, after).Fixed).ShouldBe(Text(baseline.Added));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_finding_without_a_fingerprint_is_not_compared()
    {
        Should.Throw<ArgumentException>(() => FindingBaseline.Compare([Code("Bandit", "B608", "app.py", 7)], [])).Message.ShouldContain("no fingerprint");
    }

    private static string Of(Finding finding) => FindingFingerprint.Assign([finding])[0].Fingerprint;
}
