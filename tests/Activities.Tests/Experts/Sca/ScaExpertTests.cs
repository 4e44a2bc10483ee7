using System.Text;
using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Experts.Sca;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.CycloneDx;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.KnownExploited;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Experts.Sca;

public sealed class ScaExpertTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FileArtifactStore _artifacts;

    public ScaExpertTests() => _artifacts = RealTools.Artifacts(_directory);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_head_and_the_base_are_judged_on_their_own_lines()
    {
        Record("A-1", "django", "3.2.1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
        var head = await _artifacts.PackAsync("run-1/head.tar", ("requirements.txt", "flask==1.0\ndjango==3.2.0\n"));
        var @base = await _artifacts.PackAsync("run-1/base.tar", ("requirements.txt", "django==3.2.1\n"));

        var result = await Expert(Records).ScanAsync(new ScaRequest("run-1", head) { Base = @base }, Token);

        var report = await ReportAsync(result.Head);
        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        report.ToolVersion.ShouldBe("1 records, 2024-01-02T03:04:05Z");
        var finding = report.Findings.ShouldHaveSingleItem();
        finding.Kind.ShouldBe(FindingKind.Dependency);
        finding.Location.ShouldBe(new FindingLocation("requirements.txt", 2));
        (finding.Severity, finding.Score).ShouldBe((FindingSeverity.Critical, 9.8));
        var package = finding.Package.ShouldNotBeNull();
        (package.Name, package.Version, package.Advisory, package.FixedVersion, package.IsDirect).ShouldBe(("django", "3.2.0", "A-1", "3.2.1", true));
        finding.Message.ShouldContain("3.2.1");
        var before = await ReportAsync(result.Base!);
        before.Outcome.ShouldBe(ScanOutcome.Checked, before.Reason);
        before.Findings.ShouldBeEmpty();
        result.Scanners.ShouldBe([new ScannerOutcome("OSV", ScanOutcome.Checked, 1)]);
    }

    [Theory]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", FindingSeverity.Critical)]
    [InlineData("CVSS:3.1/AV:L/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:N", FindingSeverity.Medium)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", FindingSeverity.Critical)]
    [InlineData("AV:N/AC:L/Au:N/C:P/I:P/A:P", FindingSeverity.High)]
    [InlineData("nonsense", FindingSeverity.Unknown)]
    [InlineData(null, FindingSeverity.Unknown)]
    public async Task The_severity_is_computed_from_the_vector(string? vector, FindingSeverity severity)
    {
        Record("A-1", "django", "3.2.1", vector);
        var head = await _artifacts.PackAsync("run-1/head.tar", ("requirements.txt", "Django==3.2.0\n"));

        var result = await Expert(Records).ScanAsync(new ScaRequest("run-1", head), Token);

        (await ReportAsync(result.Head)).Findings.ShouldHaveSingleItem().Severity.ShouldBe(severity);
        result.Base.ShouldBeNull();
    }

    [Fact]
    public async Task A_dependency_without_an_exact_version_is_named_and_not_taken_for_clean()
    {
        Record("A-1", "django", "3.2.1");
        var head = await _artifacts.PackAsync("run-1/head.tar", ("requirements.txt", "django>=3\nflask==1.0\n"));

        var report = await ReportAsync((await Expert(Records).ScanAsync(new ScaRequest("run-1", head), Token)).Head);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("django (requirements.txt:1)");
        report.Reason.ShouldNotContain("flask");
    }

    [Fact]
    public async Task A_record_and_a_manifest_that_cannot_be_read_are_gaps()
    {
        Record("A-1", "django", "3.2.1");
        await File.WriteAllTextAsync(Path.Combine(Records, "broken.json"), "{", Token);
        var head = await _artifacts.PackAsync("run-1/head.tar", ("requirements.txt", "django==3.2.0\n"), ("pyproject.toml", "[project\n"));

        var report = await ReportAsync((await Expert(Records).ScanAsync(new ScaRequest("run-1", head), Token)).Head);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("pyproject.toml:1");
        report.Reason.ShouldContain("broken.json");
        report.Findings.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(null, "Set Osv:Directory")]
    [InlineData("nowhere", "does not exist")]
    [InlineData("empty", "no OSV record")]
    public async Task Without_advisories_nothing_is_checked(string? directory, string reason)
    {
        Directory.CreateDirectory(_directory.Combine("empty"));
        var head = await _artifacts.PackAsync("run-1/head.tar", ("requirements.txt", "django==3.2.0\n"));

        var report = await ReportAsync((await Expert(directory is null ? null : _directory.Combine(directory)).ScanAsync(new ScaRequest("run-1", head), Token)).Head);

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().ShouldContain(reason);
    }

    [Fact]
    public async Task A_tree_that_names_no_dependencies_needs_no_advisories()
    {
        var head = await _artifacts.PackAsync("run-1/head.tar", ("app.py", "import os\n"), ("notes.txt", "django==3.2.0\n"));

        (await ReportAsync((await Expert(null).ScanAsync(new ScaRequest("run-1", head), Token)).Head)).Outcome.ShouldBe(ScanOutcome.NotApplicable);
    }

    [Fact]
    public async Task Records_are_read_again_when_one_comes_or_changes()
    {
        Record("A-1", "django", "3.2.1");
        var source = Source(Records);
        var django = new OsvPackage("PyPI", "Django");
        var flask = new OsvPackage("PyPI", "flask");

        (await source.FindAsync([django, flask], Token)).Records.Keys.ShouldBe([django]);
        Record("A-2", "flask", "1.0");
        var second = await source.FindAsync([django, flask], Token);
        second.Records.Keys.ShouldBe([django, flask], ignoreOrder: true);
        ReferenceEquals((await source.FindAsync([flask], Token)).Records[flask], second.Records[flask]).ShouldBeTrue();
    }

    [Fact]
    public async Task Health_tells_whether_there_are_advisories()
    {
        (await new ScaExpertProbe(Source(null)).ProbeAsync(Token)).Health.ShouldBe(AgentHealth.NotConfigured);
        Record("A-1", "django", "3.2.1");
        (await new ScaExpertProbe(Source(Records)).ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Healthy);
        await File.WriteAllTextAsync(Path.Combine(Records, "broken.json"), "{", Token);
        (await new OsvProbe(Source(Records)).ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Degraded);
    }

    [Fact]
    public async Task An_inventory_in_the_repository_is_judged_on_its_lines()
    {
        Record("A-1", "django", "3.2.1");
        var head = await _artifacts.PackAsync("run-1/head.tar", ("sbom/app.cdx.json", """
            {"bomFormat":"CycloneDX","specVersion":"1.5","components":[
            {"type":"library","name":"django","purl":"pkg:pypi/django@3.2.0"}]}
            """));

        var report = await ReportAsync((await Expert(Records).ScanAsync(new ScaRequest("run-1", head), Token)).Head);

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        report.Findings.ShouldHaveSingleItem().Location.ShouldBe(new FindingLocation("sbom/app.cdx.json", 2));
    }

    [Fact]
    public async Task The_heads_inventory_names_the_repository_and_every_place_and_is_the_same_for_the_same_tree()
    {
        var head = await _artifacts.PackAsync(
            "run-1/head.tar",
            ("requirements.txt", "flask==1.0\ndjango==3.2.0\n"),
            ("tools/requirements.txt", "Django==3.2.0\n"),
            ("package.json", """{"name":"x","devDependencies":{"lodash":"4.17.0"}}"""));
        var request = new ScaRequest("run-1", head) { Repository = new RepositoryName("Octo", "Hello") };

        var stored = (await Expert(null).ScanAsync(request, Token)).Inventory.ShouldNotBeNull();

        stored.Key.ShouldBe("run-1/scans/sca-head.cdx.json");
        var document = CycloneDxReader.Read(await TextAsync(stored)).ShouldNotBeNull();
        (document.Subject!.Name, document.Subject.Group, document.Subject.Version, document.SerialNumber, document.Timestamp).ShouldBe(("Hello", "Octo", head.CommitSha, null, null));
        document.Components.Select(each => $"{each.PackageUrl} {each.Scope} {string.Join(' ', each.Occurrences.Select(place => $"{place.Location}:{place.Line}"))}").ShouldBe(
        [
            "pkg:npm/lodash@4.17.0 excluded package.json:1",
            "pkg:pypi/django@3.2.0 required requirements.txt:2 tools/requirements.txt:1",
            "pkg:pypi/flask@1.0 required requirements.txt:1",
        ]);
        document.Dependencies.ShouldHaveSingleItem().DependsOn.ShouldBe(document.Components.Select(each => each.Reference));
        document.Tools.ShouldHaveSingleItem().Name.ShouldBe("Atomic DevOps");
        (await Expert(null).ScanAsync(request with { RunId = "run-2" }, Token)).Inventory!.Sha256.ShouldBe(stored.Sha256);
    }

    [Fact]
    public async Task Advisories_that_came_since_about_a_kept_inventory_are_told()
    {
        Record("A-1", "django", "3.2.1");
        var key = await KeepInventoryAsync(("requirements.txt", "django==3.2.0\nflask==1.0\n"));
        var before = await Expert(Records).FindNewAsync(new NewAdvisoryRequest(key, ["a-1"]), Token);
        (before.Outcome, before.Total, before.Reason).ShouldBe((ScanOutcome.Checked, 0, null));
        Record("A-2", "flask", "1.1");
        Record("A-3", "django", "3.1");
        Record("A-4", "django", "3.3", "CVSS:3.1/AV:L/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:N");

        var found = await Expert(Records).FindNewAsync(new NewAdvisoryRequest(key, ["A-1"]), Token);

        found.Outcome.ShouldBe(ScanOutcome.Checked, found.Reason);
        found.Total.ShouldBe(2);
        found.Advisories.Select(each => (each.Id, each.Ecosystem, each.Package, each.Version, each.Severity)).ShouldBe(
            [("A-2", "PyPI", "flask", "1.0", FindingSeverity.Unknown), ("A-4", "PyPI", "django", "3.2.0", FindingSeverity.Medium)]);
        (await Expert(Records).FindNewAsync(new NewAdvisoryRequest(key, ["A-1", "CVE-A-2", "A-4"]), Token)).Total.ShouldBe(0, "another database's id is known, too");
    }

    [Fact]
    public async Task New_advisories_that_are_known_to_be_exploited_go_first_and_a_catalogue_that_cannot_be_read_is_told()
    {
        Record("A-1", "django", "3.2.1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
        Record("A-2", "flask", "1.1");
        var key = await KeepInventoryAsync(("requirements.txt", "django==3.2.0\nflask==1.0\n"));

        var found = await Expert(Records, new ScriptedCatalogue(static () => new KnownExploitedVulnerabilities("1", DateTimeOffset.UnixEpoch, new HashSet<string>(StringComparer.Ordinal) { "CVE-A-2" })))
            .FindNewAsync(new NewAdvisoryRequest(key, []), Token);
        var untold = await Expert(Records, new ScriptedCatalogue(static () => throw new ToolException("KEV catalogue", "It is broken."))).FindNewAsync(new NewAdvisoryRequest(key, []), Token);

        found.Advisories.Select(each => (each.Id, each.KnownExploited)).ShouldBe([("A-2", true), ("A-1", false)]);
        untold.Total.ShouldBe(2);
        untold.Reason.ShouldNotBeNull().ShouldContain("It is broken.");
    }

    [Fact]
    public async Task A_vulnerable_package_is_reachable_where_source_imports_it_and_else_nobody_knows()
    {
        Record("A-1", "pyyaml", "9.0");
        Record("A-2", "django", "9.0");
        Record("A-3", "flask", "9.0");
        Record("A-4", "lodash", "9.0.0", ecosystem: "npm");
        Record("A-5", "golang.org/x/net", "9.0.0", ecosystem: "Go");
        Record("A-6", "golang.org/x/net/html", "9.0.0", ecosystem: "Go");
        var head = await _artifacts.PackAsync(
            "run-1/head.tar",
            ("requirements.txt", "PyYAML==5.0\ndjango==3.2.0\nflask==1.0\n"),
            ("package.json", """{"dependencies":{"lodash":"4.17.0"}}"""),
            ("go.mod", "module example.com/x\n\ngo 1.22\n\nrequire (\n\tgolang.org/x/net v0.1.0\n\tgolang.org/x/net/html v0.1.0\n)\n"),
            ("app/main.py", "import yaml\n"),
            ("tests/test_app.py", "import django\nimport flask\n"),
            ("web/index.ts", "import { map } from 'lodash/fp';\n"),
            ("main.go", "package main\nimport \"golang.org/x/net/html/atom\"\n"));

        var report = await ReportAsync((await Expert(Records).ScanAsync(new ScaRequest("run-1", head), Token)).Head);

        report.Findings.ToDictionary(finding => finding.Package!.Name, finding => finding.Reachable, StringComparer.Ordinal).ShouldBe(
            new Dictionary<string, bool?>(StringComparer.Ordinal)
            {
                ["PyYAML"] = true,
                ["django"] = null,
                ["flask"] = null,
                ["lodash"] = true,
                ["golang.org/x/net"] = null,
                ["golang.org/x/net/html"] = true,
            },
            ignoreOrder: true);
    }

    [Fact]
    public async Task Without_advisories_nothing_is_known_of_new_ones()
    {
        var key = await KeepInventoryAsync(("requirements.txt", "django==3.2.0\n"));

        var found = await Expert(null).FindNewAsync(new NewAdvisoryRequest(key, []), Token);

        (found.Outcome, found.Total).ShouldBe((ScanOutcome.NotChecked, 0));
        found.Reason.ShouldNotBeNull().ShouldContain("Osv:Directory");
    }

    [Fact]
    public async Task An_inventory_that_has_gaps_stays_one_with_gaps()
    {
        Record("A-1", "django", "3.2.1");
        var key = await KeepInventoryAsync(("requirements.txt", "django==3.2.0\n"), ("pyproject.toml", "[project\n"));

        var found = await Expert(Records).FindNewAsync(new NewAdvisoryRequest(key, []), Token);

        (found.Outcome, found.Total).ShouldBe((ScanOutcome.PartlyChecked, 1));
        found.Reason.ShouldNotBeNull().ShouldContain("incomplete");
    }

    [Fact]
    public async Task An_inventory_that_is_not_kept_or_is_damaged_is_no_all_clear()
    {
        await Should.ThrowAsync<ToolNotFoundException>(() => Expert(null).FindNewAsync(new NewAdvisoryRequest("sbom/octo/hello/none", []), Token));
        Record("A-1", "django", "3.2.1");
        (await Documents.TryWriteAsync("sbom/damaged", "{"u8.ToArray(), version: null, Token)).ShouldBeTrue();

        (await Expert(Records).FindNewAsync(new NewAdvisoryRequest("sbom/damaged", []), Token)).Outcome.ShouldBe(ScanOutcome.PartlyChecked);
    }

    [Fact]
    public async Task A_workspace_that_is_not_there_is_told() =>
        await Should.ThrowAsync<ToolNotFoundException>(() =>
            Expert(null).ScanAsync(new ScaRequest("run-1", new WorkspaceReference(new StoredArtifact("run-1/none.tar", 0, ""), "", 0)), Token));

    private string Records => _directory.Combine("records");

    private static OsvClient Source(string? directory) => new(Options.Create(new OsvOptions { Directory = directory }));

    private ScaExpert Expert(string? directory, IKnownExploitedCatalogue? exploited = null) => new(Source(directory), [], _artifacts, Documents, exploited ?? new ScriptedCatalogue());

    private FileDocumentStore Documents => new(Options.Create(new FindingsOptions { Directory = _directory.Combine("findings") }), TimeProvider.System);

    /// <summary>As the ledger keeps what a scan wrote.</summary>
    private async Task<string> KeepInventoryAsync(params (string Path, string Content)[] files)
    {
        var head = await _artifacts.PackAsync("run-9/head.tar", files);
        var inventory = (await Expert(null).ScanAsync(new ScaRequest("run-9", head) { Repository = new RepositoryName("octo", "hello") }, Token)).Inventory!;
        (await Documents.TryWriteAsync("sbom/octo/hello/1", Encoding.UTF8.GetBytes(await TextAsync(inventory)), version: null, Token)).ShouldBeTrue();
        return "sbom/octo/hello/1";
    }

    private async Task<string> TextAsync(StoredArtifact artifact)
    {
        using var reader = new StreamReader(await _artifacts.OpenReadAsync(artifact.Key, Token));
        return await reader.ReadToEndAsync(Token);
    }

    private async Task<ScanReport> ReportAsync(StoredArtifact artifact) =>
        (await _artifacts.ReadJsonAsync<IReadOnlyList<ScanReport>>(artifact.Key, Token)).ShouldHaveSingleItem();

    private void Record(string id, string package, string fixedIn, string? vector = null, string ecosystem = "PyPI")
    {
        Directory.CreateDirectory(Records);
        var severity = vector is null ? "[]" : $$"""[{"type":"CVSS_V3","score":"{{vector}}"}]""";
        File.WriteAllText(
            Path.Combine(Records, $"{id}.json"),
            $$"""
            {"id":"{{id}}","aliases":["CVE-{{id}}"],"modified":"2024-01-02T03:04:05Z","summary":"It is weak.","severity":{{severity}},
             "affected":[{"package":{"ecosystem":"{{ecosystem}}","name":"{{package}}"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"{{fixedIn}}"}]}]}]}
            """);
    }
}
