using System.Text;
using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Ledger;
using AtomicDevOps.Activities.Security.Sarif;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.Logs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

using static AtomicDevOps.Activities.Tests.Security.Findings.FindingSamples;

namespace AtomicDevOps.Activities.Tests.Platform;

/// <summary>From what scanners say to what is kept of it, over real stores.</summary>
public sealed class LedgerActivitiesTests : IAsyncDisposable
{
    private const string Token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RepositoryName Repository = new("Octo", "Hello");
    private readonly TemporaryDirectory _directory = new();
    private readonly ServiceProvider _services;

    public LedgerActivitiesTests()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Artifacts:Directory"] = _directory.Combine("artifacts"),
            ["Findings:Directory"] = _directory.Combine("findings"),
            ["Logs:Directory"] = _directory.Combine("logs"),
            ["Findings:Deadlines:High"] = "2.00:00:00",
        }).Build();
        _services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration)
            .AddPlatform(configuration).AddArtifacts(configuration).AddStageLogs(configuration)
            .BuildServiceProvider();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LedgerActivities Activities => ActivatorUtilities.CreateInstance<LedgerActivities>(_services);

    private IDocumentStore Documents => _services.GetRequiredService<IDocumentStore>();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task What_was_assessed_is_kept_with_its_log_and_never_with_a_secret()
    {
        var assessed = await AssessAsync(0, Code("Bandit", "B105", "app.py", 3, "CWE-798") with
        {
            Message = $"The key {Token} stands here.",
            Severity = FindingSeverity.High,
            Evidence = [new FindingEvidence("Bandit", "B105") { Message = $"Possible password: {Token}" }],
        });

        var recorded = await RecordAsync(0, assessed);

        (recorded.Recorded, recorded.Open, recorded.Overdue).ShouldBe((true, 1, 0));
        recorded.Escalated.ShouldBeEmpty();
        var ledger = await LedgerAsync();
        var entry = ledger.Entries.ShouldHaveSingleItem();
        (entry.Finding.Location.Path, entry.Due, entry.Finding.Message).ShouldBe(("app.py", Start.AddDays(2), "The key [redacted] stands here."));
        ledger.Latest!.Scanners.ShouldHaveSingleItem().ShouldBe(new ScannerState("Bandit", ScanOutcome.Checked, null));
        var log = (await Documents.ReadAsync(ledger.Sarif!, Cancellation)).ShouldNotBeNull();
        SarifReader.Read(new MemoryStream(log.Content.ToArray())).ShouldHaveSingleItem().Findings.ShouldHaveSingleItem().Fingerprint.ShouldBe(entry.Finding.Fingerprint);
        foreach (var file in Directory.GetFiles(_directory.Combine("findings"), "*", SearchOption.AllDirectories))
        {
            (await File.ReadAllTextAsync(file, Cancellation)).ShouldNotContain(Token);
        }
    }

    [Fact]
    public async Task A_newer_scan_replaces_the_log_and_an_older_or_repeated_one_does_not()
    {
        var first = await AssessAsync(0, Code("Bandit", "B1", "a.py", 1));
        var second = await AssessAsync(1);
        await RecordAsync(0, first);
        var replaced = await RecordAsync(1, second);
        (replaced.Recorded, replaced.Open).ShouldBe((true, 0));
        var newest = await LedgerAsync();

        (await RecordAsync(1, second)).Recorded.ShouldBeFalse();
        (await RecordAsync(0, first)).Recorded.ShouldBeFalse();

        (await LedgerAsync()).Sarif.ShouldBe(newest.Sarif);
        (await Documents.ListAsync("sarif", Cancellation).ToListAsync(Cancellation)).ShouldBe([newest.Sarif!]);
        newest.Entries.ShouldHaveSingleItem().TimeToPatch.ShouldBe(TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task The_newest_scans_inventory_is_kept_and_goes_with_a_newer_scan_that_has_none()
    {
        var ledgers = _services.GetRequiredService<FindingLedgers>();
        await RecordAsync(0, await AssessAsync(0, "one"));
        await RecordAsync(2, await AssessAsync(2, "two"));
        await RecordAsync(1, await AssessAsync(1, "between"));

        var kept = (await ledgers.ReadInventoryAsync(Repository, "refs/heads/main", Cancellation)).ShouldNotBeNull();
        (kept.Scan.CommitSha, Encoding.UTF8.GetString(kept.Content.Span)).ShouldBe(($"{2 * 24:x40}", "two"));
        (await Documents.ListAsync("sbom", Cancellation).ToListAsync(Cancellation)).ShouldBe([(await LedgerAsync()).Inventory!]);

        await RecordAsync(3, await AssessAsync(3));
        (await ledgers.ReadInventoryAsync(Repository, "refs/heads/main", Cancellation)).ShouldBeNull();
        (await Documents.ListAsync("sbom", Cancellation).ToListAsync(Cancellation)).ShouldBeEmpty();
        await RecordAsync(4, await AssessAsync(4, "four"));
        await Activities.ForgetAsync(new ForgetFindingsRequest(Repository, "refs/heads/main"), Cancellation);
        (await Documents.ListAsync("sbom", Cancellation).ToListAsync(Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Scans_that_are_recorded_at_once_all_count()
    {
        var assessed = new List<Assessment>();
        for (var day = 0; day < 6; day++)
        {
            assessed.Add(await AssessAsync(day, Code("Bandit", "B1", $"f{day}.py", 1)));
        }

        await Task.WhenAll(assessed.Select((each, day) => Task.Run(() => RecordAsync(day, each), Cancellation)));

        var ledger = await LedgerAsync();
        ledger.Scans.Count.ShouldBe(6);
        ledger.Entries.Count.ShouldBe(6);
        ledger.Entries.Count(entry => entry.State == FindingState.Open).ShouldBe(1, "each scan clears what only those before had");
        (await Documents.ListAsync("sarif", Cancellation).ToListAsync(Cancellation)).ShouldContain(ledger.Sarif!);
    }

    [Fact]
    public async Task What_is_past_its_time_is_counted_and_told_where_it_is_critical()
    {
        var late = Code("Bandit", "B1", "a.py", 1) with { Severity = FindingSeverity.Critical };
        var lesser = Code("Bandit", "B2", "b.py", 1) with { Severity = FindingSeverity.High };
        await RecordAsync(0, await AssessAsync(0, late, lesser));

        var recorded = await RecordAsync(8, await AssessAsync(8, late, lesser));

        (recorded.Open, recorded.Overdue).ShouldBe((2, 2));
        var escalated = recorded.Escalated.ShouldHaveSingleItem();
        (escalated.Finding.Path, escalated.FirstSeen, escalated.Due).ShouldBe(("a.py", Start, Start.AddDays(7)));
    }

    [Fact]
    public async Task A_branch_is_due_when_its_last_look_is_old_or_a_critical_deadline_has_passed_since()
    {
        await RecordAsync(0, await AssessAsync(0, Code("Bandit", "B1", "a.py", 1) with { Severity = FindingSeverity.Critical }));
        (await DueAsync(Start.AddHours(23))).ShouldBeNull();
        (await DueAsync(Start.AddDays(1))).ShouldBe("It was not looked at for long.");

        var late = Code("Bandit", "B1", "a.py", 1) with { Severity = FindingSeverity.Critical };
        await RecordAsync(6.5, await AssessAsync(6, late));
        (await DueAsync(Start.AddDays(6.9))).ShouldBeNull();
        (await DueAsync(Start.AddDays(7.1))).ShouldNotBeNull().ShouldContain("deadline");
        await RecordAsync(7.2, await AssessAsync(7, late));
        (await DueAsync(Start.AddDays(7.3))).ShouldBeNull("it was escalated by the look after the deadline");

        async Task<string?> DueAsync(DateTimeOffset at) =>
            (await Activities.ListWatchedAsync(new WatchedBranchesRequest(at), Cancellation)).ShouldHaveSingleItem().Due;
    }

    [Fact]
    public async Task A_repository_of_which_only_pull_requests_are_known_is_due_and_a_forgotten_branch_is_unknown()
    {
        await RecordAsync(0, await AssessAsync(0), "refs/pull/3");
        (await WatchedAsync()).ShouldBe([new WatchedBranch(Repository, null, "Its default branch was never looked at.")]);

        await RecordAsync(0, await AssessAsync(0));
        (await WatchedAsync()).ShouldBe([new WatchedBranch(Repository, "main", null)]);

        (await Activities.ForgetAsync(new ForgetFindingsRequest(Repository, "refs/heads/main"), Cancellation)).ShouldBeTrue();
        (await Activities.ForgetAsync(new ForgetFindingsRequest(Repository, "refs/heads/main"), Cancellation)).ShouldBeFalse();
        (await WatchedAsync()).ShouldHaveSingleItem().Branch.ShouldBeNull();
        (await Documents.ListAsync("sarif", Cancellation).CountAsync(Cancellation)).ShouldBe(1, "the pull request's log stays");

        async Task<IReadOnlyList<WatchedBranch>> WatchedAsync() => await Activities.ListWatchedAsync(new WatchedBranchesRequest(Start.AddHours(1)), Cancellation);
    }

    [Fact]
    public async Task A_runs_reports_can_be_dropped_again_and_again_and_what_the_ledger_keeps_stays()
    {
        var artifacts = _services.GetRequiredService<IArtifactStore>();
        await RecordAsync(0, await AssessAsync(0, Code("Bandit", "B602", "a.py", 1)));
        await artifacts.WriteJsonAsync("run1/workspace/abc.tar", "a tree", Cancellation);
        var others = FilesBelow("artifacts");
        await RecordAsync(1, await AssessAsync(1, inventory: "{}", Code("Bandit", "B602", "b.py", 1)), "refs/pull/1");
        var kept = FilesBelow("findings");
        FilesBelow("artifacts").Except(others, StringComparer.Ordinal).ShouldNotBeEmpty();

        var reports = new ScanReportActivities(artifacts);
        await reports.DropAsync(new DropScanReportsRequest("run1"), Cancellation);
        await reports.DropAsync(new DropScanReportsRequest("run1"), Cancellation);

        FilesBelow("artifacts").ShouldBe(others);
        FilesBelow("findings").ShouldBe(kept);

        string[] FilesBelow(string directory) =>
            [.. Directory.GetFiles(_directory.Combine(directory), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [InlineData("main")]
    [InlineData("refs/tags/v1")]
    [InlineData("../../etc")]
    public async Task A_reference_that_has_no_ledger_is_refused(string reference)
    {
        var assessed = await AssessAsync(0);

        (await Should.ThrowAsync<ToolException>(() => RecordAsync(0, assessed, reference))).Message.ShouldContain("refs/heads/");
    }

    private Task<Assessment> AssessAsync(int day, params Finding[] findings) => AssessAsync(day, inventory: null, findings);

    private async Task<Assessment> AssessAsync(int day, string? inventory, params Finding[] findings)
    {
        var artifacts = _services.GetRequiredService<IArtifactStore>();
        var scan = await artifacts.WriteJsonAsync($"run{day}/scans/sast-head.json", new[] { new ScanReport("Bandit", ScanOutcome.Checked) { Findings = findings } }, Cancellation);
        var kept = inventory is null ? null : await artifacts.WriteAsync(
            $"run{day}/scans/inventory", (stream, token) => stream.WriteAsync(Encoding.UTF8.GetBytes(inventory), token).AsTask(), Cancellation);
        await using var scope = _services.CreateAsyncScope();
        return await ActivatorUtilities.CreateInstance<FindingActivities>(scope.ServiceProvider).AssessAsync(
            new AssessmentRequest($"run{day}", [new ScanResult(scan, Base: null, []) { Inventory = kept }], new SecurityConfiguration(), Start.AddDays(day)), Cancellation);
    }

    private Task<RecordedFindings> RecordAsync(double day, Assessment assessed, string reference = "refs/heads/main") =>
        Activities.RecordAsync(
            new RecordFindingsRequest(Repository, reference, $"{(int)(day * 24):x40}", Start.AddDays(day), assessed.Record!, assessed.Sarif!) { Inventory = assessed.Inventory }, Cancellation);

    private async Task<FindingLedger> LedgerAsync()
    {
        (await Documents.ListAsync(LedgerKey.Root, Cancellation).ToListAsync(Cancellation)).ShouldBe(["ledgers/octo/hello/refs~2fheads~2fmain"]);
        return (await Documents.ReadJsonAsync<FindingLedger>(LedgerKey.Of(Repository, "refs/heads/main"), Cancellation)).Value.ShouldNotBeNull();
    }
}
