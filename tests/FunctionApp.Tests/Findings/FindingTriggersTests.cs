using System.Net;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Ledger;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.FunctionApp.Tests.Support;
using AtomicDevOps.Primitives.Json;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.FunctionApp.Tests.Findings;

public sealed class FindingTriggersTests
{
    private const string Sarif = """{"version":"2.1.0","runs":[]}""";
    private const string Inventory = """{"bomFormat":"CycloneDX","specVersion":"1.6"}""";
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Findings_are_listed_by_what_is_asked_for_and_the_most_urgent_first()
    {
        await using var app = await StartAsync();

        (await TitlesAsync(app, "")).ShouldBe(["secret", "hello-critical", "other-high", "pull-high", "hello-low"]);
        (await TitlesAsync(app, "repository=Octo/Hello")).ShouldBe(["secret", "hello-critical", "pull-high", "hello-low"]);
        (await TitlesAsync(app, "repository=octo/hello&reference=refs/heads/main")).ShouldBe(["secret", "hello-critical", "hello-low"]);
        (await TitlesAsync(app, "reference=refs/heads/main")).ShouldBe(["secret", "hello-critical", "other-high", "hello-low"]);
        (await TitlesAsync(app, "repository=octo/hello&pullRequest=12")).ShouldBe(["pull-high"]);
        (await TitlesAsync(app, "severity=critical,low")).ShouldBe(["secret", "hello-critical", "hello-low"]);
        (await TitlesAsync(app, "kind=Secret")).ShouldBe(["secret"]);
        (await TitlesAsync(app, "state=fixed")).ShouldBe(["gone"]);
        (await TitlesAsync(app, "state=suppressed,fixed")).ShouldBe(["allowed", "gone"], ignoreOrder: true);
        (await TitlesAsync(app, "state=all")).Length.ShouldBe(7);
        (await TitlesAsync(app, "overdue=true&repository=octo/hello")).ShouldBe(["secret", "hello-critical"]);
        (await TitlesAsync(app, "tool=TRIVY")).ShouldBe(["secret"]);
        (await TitlesAsync(app, "repository=octo/none")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Pages_end_where_the_next_ones_begin_also_when_a_finding_goes_meanwhile()
    {
        await using var app = await StartAsync();
        var first = await app.Client.GetAsync("/api/findings?limit=2", Token).JsonAsync(HttpStatusCode.OK);
        Titles(first).ShouldBe(["secret", "hello-critical"]);
        first.GetProperty("total").GetInt32().ShouldBe(5);
        var next = first.GetProperty("next").GetString();

        var second = await app.Client.GetAsync($"/api/findings?limit=2&after={next}", Token).JsonAsync(HttpStatusCode.OK);
        Titles(second).ShouldBe(["other-high", "pull-high"]);
        var third = await app.Client.GetAsync($"/api/findings?limit=2&after={second.GetProperty("next").GetString()}", Token).JsonAsync(HttpStatusCode.OK);
        Titles(third).ShouldBe(["hello-low"]);
        third.TryGetProperty("next", out _).ShouldBeFalse();

        var ledger = Ledgers()[0];
        await WriteAsync(app, ledger with { Entries = [.. ledger.Entries.Where(entry => entry.Finding.Title is not "hello-critical")] });
        Titles(await app.Client.GetAsync($"/api/findings?limit=2&after={next}", Token).JsonAsync(HttpStatusCode.OK)).ShouldBe(["other-high", "pull-high"]);
    }

    [Fact]
    public async Task A_tool_that_did_not_check_is_told_beside_the_findings()
    {
        await using var app = await StartAsync();

        var scan = (await app.Client.GetAsync("/api/findings?repository=octo/other", Token).JsonAsync(HttpStatusCode.OK)).GetProperty("scans").EnumerateArray().ShouldHaveSingleItem();

        scan.GetProperty("scanners").EnumerateArray().Select(each => each.GetProperty("outcome").GetString()).ShouldBe(["Checked", "NotChecked"]);
    }

    [Fact]
    public async Task A_filter_that_is_wrong_is_told_with_what_is_allowed()
    {
        await using var app = await TestApp.StartAsync();
        foreach (var (query, which, allowed) in new[]
        {
            ("severity=urgent", "«severity»", "Critical"),
            ("severity=1", "«severity»", "Critical"),
            ("kind=x", "«kind»", "Dependency"),
            ("state=closed", "«state»", "all"),
            ("overdue=yes", "«overdue»", "true or false"),
            ("limit=0", "«limit»", "1 to 200"),
            ("limit=201", "«limit»", "1 to 200"),
            ("repository=octo", "«repository»", "owner/name"),
            ("reference=main", "«reference»", "refs/heads/"),
            ("pullRequest=12", "«pullRequest»", "«repository»"),
            ("repository=a/b&pullRequest=0", "«pullRequest»", "from 1 on"),
            ("repository=a/b&pullRequest=1&reference=refs/heads/main", "«pullRequest»", "«reference»"),
            ("after=x", "«after»", "«next»"),
            ("after=%20", "«after»", "«next»"),
            ("sevrity=high", "«sevrity»", "severity"),
            ("limit=1&limit=2", "«limit»", "once"),
        })
        {
            var problem = await app.Client.GetAsync($"/api/findings?{query}", Token).ProblemAsync(HttpStatusCode.BadRequest);
            problem.ShouldStartWith(which);
            problem.ShouldContain(allowed, Case.Sensitive, query);
        }
    }

    [Fact]
    public async Task The_newest_log_is_downloaded_as_a_file()
    {
        await using var app = await StartAsync();

        using var answer = await app.Client.GetAsync("/api/findings/octo/hello/sarif?reference=refs/heads/main", Token);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType?.ToString().ShouldBe("application/sarif+json");
        answer.Content.Headers.ContentDisposition?.ToString().ShouldContain("attachment; filename=octo-hello-0123456.sarif");
        (await answer.Content.ReadAsStringAsync(Token)).ShouldBe(Sarif);
    }

    [Fact]
    public async Task The_newest_inventory_is_downloaded_as_a_file_and_a_scan_without_one_is_told()
    {
        await using var app = await StartAsync();

        using var answer = await app.Client.GetAsync("/api/findings/octo/hello/sbom?reference=refs/heads/main", Token);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType?.ToString().ShouldBe("application/vnd.cyclonedx+json");
        answer.Content.Headers.ContentDisposition?.ToString().ShouldContain("attachment; filename=octo-hello-0123456.cdx.json");
        (await answer.Content.ReadAsStringAsync(Token)).ShouldBe(Inventory);
        (await app.Client.GetAsync("/api/findings/octo/other/sbom?reference=refs/heads/main", Token).ProblemAsync(HttpStatusCode.NotFound)).ShouldContain("did not look at dependencies");
        (await app.Client.GetAsync("/api/findings/octo/hello/sbom?reference=main", Token).ProblemAsync(HttpStatusCode.BadRequest)).ShouldStartWith("«reference»");
        (await app.Anonymous.GetAsync("/api/findings/octo/hello/sbom?reference=refs/heads/main", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task What_was_never_scanned_has_no_log_and_is_told_so()
    {
        await using var app = await StartAsync();

        (await app.Client.GetAsync("/api/findings/octo/hello/sarif?reference=refs/heads/other", Token).ProblemAsync(HttpStatusCode.NotFound)).ShouldContain("never scanned");
        (await app.Client.GetAsync("/api/findings/octo/hello/sarif", Token).ProblemAsync(HttpStatusCode.BadRequest)).ShouldStartWith("«reference»");
        (await app.Client.GetAsync("/api/findings/o%20o/hello/sarif?reference=refs/heads/main", Token).ProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("owner/name");
        (await app.Anonymous.GetAsync("/api/findings", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await app.Anonymous.GetAsync("/api/findings/octo/hello/sarif?reference=refs/heads/main", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static async Task<TestApp> StartAsync()
    {
        var app = await TestApp.StartAsync();
        foreach (var ledger in Ledgers())
        {
            await WriteAsync(app, ledger);
        }

        var documents = app.Services.GetRequiredService<IDocumentStore>();
        (await documents.TryWriteAsync("sarif/main", Encoding.UTF8.GetBytes(Sarif), version: null, Token)).ShouldBeTrue();
        (await documents.TryWriteAsync("sbom/main", Encoding.UTF8.GetBytes(Inventory), version: null, Token)).ShouldBeTrue();
        return app;
    }

    private static FindingLedger[] Ledgers()
    {
        var suppression = new Suppression { Rule = "r", Reason = "Only in tests.", Owner = "ada", Until = new DateOnly(2030, 1, 1) };
        var main = Ledger("octo/hello", "refs/heads/main");
        var gone = new ScanRecord([Of("gone", FindingSeverity.High)], []);
        var standing = new ScanRecord(
            [
                Of("hello-low", FindingSeverity.Low),
                Of("hello-critical", FindingSeverity.Critical),
                Of("secret", FindingSeverity.Critical) with { Kind = FindingKind.Secret, KnownExploited = true, Evidence = [new FindingEvidence("Trivy", "aws")] },
            ],
            [])
        {
            AddedSuppressed = [new SuppressedFinding(Of("allowed", FindingSeverity.Medium), suppression)],
        };
        var today = DateTimeOffset.UtcNow;
        return
        [
            main.Record(Scan(Start), gone, new FindingDeadlines()).Record(Scan(today.AddDays(-20)), standing, new FindingDeadlines()) with
            {
                Sarif = "sarif/main",
                Inventory = "sbom/main",
            },
            Ledger("octo/hello", "refs/pull/12").Record(Scan(today), new ScanRecord([Of("pull-high", FindingSeverity.High)], []), new FindingDeadlines()),
            Ledger("octo/other", "refs/heads/main").Record(
                Scan(today) with { Scanners = [new ScannerState("Bandit", ScanOutcome.Checked, null), new ScannerState("Trivy", ScanOutcome.NotChecked, "It is not installed.")] },
                new ScanRecord([Of("other-high", FindingSeverity.High)], []),
                new FindingDeadlines()),
        ];
    }

    private static FindingLedger Ledger(string repository, string reference) => new(RepositoryName.Parse(repository), reference);

    private static LedgerScan Scan(DateTimeOffset at) => new(
        "0123456789012345678901234567890123456789", at, [new ScannerState("Bandit", ScanOutcome.Checked, null), new ScannerState("Trivy", ScanOutcome.Checked, null)]);

    private static Finding Of(string title, FindingSeverity severity) => FindingFingerprint.Assign(
    [
        new Finding
        {
            Kind = FindingKind.Code,
            Title = title,
            Message = "Something is wrong.",
            Location = new FindingLocation($"{title[^4..]}.py", 1),
            Severity = severity,
            Evidence = [new FindingEvidence("Bandit", title)],
        },
    ])[0];

    private static async Task WriteAsync(TestApp app, FindingLedger ledger)
    {
        var documents = app.Services.GetRequiredService<IDocumentStore>();
        var key = LedgerKey.Of(ledger.Repository, ledger.Reference);
        var known = await documents.ReadAsync(key, Token);
        (await documents.TryWriteAsync(key, JsonSerializer.SerializeToUtf8Bytes(ledger, JsonDefaults.Options), known?.Version, Token)).ShouldBeTrue();
    }

    private static async Task<string[]> TitlesAsync(TestApp app, string query) =>
        Titles(await app.Client.GetAsync($"/api/findings?{query}", Token).JsonAsync(HttpStatusCode.OK));

    private static string[] Titles(JsonElement page) => [.. page.GetProperty("findings").EnumerateArray().Select(each => each.GetProperty("title").GetString()!)];
}
