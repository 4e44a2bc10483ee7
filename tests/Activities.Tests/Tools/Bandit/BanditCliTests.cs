using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Bandit;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Bandit;

public sealed class BanditCliTests : IDisposable
{
    private const string Secret = "correct horse battery";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_real_program_finds_weaknesses_and_says_what_it_could_not_read_or_recognise()
    {
        Guard.NeedsBandit();
        var source = Source(
            ("src/app.py", $"import subprocess\npassword = \"{Secret}\"\neval(text)  # nosec\nsubprocess.call('ls ' + path, shell=True)\nlogin(password=\"{Secret}\")\n"),
            ("broken.py", "def (:\n"));
        var bandit = Client("bandit");

        var version = (await bandit.FindVersionAsync(Token)).ShouldNotBeNull();
        var report = await bandit.ScanAsync(source, Token);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.ToolVersion.ShouldBe(version.Text);
        var reason = report.Reason.ShouldNotBeNull();
        reason.ShouldContain("broken.py");
        version.Blind.ShouldAllBe(rule => reason.Contains(rule));
        var eval = report.Findings.Single(finding => finding.Evidence[0].Rule is "B307");
        eval.ShouldSatisfyAllConditions(
            () => eval.Kind.ShouldBe(FindingKind.Code),
            () => eval.Location.Path.ShouldBe("src/app.py"),
            () => eval.Location.StartLine.ShouldBe(3),
            () => eval.Severity.ShouldBe(FindingSeverity.Medium),
            () => eval.Weaknesses.ShouldBe(["CWE-78"]));
        var shell = report.Findings.Single(finding => finding.Evidence[0].Rule is "B602");
        (shell.Location.StartLine, shell.Severity).ShouldBe((4, FindingSeverity.High));
        JsonSerializer.Serialize(report).ShouldNotContain(Secret);
    }

    [Fact]
    public async Task A_program_that_sees_all_that_it_should_has_checked()
    {
        var bandit = Client(Scripted(["B104", "B105", "B307", "B602", "B608"]));

        var report = await bandit.ScanAsync(Source(("sample.py", "")), Token);

        report.Outcome.ShouldBe(ScanOutcome.Checked);
        report.Reason.ShouldBeNull();
        report.ToolVersion.ShouldBe("9.9.9");
        (await new CodeScannerProbe("Bandit CLI", bandit, "hint").ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Healthy);
        var secret = report.Findings.Single(finding => finding.Evidence[0].Rule is "B105");
        secret.Kind.ShouldBe(FindingKind.Secret);
        JsonSerializer.Serialize(report).ShouldNotContain(Secret);
    }

    [Fact]
    public async Task A_program_that_is_blind_has_checked_a_part_only_and_says_which()
    {
        var bandit = Client(Scripted(["B307", "B602"]));

        var report = await bandit.ScanAsync(Source(("sample.py", "")), Token);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("B104, B105, B608");
        (await bandit.FindVersionAsync(Token)).ShouldNotBeNull().Key.ShouldBe("9.9.9+without-B104+without-B105+without-B608");
        var probe = await new CodeScannerProbe("Bandit CLI", bandit, "hint").ProbeAsync(Token);
        probe.Health.ShouldBe(AgentHealth.Degraded);
    }

    [Fact]
    public async Task A_program_that_is_missing_has_not_checked()
    {
        var bandit = Client("/nowhere/bandit");

        var report = await bandit.ScanAsync(Source(("a.py", "")), Token);

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("pip install bandit");
        (await bandit.FindVersionAsync(Token)).ShouldBeNull();
        (await new CodeScannerProbe("Bandit CLI", bandit, "hint").ProbeAsync(Token)).Health.ShouldBe(AgentHealth.NotConfigured);
    }

    [Theory]
    [InlineData("exec sleep 60", "1 s")]
    [InlineData("echo no JSON; exit 1", "not what its documentation says")]
    [InlineData("echo '{}'", "not what its documentation says")]
    [InlineData("echo '[]'", "not what its documentation says")]
    [InlineData("""echo '{"errors":[],"results":[{"test_id":null}]}'""", "not what its documentation says")]
    [InlineData("""echo '{"errors":[],"results":[{"test_id":"B1","test_name":"","issue_text":"x","filename":"a.py","line_number":"one"}]}'""", "not what its documentation says")]
    [InlineData("echo trouble >&2; exit 2", "exit code 2: trouble")]
    [InlineData("head -c 70000000 /dev/zero", "more than 64 MiB")]
    public async Task A_scan_that_fails_takes_too_long_or_prints_nonsense_has_not_checked(string script, string reason)
    {
        var bandit = Client(ScriptedProgram.Write(_directory, "bandit", $"case \"$1\" in --version) echo 'bandit 9.9.9';; *) {script};; esac"), TimeSpan.FromSeconds(script.StartsWith("exec sleep", StringComparison.Ordinal) ? 1 : 20));

        var report = await bandit.ScanAsync(Source(("a.py", "")), Token);

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Findings.ShouldBeEmpty();
        report.Reason.ShouldNotBeNull().ShouldContain(reason);
    }

    [Fact]
    public async Task A_scan_whose_self_test_failed_has_checked_a_part_only()
    {
        var script = "case \"$1 $2\" in --version*) echo 'bandit 9.9.9';; *atomic-devops-bandit-*) exit 2;; *) echo '{\"errors\":[],\"results\":[]}';; esac";

        var report = await Client(ScriptedProgram.Write(_directory, "bandit", script)).ScanAsync(Source(("a.py", "")), Token);

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("could not be tried");
    }

    private static BanditCli Client(string program, TimeSpan? timeout = null) =>
        new(RealTools.Processes, Options.Create(new BanditOptions { Program = program, Timeout = timeout ?? TimeSpan.FromMinutes(1) }));

    private string Source(params (string Path, string Content)[] files)
    {
        foreach (var (path, content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_directory.Combine("source", path))!);
            File.WriteAllText(_directory.Combine("source", path), content);
        }

        return _directory.Combine("source");
    }

    private string Scripted(string[] rules)
    {
        var results = rules.Select(rule => new
        {
            test_id = rule,
            test_name = "a_rule",
            issue_text = rule is "B105" ? $"Possible hardcoded password: '{Secret}'" : "Something.",
            filename = "DIRECTORY/sample.py",
            line_number = 1,
            issue_severity = "LOW",
            issue_confidence = "MEDIUM",
            issue_cwe = new { id = 20 },
            more_info = "https://bandit.example/",
            code = Secret,
        });
        File.WriteAllText(_directory.Combine("report.json"), JsonSerializer.Serialize(new { errors = Array.Empty<string>(), results }));
        return ScriptedProgram.Write(_directory, "bandit", $"case \"$1\" in --version) echo 'bandit 9.9.9';; *) sed \"s|DIRECTORY|$2|g\" '{_directory.Combine("report.json")}'; exit 1;; esac");
    }
}
