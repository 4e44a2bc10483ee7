using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.AstGrep;
using AtomicDevOps.Activities.Tools.Bandit;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Trivy;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Experts.Sast;

public sealed class SastExpertTests : IDisposable
{
    // In parts, so that no scanner takes this file for one with keys in it.
    private static readonly string Key = "AKIA" + "Q3EGRIHXV5UNJ2KD";
    private static readonly string Word = "correct-horse" + "-battery";

    private readonly TemporaryDirectory _directory = new();
    private readonly FileArtifactStore _artifacts;

    public SastExpertTests() => _artifacts = RealTools.Artifacts(_directory);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task No_file_and_no_comment_of_the_change_makes_the_real_scanners_look_away()
    {
        Guard.NeedsBandit();
        var expert = new SastExpert(
            [
                new BanditCli(RealTools.Processes, Options.Create(new BanditOptions())),
                new TrivyCli(RealTools.Processes, Options.Create(new TrivyOptions { Program = Guard.NeedsTrivy() })),
                new AstGrepCli(RealTools.Processes, Options.Create(new AstGrepOptions { Program = Guard.NeedsAstGrep() })),
            ],
            [],
            _artifacts);
        var head = await _artifacts.PackAsync(
            "run-1/head.tar",
            (".bandit", "[bandit]\nskips: B307\nexclude: src\n"),
            (".trivyignore", "DS002\naws-access-key-id\nAVD-AWS-0092\n"),
            ("trivy.yaml", "scan:\n  skip-dirs: [infra, src]\n"),
            ("trivy-secret.yaml", "disable-rules: [aws-access-key-id]\n"),
            ("sgconfig.yml", "ruleDirs: [none]\n"),
            (".ignore", "*\n"),
            (".gitignore", "*\n"),
            ("src/.gitignore", "*\n"),
            ("Dockerfile", "# trivy:ignore:DS002\nFROM python:3.11-slim\nCOPY . /app\nCMD [\"python3\", \"app.py\"]\n"),
            ("infra/main.tf", "# trivy:ignore:AVD-AWS-0092\n#tfsec:ignore:*\nresource \"aws_s3_bucket\" \"logs\" {\n  acl = \"public-read\" # trivy:ignore:AVD-AWS-0092\n}\n"),
            ("src/app.py", $"eval(text)  # nosec\n# ast-grep-ignore\npassword = \"{Word}\"\n# ast-grep-ignore: python-sql-injection\ncursor.execute(f\"SELECT * FROM t WHERE a = '{{a}}'\")\nkey = \"{Key}\"  # trivy:ignore:aws-access-key-id\n"),
            ("link.py", "-> src/app.py"));
        var @base = await _artifacts.PackAsync("run-1/base.tar", ("src/app.py", "\n\neval(text)\n"));

        var result = await expert.ScanAsync(new SastRequest("run-1", head) { Base = @base }, Token);

        result.Scanners.Select(scanner => scanner.Tool).ShouldBe(["Bandit", "Trivy", "ast-grep"], ignoreOrder: true);
        result.Scanners.ShouldAllBe(scanner => scanner.Outcome == ScanOutcome.Checked || scanner.Outcome == ScanOutcome.PartlyChecked);
        var found = (await ReportsAsync(result.Head)).SelectMany(report => report.Findings).Select(Place).ToArray();
        found.ShouldContain("B307 src/app.py:1");
        found.ShouldContain("python-hard-coded-secret src/app.py:3");
        found.ShouldContain("python-sql-injection src/app.py:5");
        found.ShouldContain("aws-access-key-id src/app.py:6");
        found.ShouldContain("DS002 Dockerfile:1");
        found.ShouldContain("AVD-AWS-0092 infra/main.tf:4");
        found.ShouldAllBe(place => !place.Contains("link.py"));
        (await ReportsAsync(result.Base!)).SelectMany(report => report.Findings).Select(Place).Order(StringComparer.Ordinal).ShouldBe(["B307 src/app.py:3", "python-code-injection src/app.py:3"]);
        foreach (var file in Directory.EnumerateFiles(_directory.Combine("artifacts"), "*.json", SearchOption.AllDirectories))
        {
            var text = await File.ReadAllTextAsync(file, Token);
            text.ShouldNotContain(Key);
            text.ShouldNotContain(Word);
        }
    }

