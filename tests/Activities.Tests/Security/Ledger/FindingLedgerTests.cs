using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Ledger;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Json;
using FsCheck;
using FsCheck.Fluent;

using static AtomicDevOps.Activities.Tests.Security.Findings.FindingSamples;

namespace AtomicDevOps.Activities.Tests.Security.Ledger;

public sealed class FindingLedgerTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly FindingDeadlines Deadlines = new();
    private static readonly FindingLedger Main = new(new RepositoryName("octo", "hello"), "refs/heads/main");
    private static readonly Finding Injection = Of(Code("Bandit", "B608", "app.py", 7, "CWE-89") with { Severity = FindingSeverity.High });
    private static readonly Finding Django = Of(Dependency("OSV", "django", "3.2", "PYSEC-1") with { Severity = FindingSeverity.Critical });

    [Fact]
    public void A_finding_s_clock_runs_from_first_seen_to_the_first_scan_without_it()
    {
        var ledger = Record(Record(Record(Record(Main, 0, [Injection]), 3, [Injection]), 5, []), 9, []);

        var entry = ledger.Entries.ShouldHaveSingleItem();
        (entry.FirstSeen, entry.LastSeen, entry.FixedAt, entry.State).ShouldBe((Day(0), Day(3), Day(5), FindingState.Fixed));
        entry.TimeToPatch.ShouldBe(TimeSpan.FromDays(5));
        ledger.Latest!.At.ShouldBe(Day(9));
    }

    [Theory]
    [InlineData(FindingSeverity.Critical, 7)]
    [InlineData(FindingSeverity.High, 30)]
    [InlineData(FindingSeverity.Medium, 90)]
    [InlineData(FindingSeverity.Unknown, 90)]
    [InlineData(FindingSeverity.Low, 180)]
    [InlineData(FindingSeverity.None, null)]
    public void A_finding_is_due_by_its_severity(FindingSeverity severity, int? days)
    {
        var entry = Record(Main, 0, [Injection with { Severity = severity }]).Entries.ShouldHaveSingleItem();

        entry.Due.ShouldBe(days is { } some ? Day(some) : null);
        entry.IsOverdue(Day(days ?? 0)).ShouldBeFalse();
        entry.IsOverdue(Day(days ?? 0).AddTicks(1)).ShouldBe(days is not null);
    }

    [Fact]
    public void A_severity_that_changes_moves_the_due_time_and_not_the_clock()
    {
        var entry = Record(Record(Main, 0, [Injection]), 4, [Injection with { Severity = FindingSeverity.Critical }]).Entries.ShouldHaveSingleItem();

        (entry.FirstSeen, entry.Due).ShouldBe((Day(0), Day(7)));
    }

    [Fact]
    public void One_that_comes_back_goes_on_with_its_first_clock()
    {
        var ledger = Record(Record(Record(Main, 0, [Injection]), 2, []), 4, [Injection]);

        var entry = ledger.Entries.ShouldHaveSingleItem();
        (entry.FirstSeen, entry.LastSeen, entry.FixedAt).ShouldBe((Day(0), Day(4), null));
    }

    [Theory]
    [InlineData(ScanOutcome.Checked, ScanOutcome.Checked, true)]
    [InlineData(ScanOutcome.Checked, ScanOutcome.NotApplicable, true)]
    [InlineData(ScanOutcome.Checked, ScanOutcome.PartlyChecked, false)]
    [InlineData(ScanOutcome.Checked, ScanOutcome.NotChecked, false)]
    [InlineData(ScanOutcome.PartlyChecked, ScanOutcome.PartlyChecked, true)]
    [InlineData(ScanOutcome.PartlyChecked, ScanOutcome.NotChecked, false)]
    public void A_tool_that_looked_at_less_clears_nothing(ScanOutcome before, ScanOutcome now, bool isFixed)
    {
        var ledger = Main.Record(Scan(0, ("Bandit", before)), new ScanRecord([Injection], []), Deadlines)
            .Record(Scan(1, ("Bandit", now)), new ScanRecord([], []), Deadlines);

        ledger.Entries.ShouldHaveSingleItem().State.ShouldBe(isFixed ? FindingState.Fixed : FindingState.Open);
    }

    [Fact]
    public void Every_tool_that_found_it_has_to_look_again()
    {
        var both = Injection with { Evidence = [new FindingEvidence("Bandit", "B608"), new FindingEvidence("Semgrep", "sql")] };
        var seen = Main.Record(Scan(0, ("Bandit", ScanOutcome.Checked), ("Semgrep", ScanOutcome.Checked)), new ScanRecord([both], []), Deadlines);
        var half = seen.Record(Scan(1, ("Bandit", ScanOutcome.Checked), ("Semgrep", ScanOutcome.NotChecked)), new ScanRecord([], []), Deadlines);
        var gone = half.Record(Scan(2, ("Bandit", ScanOutcome.Checked)), new ScanRecord([], []), Deadlines);
        var whole = gone.Record(Scan(3, ("Bandit", ScanOutcome.Checked), ("semgrep", ScanOutcome.Checked)), new ScanRecord([], []), Deadlines);

        new[] { seen, half, gone, whole }.Select(ledger => ledger.Entries.Single().FixedAt).ShouldBe([null, null, null, Day(3)]);
    }

    [Fact]
    public void A_suppression_is_kept_with_its_word_and_ends_with_it()
    {
        var suppression = new Suppression { Rule = "B608", Reason = "Only constants.", Owner = "ada", Until = new DateOnly(2026, 3, 2) };
        var suppressed = Main.Record(Scan(0), new ScanRecord([], []) { AddedSuppressed = [new SuppressedFinding(Injection, suppression)] }, Deadlines);
        var entry = suppressed.Entries.ShouldHaveSingleItem();

        (entry.State, entry.IsOverdue(Day(1_000))).ShouldBe((FindingState.Suppressed, false));
        entry.Suppression.ShouldBe(new FindingSuppression("Only constants.", "ada", new DateOnly(2026, 3, 2)));
        Record(suppressed, 2, [Injection]).Entries.ShouldHaveSingleItem().State.ShouldBe(FindingState.Open);
    }

    [Fact]
    public void A_pull_request_s_findings_are_those_that_it_adds()
    {
        var suppression = new Suppression { Rule = "B1", Reason = "r", Owner = "o", Until = new DateOnly(2027, 1, 1) };
        var other = Of(Code("Bandit", "B1", "b.py", 1));
        var found = new ScanRecord([Injection], [Django]) { UnchangedSuppressed = [new SuppressedFinding(other, suppression)] };

        (Main with { Reference = "refs/pull/12" }).Record(Scan(0), found, Deadlines).Entries.ShouldHaveSingleItem().Finding.ShouldBe(Injection);
        Main.Record(Scan(0), found, Deadlines).Entries.Count.ShouldBe(3);
    }

    [Fact]
    public void The_same_scan_recorded_twice_changes_nothing()
    {
        var once = Record(Main, 0, [Injection]);

        Record(once, 0, [Injection]).ShouldBeSameAs(once);
        Record(once, 0, [Django]).ShouldBeSameAs(once, "a time and a commit are one scan");
    }

    [Fact]
    public void Another_scan_of_the_same_commit_tells_what_became_known_meanwhile()
    {
        var once = Main.Record(Scan(0), new ScanRecord([], []), Deadlines);
        var again = once.Record(Scan(1) with { CommitSha = Scan(0).CommitSha }, new ScanRecord([Django], []), Deadlines);

        again.Entries.ShouldHaveSingleItem().FirstSeen.ShouldBe(Day(1));
    }

    [Fact]
    public void Of_many_the_most_urgent_and_the_last_fixed_are_kept()
    {
        var many = FindingFingerprint.Assign([.. Enumerable.Range(1, FindingLedger.MostOpen + 3).Select(line => Code("Bandit", "B1", $"f{line}.py", line))]);
        var ledger = Record(Main, 0, [.. many, Injection]);

        (ledger.Entries.Count, ledger.LeftOut, ledger.Entries[0].Finding).ShouldBe((FindingLedger.MostOpen, 4, Injection));
        var cleared = Record(ledger, 1, []);
        (cleared.Entries.Count, cleared.LeftOut).ShouldBe((FindingLedger.MostFixed, 0));
    }

    [Fact]
    public void What_was_fixed_long_ago_stays_so_when_its_scan_is_forgotten()
    {
        var ledger = Record(Record(Main, 0, [Injection]), 1, []);
        for (var day = 2; day < FindingLedger.MostScans + 10; day++)
        {
            ledger = Record(ledger, day, []);
        }

        ledger.Scans.Count.ShouldBe(FindingLedger.MostScans);
        ledger.Entries.ShouldHaveSingleItem().FixedAt.ShouldBe(Day(1));
        Record(ledger, 3, [Injection]).ShouldBeSameAs(ledger, "that scan is older than all that are kept");
    }

    [Fact]
    public void In_whatever_order_scans_are_recorded_and_however_often_the_ledger_ends_the_same()
    {
        Prop.ForAll(History().ToArbitrary(), history =>
        {
            var inOrder = history.Scans.Aggregate(Main, (ledger, each) => ledger.Record(each.Scan, each.Found, Deadlines));
            var shuffled = history.Order.Aggregate(Main, (ledger, index) => ledger.Record(history.Scans[index].Scan, history.Scans[index].Found, Deadlines));
            Text(shuffled).ShouldBe(Text(inOrder));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void Clocks_never_go_backwards()
    {
        Prop.ForAll(History().ToArbitrary(), history =>
        {
            var ledger = Main;
            foreach (var (scan, found) in history.Order.Select(index => history.Scans[index]))
            {
                var next = ledger.Record(scan, found, Deadlines);
                next.Latest!.At.ShouldBeGreaterThanOrEqualTo(ledger.Latest?.At ?? DateTimeOffset.MinValue);
                foreach (var entry in next.Entries)
                {
                    entry.FirstSeen.ShouldBeLessThanOrEqualTo(entry.LastSeen);
                    entry.LastSeen.ShouldBeLessThanOrEqualTo(next.Latest.At);
                    (entry.TimeToPatch ?? TimeSpan.FromTicks(1)).ShouldBeGreaterThan(TimeSpan.Zero);
                    if (ledger.Entries.FirstOrDefault(each => each.Finding.Fingerprint.Equals(entry.Finding.Fingerprint, StringComparison.Ordinal)) is { } before)
                    {
                        entry.FirstSeen.ShouldBeLessThanOrEqualTo(before.FirstSeen);
                        entry.LastSeen.ShouldBeGreaterThanOrEqualTo(before.LastSeen);
                    }
                }

                ledger = next;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
    }

    [Theory]
    [InlineData("refs/heads/main", true)]
    [InlineData("refs/heads/a/b", true)]
    [InlineData("refs/pull/12", true)]
    [InlineData("refs/pull/0", false)]
    [InlineData("refs/pull/012", false)]
    [InlineData("refs/pull/", false)]
    [InlineData("refs/pull/1/head", false)]
    [InlineData("refs/heads/", false)]
    [InlineData("main", false)]
    [InlineData("refs/heads/a\nb", false)]
    public void A_reference_is_a_branch_or_a_pull_request(string reference, bool isOne) => FindingLedger.IsReference(reference).ShouldBe(isOne);

    private static Gen<(IReadOnlyList<(LedgerScan Scan, ScanRecord Found)> Scans, IReadOnlyList<int> Order)> History()
    {
        Finding[] all = [Injection, Django, .. FindingFingerprint.Assign([Code("Bandit", "B1", "a.py", 1), Code("Trivy", "DS002", "Dockerfile", 1)])];
        var outcome = Gen.Elements(ScanOutcome.Checked, ScanOutcome.Checked, ScanOutcome.PartlyChecked, ScanOutcome.NotChecked);
        var scan =
            from bandit in outcome
            from osv in outcome
            from found in Gen.SubListOf(all)
            from severity in Gen.Elements(FindingSeverity.Low, FindingSeverity.Critical)
            select (Outcomes: new[] { ("Bandit", bandit), ("OSV", osv), ("Trivy", ScanOutcome.Checked) }, Found: new ScanRecord([.. found.Select(each => each with { Severity = severity })], []));
        return
            from count in Gen.Choose(1, 8)
            from scans in scan.ArrayOf(count)
            from repeats in Gen.Choose(0, count - 1).ListOf(3)
            from order in Gen.Shuffle(Enumerable.Range(0, count).Concat(repeats).ToArray())
            select ((IReadOnlyList<(LedgerScan, ScanRecord)>)[.. scans.Select((each, day) => (Scan(day, each.Outcomes), each.Found))], (IReadOnlyList<int>)order);
    }

    private static FindingLedger Record(FindingLedger ledger, int day, Finding[] found) => ledger.Record(Scan(day), new ScanRecord(found, []), Deadlines);

    private static LedgerScan Scan(int day, params (string Tool, ScanOutcome Outcome)[] scanners) => new(
        day.ToString("x40", System.Globalization.CultureInfo.InvariantCulture),
        Day(day),
        [.. (scanners.Length > 0 ? scanners : [("Bandit", ScanOutcome.Checked), ("OSV", ScanOutcome.Checked)]).Select(scanner => new ScannerState(scanner.Tool, scanner.Outcome, Reason: null))]);

    private static DateTimeOffset Day(int day) => Start.AddDays(day);

    private static Finding Of(Finding finding) => FindingFingerprint.Assign([finding])[0];

    private static string Text(FindingLedger ledger) => JsonSerializer.Serialize(ledger, JsonDefaults.Options);
}
