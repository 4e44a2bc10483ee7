using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeQl;
using AtomicDevOps.Activities.Tools.CodeScanning;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Activities.Tests.Tools.CodeQl;

public sealed class CodeQlScannerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CodeQlStandIn _codeQl;
    private readonly string _source;

    public CodeQlScannerTests()
    {
        Guard.NeedsLinux();
        _codeQl = new CodeQlStandIn(_directory);
        _source = Directory.CreateDirectory(_directory.Combine("source")).FullName;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_change_answers_for_the_way_that_it_opens_to_a_file_that_it_does_not_touch()
    {
        _codeQl.Plan("database analyze", ("source", "request.args"), ("sink", "execute(text)"));
        using var services = Services();
        var artifacts = RealTools.Artifacts(_directory);
        var expert = new SastExpert([], services.GetServices<ITreeScanner>(), artifacts);
        var @base = await artifacts.PackAsync("run-1/base.tar", ("db.py", "def find(text):\n    return cursor.execute(text)\n"), ("views.py", "find('lamps')\n"));
        var head = await artifacts.PackAsync("run-1/head.tar", ("db.py", "def find(text):\n    return cursor.execute(text)\n"), ("views.py", "find(request.args['q'])\n"));

        var opened = await expert.ScanAsync(new SastRequest("run-1", head) { Base = @base, Paths = ["views.py"] }, Token);
        var later = await artifacts.PackAsync("run-2/head.tar", ("db.py", "def find(text):\n    return cursor.execute(text)\n"), ("views.py", "find(request.args['q'])\n# more\n"));
        var old = await expert.ScanAsync(new SastRequest("run-2", later) { Base = head, Paths = ["views.py"] }, Token);

        opened.Scanners.ShouldBe([new ScannerOutcome("CodeQL", ScanOutcome.Checked, 1)]);
        var report = (await artifacts.ReadJsonAsync<IReadOnlyList<ScanReport>>(opened.Head.Key, Token)).ShouldHaveSingleItem();
        report.ToolVersion.ShouldBe(CodeQlStandIn.Version);
        var finding = report.Findings.ShouldHaveSingleItem();
        (finding.Location.Path, finding.Location.StartLine, finding.Severity, finding.Message).ShouldBe(
            ("db.py", 2, FindingSeverity.High, "This SQL query depends on a user-provided value."));
        finding.Weaknesses.ShouldBe(["CWE-89"]);
        finding.Location.LineDigest.ShouldNotBeNull();
        old.Scanners.ShouldBe([new ScannerOutcome("CodeQL", ScanOutcome.Checked, 0)]);
        _codeQl.Calls.Count(call => call.Command is "database analyze").ShouldBe(3);
    }

    [Fact]
    public async Task Every_language_of_the_tree_that_CodeQL_knows_is_analyzed_by_itself()
    {
        Write(("app.py", ""), ("web/main.ts", ""), ("web/main.js", ""), ("notes.md", ""), (".github/workflows/ci.yml", ""), ("deploy.yml", ""));

        var (report, isFinal) = await ScanAsync();

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        report.Findings.Count.ShouldBe(3);
        isFinal.ShouldBeTrue();
        Languages().ShouldBe(["actions", "javascript", "python"]);
    }

    [Fact]
    public async Task What_has_to_be_built_is_a_gap_beside_what_was_analyzed()
    {
        Write(("app.py", ""), ("main.go", ""), ("Shop.kt", ""));

        var (report, isFinal) = await ScanAsync();

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Reason.ShouldNotBeNull().ShouldStartWith("go: ");
        report.Reason.ShouldContain("CodeQl:AllowBuild");
        report.Reason.ShouldContain("kotlin: ");
        report.Findings.ShouldHaveSingleItem();
        isFinal.ShouldBeTrue();
    }

    [Theory]
    [InlineData("database create", 2, "exit code 2", ScanOutcome.NotChecked)]
    [InlineData("database create", 32, null, ScanOutcome.NotApplicable)]
    [InlineData("database analyze", 33, "CodeQl:QueryTimeout", ScanOutcome.PartlyChecked)]
    [InlineData("database analyze", 99, "CodeQl:MemoryMegabytes", ScanOutcome.NotChecked)]
    [InlineData("resolve languages", 2, "resolve languages", ScanOutcome.NotChecked)]
    public async Task A_bad_day_is_an_outcome_with_its_reason_and_is_not_kept(string command, int exitCode, string? told, ScanOutcome outcome)
    {
        Write(("app.py", ""));
        _codeQl.Plan(command, ("exit", exitCode));

        var (report, isFinal) = await ScanAsync();

        report.Outcome.ShouldBe(outcome, report.Reason);
        (report.Reason ?? string.Empty).ShouldContain(told ?? string.Empty);
        isFinal.ShouldBe(outcome == ScanOutcome.NotApplicable);
        report.Findings.Count.ShouldBe(outcome == ScanOutcome.PartlyChecked ? 1 : 0);
    }

    [Fact]
    public async Task A_program_that_is_wanted_and_missing_is_not_checked_once_with_a_hint()
    {
        Write(("app.py", ""), ("main.js", ""));

        var (report, isFinal) = await ScanAsync(("CodeQl:Executable", "codeql-that-nobody-has"));

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().Split("CodeQl:Executable").Length.ShouldBe(2);
        isFinal.ShouldBeFalse();
    }

    [Fact]
    public async Task A_comment_in_the_code_suppresses_nothing()
    {
        _codeQl.Plan("database analyze", ("source", "request.args"), ("sink", "execute("));
        Write(("app.py", "text = request.args['q']\ncursor.execute(text)  # codeql[py/sql-injection]\n"));

        var (report, _) = await ScanAsync();

        (report.Outcome, report.Reason).ShouldBe((ScanOutcome.Checked, null));
        report.Findings.ShouldHaveSingleItem().Location.StartLine.ShouldBe(2);
    }

    [Fact]
    public async Task Nobody_asks_for_it_unless_the_settings_do()
    {
        using var services = Services(("CodeQl:Enabled", null));
        var artifacts = RealTools.Artifacts(_directory);
        var head = await artifacts.PackAsync("run-1/head.tar", ("app.py", ""));

        var result = await new SastExpert([], services.GetServices<ITreeScanner>(), artifacts).ScanAsync(new SastRequest("run-1", head), Token);

        result.Scanners.ShouldBeEmpty();
        _codeQl.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_changes_its_answers_is_in_its_version()
    {
        using var usual = Services();
        using var more = Services(("CodeQl:Suite", "SecurityExtended"), ("CodeQl:AllowBuild", "true"));

        (await Scanner(usual).FindVersionAsync(Token)).ShouldNotBeNull().Key.ShouldBe("2.23.1+Default");
        (await Scanner(more).FindVersionAsync(Token)).ShouldNotBeNull().Key.ShouldBe("2.23.1+SecurityExtended+built");
    }

    private static ITreeScanner Scanner(ServiceProvider services) => services.GetServices<ITreeScanner>().ShouldHaveSingleItem();

    private async Task<TreeScan> ScanAsync(params (string Key, string? Value)[] settings)
    {
        using var services = Services(settings);
        return await Scanner(services).ScanAsync(_source, Token);
    }

    private IEnumerable<string> Languages() => _codeQl.Calls.Where(call => call.Command is "database create")
        .Select(call => call.Arguments.Single(argument => argument.StartsWith("--language=", StringComparison.Ordinal))["--language=".Length..]);

    private void Write(params (string Path, string Text)[] files)
    {
        foreach (var (path, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_source, path))!);
            File.WriteAllText(Path.Combine(_source, path), text);
        }
    }

    private ServiceProvider Services(params (string Key, string? Value)[] settings)
    {
        var values = new Dictionary<string, string?> { ["CodeQl:Enabled"] = "true", ["CodeQl:Executable"] = _codeQl.Executable };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        var services = new ServiceCollection();
        services.AddLogging();
        services.AddCodeQl(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        return services.BuildServiceProvider();
    }
}