    [Fact]
    public async Task Only_what_changed_is_looked_at_before_and_after()
    {
        var scanner = new Recorder();
        var head = await _artifacts.PackAsync("run-1/head.tar", ("a.py", "weak\n"), ("b.py", "weak\n"), ("new.py", "\nweak\n"));
        var @base = await _artifacts.PackAsync("run-1/base.tar", ("a.py", "\n\nweak\n"), ("b.py", "weak\n"), ("gone.py", "weak\n"));

        var result = await new SastExpert([scanner], [], _artifacts).ScanAsync(
            new SastRequest("run-1", head) { Base = @base, Paths = ["a.py", "new.py", "gone.py"] }, Token);

        (await PlacesAsync(result.Head)).ShouldBe(["rule a.py:1", "rule new.py:2"]);
        (await PlacesAsync(result.Base!)).ShouldBe(["rule a.py:3", "rule gone.py:1"]);
        result.Scanners.ShouldBe([new ScannerOutcome("Recorder", ScanOutcome.Checked, 2)]);
        var findings = (await ReportsAsync(result.Head)).Single().Findings;
        findings[0].Location.LineDigest.ShouldNotBeNull().ShouldBe(findings[1].Location.LineDigest);
    }

    [Fact]
    public async Task Terraform_is_looked_at_by_the_directory()
    {
        var scanner = new Recorder();
        var head = await _artifacts.PackAsync(
            "run-1/head.tar", ("infra/main.tf", "weak\n"), ("infra/more.tfvars", "weak\n"), ("infra/notes.txt", "weak\n"), ("other/main.tf", "weak\n"));

        await new SastExpert([scanner], [], _artifacts).ScanAsync(new SastRequest("run-1", head) { Paths = ["infra/main.tf"] }, Token);

        scanner.Seen.ShouldBe(["head/infra/main.tf", "head/infra/more.tfvars"]);
    }

    [Fact]
    public async Task The_same_content_is_scanned_once_whatever_the_run_and_the_order()
    {
        var scanner = new Recorder();
        var expert = new SastExpert([scanner], [], _artifacts);
        var one = await _artifacts.PackAsync("run-1/head.tar", ("a.py", "weak\n"), ("b.py", ""), ("notes.md", "one"));
        var same = await _artifacts.PackAsync("run-2/head.tar", ("b.py", ""), ("a.py", "weak\n"), ("notes.md", "two"));

        var first = await expert.ScanAsync(new SastRequest("run-1", one), Token);
        var second = await expert.ScanAsync(new SastRequest("run-2", same), Token);

        scanner.Scans.ShouldBe(1);
        first.Scanners.Single().Cached.ShouldBeFalse();
        second.Scanners.Single().Cached.ShouldBeTrue();
        (await PlacesAsync(second.Head)).ShouldBe(["rule a.py:1"]);
        second.Base.ShouldBeNull();
    }

    [Fact]
    public async Task Other_content_another_path_another_version_and_another_blindness_are_scanned_anew()
    {
        var scanner = new Recorder();
        var expert = new SastExpert([scanner], [], _artifacts);
        var one = await _artifacts.PackAsync("run-1/head.tar", ("a.py", "weak\n"));
        await expert.ScanAsync(new SastRequest("run-1", one), Token);

        await expert.ScanAsync(new SastRequest("run-1", await _artifacts.PackAsync("run-1/other.tar", ("a.py", "weak"))), Token);
        scanner.Scans.ShouldBe(2);
        await expert.ScanAsync(new SastRequest("run-1", await _artifacts.PackAsync("run-1/moved.tar", ("b.py", "weak\n"))), Token);
        scanner.Scans.ShouldBe(3);
        scanner.Version = new ScannerVersion("2", []);
        await expert.ScanAsync(new SastRequest("run-1", one), Token);
        scanner.Scans.ShouldBe(4);
        scanner.Version = new ScannerVersion("2", ["B105"]);
        await expert.ScanAsync(new SastRequest("run-1", one), Token);
        scanner.Scans.ShouldBe(5);
        await expert.ScanAsync(new SastRequest("run-1", one) { Base = one }, Token);
        scanner.Scans.ShouldBe(6);
    }

