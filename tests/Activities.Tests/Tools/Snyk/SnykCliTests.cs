using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Snyk;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Snyk;

public sealed class SnykCliTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SnykCliStandIn _snyk;
    private readonly string _source;

    public SnykCliTests()
    {
        _snyk = new SnykCliStandIn(_directory);
        _source = Directory.CreateDirectory(_directory.Combine("source")).FullName;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Results => _directory.Combine("results.sarif");

    [Fact]
    public async Task Source_code_is_tested_with_the_token_in_the_environment_alone()
    {
        var test = await Client().TestAsync(Invocation(SnykCliCommand.CodeTest) with { JsonFile = _directory.Combine("results.json") }, Token);

        test.ShouldBe(new SnykCliTest(ScanOutcome.Checked, Results) { ToolVersion = "1.1304.0", HasFindings = true });
        File.Exists(_directory.Combine("results.json")).ShouldBeTrue();
        var call = _snyk.Calls[^1];
        call.Arguments.ShouldBe(
        [
            "code", "test", $"--org={SnykStandIn.Organization}", $"--sarif-file-output={Results}.partial", $"--json-file-output={_directory.Combine("results.json")}.partial",
        ]);
        call.Directory.ShouldBe(_source);
        call.Environment["SNYK_TOKEN"].ShouldBe(SnykStandIn.Token);
        call.Environment["SNYK_API"].ShouldBe("https://api.eu.snyk.io");
        _snyk.Calls.ShouldAllBe(each => !each.Arguments.Any(argument => argument.Contains(SnykStandIn.Token, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Dependencies_are_tested_only_where_build_tools_may_run()
    {
        var refused = await Client().TestAsync(Invocation(SnykCliCommand.Test), Token);

        refused.Outcome.ShouldBe(ScanOutcome.NotChecked);
        refused.Reason.ShouldNotBeNull().ShouldContain("Snyk:AllowBuild");

        var allowed = await Client(options => options.AllowBuild = true).TestAsync(Invocation(SnykCliCommand.Test), Token);

        allowed.Outcome.ShouldBe(ScanOutcome.Checked, allowed.Reason);
        _snyk.Calls[^1].Arguments.Take(2).ShouldBe(["test", "--all-projects"]);
    }

    [Theory]
    [InlineData(0, ScanOutcome.Checked, null)]
    [InlineData(1, ScanOutcome.Checked, null)]
    [InlineData(2, ScanOutcome.NotChecked, "exit code 2: it broke at [redacted]")]
    [InlineData(3, ScanOutcome.NotApplicable, "supports")]
    [InlineData(44, ScanOutcome.NotChecked, "exit code 44")]
    public async Task Every_documented_exit_code_is_an_outcome(int exitCode, ScanOutcome outcome, string? told)
    {
        _snyk.Plan(("exit", exitCode), ("says", $"it broke at {SnykStandIn.Token}"));

        var test = await Client().TestAsync(Invocation(SnykCliCommand.CodeTest), Token);

        test.Outcome.ShouldBe(outcome);
        test.HasFindings.ShouldBe(exitCode == 1);
        File.Exists(Results).ShouldBe(outcome == ScanOutcome.Checked);
        if (told is null)
        {
            test.Reason.ShouldBeNull();
        }
        else
        {
            test.Reason.ShouldNotBeNull().ShouldContain(told);
        }

        Directory.EnumerateFiles(_directory.Path, "*.partial").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_token_that_is_not_let_in_is_told_as_such()
    {
        _snyk.Plan(("token", "another"));

        var test = await Client().TestAsync(Invocation(SnykCliCommand.CodeTest), Token);

        test.Outcome.ShouldBe(ScanOutcome.NotChecked);
        test.Reason.ShouldNotBeNull().ShouldContain("Snyk:Token");
    }

    [Fact]
    public async Task Projects_that_could_not_be_read_are_no_all_clear()
    {
        _snyk.Plan(("exit", 0), ("says", "✗ 1/3 potential projects failed to get dependencies."));

        var test = await Client(options => options.AllowBuild = true).TestAsync(Invocation(SnykCliCommand.Test), Token);

        test.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        test.SarifFile.ShouldBe(Results);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    public async Task Half_a_result_is_not_checked(double written)
    {
        _snyk.Plan(("written", written), ("exit", 0));

        var test = await Client().TestAsync(Invocation(SnykCliCommand.CodeTest), Token);

        test.Outcome.ShouldBe(ScanOutcome.NotChecked);
        File.Exists(Results).ShouldBeFalse();
    }

    [Fact]
    public async Task A_test_that_takes_too_long_is_ended()
    {
        _snyk.Plan(("slow", true));

        var test = await Client(options => options.TestTimeout = TimeSpan.FromSeconds(1)).TestAsync(Invocation(SnykCliCommand.CodeTest), Token);

        test.Outcome.ShouldBe(ScanOutcome.NotChecked);
        test.Reason.ShouldNotBeNull().ShouldContain("Snyk:TestTimeout");
    }

    [Fact]
    public async Task A_missing_program_or_token_is_not_checked_and_the_probe_says_what_would_help()
    {
        var missing = Client(options => options.Executable = "snyk-that-nobody-has");
        (await missing.TestAsync(Invocation(SnykCliCommand.CodeTest), Token)).Reason.ShouldNotBeNull().ShouldContain("npm install");
        var probed = await Probe(options => options.Executable = "snyk-that-nobody-has").ProbeAsync(Token);
        (probed.Health, probed.Detail.Contains("npm install", StringComparison.Ordinal)).ShouldBe((AgentHealth.NotConfigured, true));

        (await Client(options => options.Token = null).TestAsync(Invocation(SnykCliCommand.CodeTest), Token)).Reason.ShouldNotBeNull().ShouldContain("Snyk:Token");
        (await Probe(options => options.Token = null).ProbeAsync(Token)).Health.ShouldBe(AgentHealth.NotConfigured);

        (await Probe().ProbeAsync(Token)).ShouldBe(new AgentProbeResult(AgentHealth.Healthy, "Snyk CLI 1.1304.0"));
    }

    public void Dispose() => _directory.Dispose();

    private SnykCliInvocation Invocation(SnykCliCommand command) => new(command, _source, Results);

    private SnykCli Client(Action<SnykOptions>? configure = null) => new(RealTools.Processes, RealTools.Redactor, Configure(configure));

    private SnykCliProbe Probe(Action<SnykOptions>? configure = null) => new(Client(configure), Configure(configure));

    private IOptions<SnykOptions> Configure(Action<SnykOptions>? configure)
    {
        var options = new SnykOptions
        {
            Token = SnykStandIn.Token,
            Organization = SnykStandIn.Organization,
            BaseAddress = new Uri("https://api.eu.snyk.io/"),
            Executable = _snyk.Executable,
        };
        configure?.Invoke(options);
        return Options.Create(options);
    }
}
