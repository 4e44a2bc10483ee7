using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Snyk;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Snyk;

public sealed class SnykCodeScannerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SnykCliStandIn _snyk;
    private readonly FileArtifactStore _artifacts;

    public SnykCodeScannerTests()
    {
        _snyk = new SnykCliStandIn(_directory);
        _artifacts = RealTools.Artifacts(_directory);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_a_change_adds_is_found_and_no_ignore_of_the_repository_s_counts()
    {
        _snyk.Plan(("sink", "execute("));
        var @base = await _artifacts.PackAsync("run-1/base.tar", ("old.py", "cursor.execute(text)\n"), ("app.py", ""));
        var head = await _artifacts.PackAsync(
            "run-1/head.tar", ("old.py", "cursor.execute(text)\n"), ("app.py", "import db\ncursor.execute(text)  # ignored\n"), (".snyk", "ignore: {}\n"), (".dcignore", "*\n"));

        var result = await Expert().ScanAsync(new SastRequest("run-1", head) { Base = @base, Paths = ["app.py"] }, Token);

        result.Scanners.ShouldBe([new ScannerOutcome("Snyk Code", ScanOutcome.Checked, 1)]);
        var finding = (await _artifacts.ReadJsonAsync<IReadOnlyList<ScanReport>>(result.Head.Key, Token)).ShouldHaveSingleItem().Findings.ShouldHaveSingleItem();
        (finding.Title, finding.Location.Path, finding.Location.StartLine, finding.Severity).ShouldBe(("SQL Injection", "app.py", 2, FindingSeverity.High));
        finding.Weaknesses.ShouldBe(["CWE-89"]);
        finding.Evidence.ShouldHaveSingleItem().Tool.ShouldBe("Snyk Code");
        _snyk.Calls.ShouldAllBe(call => !call.Arguments.Any(argument => argument.Contains(SnykStandIn.Token, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Its_answers_are_not_kept_as_its_rules_change_elsewhere()
    {
        var head = await _artifacts.PackAsync("run-1/head.tar", ("app.py", ""));
        _snyk.Plan(("exit", 0));

        await Expert().ScanAsync(new SastRequest("run-1", head), Token);
        var again = await Expert().ScanAsync(new SastRequest("run-1", head), Token);

        again.Scanners.ShouldBe([new ScannerOutcome("Snyk Code", ScanOutcome.Checked, 0)]);
        _snyk.Calls.Count(call => call.Arguments[0] is "code").ShouldBe(2);
    }

    [Theory]
    [InlineData("snyk-that-nobody-has", SnykStandIn.Token, "npm install")]
    [InlineData(null, "another-token", "did not let the token in")]
    public async Task A_program_or_a_token_that_does_not_do_is_not_checked(string? executable, string token, string told)
    {
        var head = await _artifacts.PackAsync("run-1/head.tar", ("app.py", ""));

        var result = await Expert(("Snyk:Executable", executable ?? _snyk.Executable), ("Snyk:Token", token)).ScanAsync(new SastRequest("run-1", head), Token);

        var outcome = result.Scanners.ShouldHaveSingleItem();
        outcome.Outcome.ShouldBe(ScanOutcome.NotChecked);
        outcome.Reason.ShouldNotBeNull().ShouldContain(told);
        outcome.Reason.ShouldNotContain(token);
    }

    [Fact]
    public async Task Code_is_not_sent_to_Snyk_unless_the_settings_say_so()
    {
        var head = await _artifacts.PackAsync("run-1/head.tar", ("app.py", ""));

        var result = await Expert(("Snyk:Code", null)).ScanAsync(new SastRequest("run-1", head), Token);

        result.Scanners.ShouldBeEmpty();
        _snyk.Calls.ShouldBeEmpty();
    }

    [Fact]
    public void Code_without_a_token_is_a_wrong_setting() =>
        Should.Throw<OptionsValidationException>(() => Services(("Snyk:Token", null), ("Snyk:Organization", null)).GetRequiredService<IOptions<SnykOptions>>().Value)
            .Message.ShouldContain("Snyk:Code");

    private SastExpert Expert(params (string Key, string? Value)[] settings) => new([], Services(settings).GetServices<ITreeScanner>(), _artifacts);

    private ServiceProvider Services(params (string Key, string? Value)[] settings)
    {
        var values = new Dictionary<string, string?>
        {
            ["Snyk:Token"] = SnykStandIn.Token,
            ["Snyk:Organization"] = SnykStandIn.Organization,
            ["Snyk:Executable"] = _snyk.Executable,
            ["Snyk:Code"] = "true",
        };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSnyk(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        return services.BuildServiceProvider();
    }
}