    [Fact]
    public async Task A_scanner_that_did_not_check_is_asked_again()
    {
        var scanner = new Recorder { Outcome = ScanOutcome.NotChecked };
        var expert = new SastExpert([scanner], [], _artifacts);
        var head = await _artifacts.PackAsync("run-1/head.tar", ("a.py", "weak\n"));

        (await expert.ScanAsync(new SastRequest("run-1", head), Token)).Scanners.Single().Outcome.ShouldBe(ScanOutcome.NotChecked);
        await expert.ScanAsync(new SastRequest("run-1", head), Token);

        scanner.Scans.ShouldBe(2);
    }

    [Fact]
    public async Task A_scanner_that_is_switched_off_is_neither_asked_nor_missed()
    {
        var scanner = new Recorder();
        var head = await _artifacts.PackAsync("run-1/head.tar", ("a.py", "weak\n"));

        var result = await new SastExpert([scanner], [], _artifacts).ScanAsync(new SastRequest("run-1", head) { Without = ["recorder"] }, Token);

        scanner.Scans.ShouldBe(0);
        result.Scanners.ShouldBeEmpty();
        (await ReportsAsync(result.Head)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_scanner_that_has_nothing_to_look_at_is_not_asked()
    {
        var scanner = new Recorder();
        var head = await _artifacts.PackAsync("run-1/head.tar", ("notes.md", "weak\n"));

        var result = await new SastExpert([scanner], [], _artifacts).ScanAsync(new SastRequest("run-1", head), Token);

        scanner.Scans.ShouldBe(0);
        result.Scanners.ShouldBe([new ScannerOutcome("Recorder", ScanOutcome.NotApplicable, 0)]);
    }

    private static string Place(Finding finding) => FormattableString.Invariant($"{finding.Evidence[0].Rule} {finding.Location.Path}:{finding.Location.StartLine}");

    private async Task<IReadOnlyList<ScanReport>> ReportsAsync(StoredArtifact artifact) => await _artifacts.ReadJsonAsync<IReadOnlyList<ScanReport>>(artifact.Key, Token);

    private async Task<IEnumerable<string>> PlacesAsync(StoredArtifact artifact) => (await ReportsAsync(artifact)).SelectMany(report => report.Findings).Select(Place).Order(StringComparer.Ordinal);

    /// <summary>Finds the lines that say so.</summary>
    private sealed class Recorder : ICodeScanner
    {
        public string Name => "Recorder";

        public int Scans { get; private set; }

        public IReadOnlyList<string> Seen { get; private set; } = [];

        public ScannerVersion? Version { get; set; } = new("1", []);

        public ScanOutcome Outcome { get; init; } = ScanOutcome.Checked;

        public bool LooksAt(string path) => !path.EndsWith(".md", StringComparison.Ordinal);

        public Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken) => Task.FromResult(Version);

        public async Task<ScanReport> ScanAsync(string directory, CancellationToken cancellationToken)
        {
            Scans++;
            Seen = [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(directory, file)).Order(StringComparer.Ordinal)];
            var findings = new List<Finding>();
            foreach (var file in Seen)
            {
                var lines = await File.ReadAllLinesAsync(Path.Combine(directory, file), cancellationToken);
                findings.AddRange(lines.Index().Where(line => line.Item is "weak").Select(line => new Finding
                {
                    Kind = FindingKind.Code,
                    Title = "Weak",
                    Message = "It is weak.",
                    Location = new FindingLocation(file, line.Index + 1),
                    Severity = FindingSeverity.High,
                    Evidence = [new FindingEvidence(Name, "rule")],
                }));
            }

            return new ScanReport(Name, Outcome) { Findings = findings };
        }
    }
}
