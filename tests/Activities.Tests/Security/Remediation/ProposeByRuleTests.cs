using AtomicDevOps.Activities.Experts.GenRemediationSecurity;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.ChatModel;
using AtomicDevOps.Activities.Tools.Osv;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Security.Remediation;

public sealed class ProposeByRuleTests : IDisposable
{
    private const string App = "import sqlite3\n\ndef find(cursor, name):\n    return cursor.execute(f\"SELECT id FROM users WHERE name = '{name}'\")\n";

    private static readonly Finding Sql = Finding("1", FindingKind.Code, "src/app.py", 4, "CWE-89", "ast-grep", "python-sql-injection");
    private static readonly Finding Root = Finding("2", FindingKind.Infrastructure, "Dockerfile", 1, "CWE-250", "Trivy", "DS002");
    private static readonly Finding Django = Dependency("3", "django", "3.2.0", "requirements.txt", 1);

    private readonly TemporaryDirectory _directory = new();
    private readonly FileArtifactStore _artifacts;

    public ProposeByRuleTests() => _artifacts = RealTools.Artifacts(_directory);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task All_that_rules_can_fix_is_one_change()
    {
        var (fix, changes) = await ProposeAsync(
            [Django, Sql, Root],
            ("requirements.txt", "django==3.2.0\nflask==1.0\n"), ("src/app.py", App), ("Dockerfile", "FROM python:3.11-slim\nCMD [\"python3\", \"app.py\"]\n"), ("other.txt", "django==3.2.0\n"));

        changes.ShouldBe(
        [
            new PatchedFile("Dockerfile", "FROM python:3.11-slim\nUSER 65534:65534\nCMD [\"python3\", \"app.py\"]\n"),
            new PatchedFile("requirements.txt", "django==3.2.5\nflask==1.0\n"),
            new PatchedFile("src/app.py", App.Replace("f\"SELECT id FROM users WHERE name = '{name}'\"", "\"SELECT id FROM users WHERE name = ?\", (name,)", StringComparison.Ordinal)),
        ]);
        fix.Title.ShouldBe("Fix 3 security findings");
        fix.Explanation.ShouldContain("Raise django from 3.2.0 to 3.2.5");
        fix.Fingerprints.ShouldBe(["1", "2", "3"], ignoreOrder: true);
        fix.Refusals.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_same_request_makes_the_same_change()
    {
        var (one, _) = await ProposeAsync([Django], ("requirements.txt", "django==3.2.0\n"));
        var (other, _) = await ProposeAsync([Django], ("requirements.txt", "django==3.2.0\n"));

        one.Kept.ShouldNotBeNull().ShouldBe(other.Kept);
        one.Title.ShouldBe("Raise django from 3.2.0 to 3.2.5");
    }

    [Fact]
    public async Task A_raise_that_needs_an_index_leaves_nothing_in_the_change_that_others_make()
    {
        const string Hashes = "flask==1.0 --hash=sha256:0000000000000000000000000000000000000000000000000000000000000000\n";
        var flask = Dependency("4", "flask", "1.0", "locked/requirements.txt", 1);

        var (fix, changes) = await ProposeAsync([Django, flask], ("requirements.txt", "django==3.2.0\n"), ("locked/requirements.txt", Hashes));

        changes.ShouldBe([new PatchedFile("requirements.txt", "django==3.2.5\n")]);
        fix.Fingerprints.ShouldBe(["3"]);
        fix.Refusals.ShouldHaveSingleItem().ShouldContain("hashes");
    }

    [Fact]
    public async Task A_manifest_is_not_raised_without_its_lock()
    {
        var (fix, changes) = await ProposeAsync([Dependency("3", "django", "3.2.0", "pyproject.toml", 4), Sql], [.. Poetry, ("src/app.py", App)]);

        changes.Select(change => change.Path).ShouldBe(["src/app.py"]);
        fix.Fingerprints.ShouldBe(["1"]);
        fix.Refusals.ShouldHaveSingleItem().ShouldContain("poetry.lock");
    }

    [Fact]
    public async Task Where_no_raise_is_possible_there_is_no_change()
    {
        var (fix, changes) = await ProposeAsync([Dependency("3", "django", "3.2.0", "pyproject.toml", 4)], Poetry);

        fix.Kept.ShouldBeNull();
        changes.ShouldBeEmpty();
        fix.Refusals.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Line_ends_stay_as_they_are()
    {
        var (_, changes) = await ProposeAsync([Sql], ("src/app.py", App.ReplaceLineEndings("\r\n")));

        var content = changes.ShouldHaveSingleItem().Content;
        content.ShouldContain("(name,)");
        content.Count(character => character is '\n').ShouldBe(4);
        content.Replace("\r\n", string.Empty, StringComparison.Ordinal).ShouldNotContain('\n');
        content.Replace("\r\n", string.Empty, StringComparison.Ordinal).ShouldNotContain('\r');
    }

    [Fact]
    public async Task A_file_that_mixes_line_ends_is_left_alone()
    {
        var (fix, _) = await ProposeAsync([Sql], ("src/app.py", App.Replace("sqlite3\n", "sqlite3\r\n", StringComparison.Ordinal)));

        fix.Kept.ShouldBeNull();
        fix.Refusals.ShouldHaveSingleItem().ShouldContain("src/app.py");
    }

    [Fact]
    public async Task What_is_not_where_it_was_found_is_said()
    {
        var (fix, _) = await ProposeAsync(
            [Django, Sql, Sql with { Location = new FindingLocation("src/app.py", 99) }, Sql with { Location = new FindingLocation("../app.py", 4) }],
            ("requirements.txt", "flask==1.0\n"), ("src/app.py", "\n\n\nnothing\n"));

        fix.Kept.ShouldBeNull();
        fix.Fingerprints.ShouldBeEmpty();
        fix.Refusals.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Two_findings_of_one_file_are_both_fixed()
    {
        var text = "FROM a\nRUN b\n";
        var twice = "import sqlite3\nc.execute(f\"SELECT a FROM t WHERE b = {b}\")\nc.execute(f\"SELECT a FROM t WHERE c = {c}\")\n";
        var (fix, changes) = await ProposeAsync(
            [Sql with { Location = new FindingLocation("a.py", 2) }, Sql with { Fingerprint = "9", Location = new FindingLocation("a.py", 3) }, Root], ("a.py", twice), ("Dockerfile", text));

        changes.Select(change => change.Content).ShouldBe(["FROM a\nRUN b\nUSER 65534:65534\n", "import sqlite3\nc.execute(\"SELECT a FROM t WHERE b = ?\", (b,))\nc.execute(\"SELECT a FROM t WHERE c = ?\", (c,))\n"]);
        fix.Fingerprints.ShouldBe(["1", "2", "9"], ignoreOrder: true);
    }

    [Fact]
    public async Task Only_the_first_findings_are_cleared()
    {
        var workspace = await _artifacts.PackAsync("run-1/tree.tar", ("requirements.txt", "django==3.2.0\n"), ("src/app.py", App));
        var findings = await _artifacts.WriteJsonAsync<IReadOnlyList<Finding>>("run-1/findings.json", [Sql, Django], Token);

        (await Expert.ProposeByRuleAsync(new ProposeByRuleRequest("run-1", workspace, findings, 1), Token)).Fingerprints.ShouldBe(["1"]);
    }

    private static (string Path, string Content)[] Poetry { get; } =
    [
        ("pyproject.toml", "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\ndjango = \"^3.2.0\"\n"),
        ("poetry.lock", "[[package]]\nname = \"django\"\nversion = \"3.2.0\"\n\n[metadata]\nlock-version = \"2.0\"\n"),
    ];

    private GenRemediationSecurityExpert Expert => new(new NoModel(), new Advisories(), _artifacts, Options.Create(new RemediationOptions()));

    private async Task<(ProposedFix Fix, IReadOnlyList<PatchedFile> Changes)> ProposeAsync(IReadOnlyList<Finding> findings, params IReadOnlyList<(string Path, string Content)> files)
    {
        var workspace = await _artifacts.PackAsync("run-1/tree.tar", files);
        var stored = await _artifacts.WriteJsonAsync("run-1/findings.json", findings, Token);
        var fix = await Expert.ProposeByRuleAsync(new ProposeByRuleRequest("run-1", workspace, stored, findings.Count), Token);
        return (fix, fix.Kept is null ? [] : (await _artifacts.ReadJsonAsync<RemediationProposal>(fix.Kept.Key, Token)).Files);
    }

    private static Finding Finding(string fingerprint, FindingKind kind, string path, int line, string weakness, string tool, string rule) => new()
    {
        Kind = kind,
        Title = rule,
        Message = "It is weak.",
        Location = new FindingLocation(path, line),
        Severity = FindingSeverity.High,
        Weaknesses = [weakness],
        Evidence = [new FindingEvidence(tool, rule)],
        Fingerprint = fingerprint,
    };

    private static Finding Dependency(string fingerprint, string name, string version, string path, int line) =>
        Finding(fingerprint, FindingKind.Dependency, path, line, "CWE-20", "OSV", "A-1") with { Package = new VulnerablePackage("PyPI", name, version, "A-1") };

    private sealed class Advisories : IAdvisorySource
    {
        public Task<AdvisoryAnswer> FindAsync(IReadOnlyCollection<OsvPackage> packages, CancellationToken cancellationToken) => Task.FromResult(
            new AdvisoryAnswer(packages.ToDictionary(package => package, package => (IReadOnlyList<OsvRecord>)[Record(package, "3.2.5")]), "now"));

        private static OsvRecord Record(OsvPackage package, string fixedIn) => OsvRecordReader.Read(
            $$"""{"id":"A-1","modified":"2024-01-02T03:04:05Z","affected":[{"package":{"ecosystem":"{{package.Ecosystem}}","name":"{{package.Name}}"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"{{fixedIn}}"}]}]}]}""");
    }

    private sealed class NoModel : IChatModelClient
    {
        public bool IsConfigured => false;

        public string Identity => "none";

        public TimeSpan Pause => TimeSpan.Zero;

        public Task<bool?> HasModelAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("No model may be asked.");

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("No model may be asked.");

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("No model may be asked.");

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
