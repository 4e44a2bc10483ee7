using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.CodeQl;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.CodeQl;

public sealed class CodeQlCliTests : IDisposable
{
    private const string Secret = "s3cret-of-the-platform";

    private readonly TemporaryDirectory _directory = new();
    private readonly CodeQlStandIn _codeQl;
    private readonly string _source;

    public CodeQlCliTests()
    {
        Guard.NeedsLinux();
        _codeQl = new CodeQlStandIn(_directory);
        _source = Directory.CreateDirectory(_directory.Combine("source")).FullName;
        File.WriteAllText(Path.Combine(_source, "app.py"), "import sqlite3\n");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static IOptions<CodeQlOptions> Enabled => Options.Create(new CodeQlOptions { Enabled = true });

    private string Results => _directory.Combine("results.sarif");

    private string Rooms => Directory.CreateDirectory(_directory.Combine("rooms")).FullName;

    [Fact]
    public async Task An_analysis_is_four_documented_calls_and_leaves_only_the_results()
    {
        _codeQl.LookFor(Secret);

        var analysis = await Client().AnalyzeAsync(Python(), Token);

        analysis.ShouldBe(new CodeQlAnalysis(CodeQlEnding.Analyzed, "python", Results) { ToolVersion = CodeQlStandIn.Version });
        analysis.Outcome.ShouldBe(ScanOutcome.Checked);
        JsonDocument.Parse(File.ReadAllText(Results)).RootElement.GetProperty("runs")[0].GetProperty("results").GetArrayLength().ShouldBe(1);
        _codeQl.Calls.Select(call => call.Command).ShouldBe(["version", "resolve languages", "database create", "database analyze"]);
        var database = _codeQl.Calls[2].Arguments[^1];
        _codeQl.Calls[2].Arguments.ShouldBe(
            ["database", "create", "--language=python", $"--source-root={_source}", "--build-mode=none", "--threads=2", "--ram=4096", "--", database]);
        _codeQl.Calls[3].Arguments.ShouldBe(
        [
            "database", "analyze", "--format=sarifv2.1.0", $"--output={Path.Combine(Path.GetDirectoryName(database)!, "results.sarif")}",
            "--sarif-category=/language:python", "--no-sarif-add-snippets", "--threads=2", "--ram=4096", "--timeout=600", "--", database,
        ]);
        _codeQl.Calls.ShouldAllBe(call => !call.Secrets);
        Directory.EnumerateFileSystemEntries(Rooms).ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(_source).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(CodeQlSuite.SecurityExtended, "codeql/python-queries:codeql-suites/python-security-extended.qls")]
    [InlineData(CodeQlSuite.SecurityAndQuality, "codeql/python-queries:codeql-suites/python-security-and-quality.qls")]
    public async Task Another_suite_is_named_by_the_language_s_pack(CodeQlSuite suite, string named)
    {
        var analysis = await Client(options => options.Suite = suite).AnalyzeAsync(Python(), Token);

        analysis.Ending.ShouldBe(CodeQlEnding.Analyzed, analysis.Reason);
        _codeQl.Calls[^1].Arguments[^1].ShouldBe(named);
    }

    [Fact]
    public async Task A_tree_without_code_of_the_language_is_not_applicable()
    {
        var analysis = await Client().AnalyzeAsync(Python() with { Language = "ruby" }, Token);

        analysis.Outcome.ShouldBe(ScanOutcome.NotApplicable);
        analysis.SarifFile.ShouldBeNull();
        _codeQl.Calls.ShouldNotContain(call => call.Command == "database analyze");
    }

    [Fact]
    public async Task A_language_that_has_to_be_built_is_not_checked_unless_that_is_allowed()
    {
        File.WriteAllText(Path.Combine(_source, "main.go"), "package main\n");

        var refused = await Client().AnalyzeAsync(Python() with { Language = "go" }, Token);

        refused.Ending.ShouldBe(CodeQlEnding.BuildNotAllowed);
        refused.Outcome.ShouldBe(ScanOutcome.NotChecked);
        refused.Reason.ShouldNotBeNull().ShouldContain("CodeQl:AllowBuild");
        _codeQl.Calls.ShouldNotContain(call => call.Command == "database create");

        var allowed = await Client(options => options.AllowBuild = true).AnalyzeAsync(Python() with { Language = "go" }, Token);

        allowed.Ending.ShouldBe(CodeQlEnding.Analyzed, allowed.Reason);
        _codeQl.Calls[^2].Arguments.ShouldContain("--build-mode=autobuild");
    }

    [Fact]
    public async Task A_language_without_an_extractor_is_not_checked_and_the_others_are_named()
    {
        var analysis = await Client().AnalyzeAsync(Python() with { Language = "rust" }, Token);

        analysis.Ending.ShouldBe(CodeQlEnding.NoExtractor);
        analysis.Outcome.ShouldBe(ScanOutcome.NotChecked);
        analysis.Reason.ShouldNotBeNull().ShouldContain("python");
    }

    [Theory]
    [InlineData("2.16.3", CodeQlEnding.TooOld)]
    [InlineData("2.16.4", CodeQlEnding.Analyzed)]
    [InlineData("2.24.0+202611", CodeQlEnding.Analyzed)]
    public async Task A_version_without_build_modes_is_refused(string version, CodeQlEnding ending)
    {
        _codeQl.Plan("version", ("version", version));

        (await Client().AnalyzeAsync(Python(), Token)).Ending.ShouldBe(ending);
    }

    [Fact]
    public async Task A_missing_program_is_not_checked_and_its_probe_says_what_would_help()
    {
        var client = Client(options => options.Executable = "codeql-that-nobody-has");

        var analysis = await client.AnalyzeAsync(Python(), Token);
        var probed = await new CodeQlCliProbe(client, Enabled).ProbeAsync(Token);

        analysis.Ending.ShouldBe(CodeQlEnding.Missing);
        analysis.Outcome.ShouldBe(ScanOutcome.NotChecked);
        analysis.Reason.ShouldNotBeNull().ShouldContain("CodeQl:Executable");
        probed.Health.ShouldBe(AgentHealth.NotConfigured);
        probed.Detail.ShouldContain("CodeQl:Executable");
    }

    [Theory]
    [InlineData("database create", 2, CodeQlEnding.Failed, "exit code 2")]
    [InlineData("database create", 3, CodeQlEnding.Failed, "install")]
    [InlineData("database create", 99, CodeQlEnding.OutOfMemory, "CodeQl:MemoryMegabytes")]
    [InlineData("database create", 33, CodeQlEnding.Failed, "CodeQl:QueryTimeout")]
    [InlineData("database analyze", 2, CodeQlEnding.Failed, "exit code 2")]
    [InlineData("database analyze", 98, CodeQlEnding.Failed, "cancelled")]
    [InlineData("database analyze", 99, CodeQlEnding.OutOfMemory, "CodeQl:MemoryMegabytes")]
    [InlineData("database analyze", 100, CodeQlEnding.Failed, "internal error")]
    [InlineData("database analyze", 137, CodeQlEnding.OutOfMemory, "killed")]
    [InlineData("database analyze", 77, CodeQlEnding.Failed, "exit code 77")]
    public async Task Every_documented_exit_code_is_an_ending_with_its_reason(string command, int exitCode, CodeQlEnding ending, string told)
    {
        _codeQl.Plan(command, ("exit", exitCode), ("says", $"Running…\nA fatal error occurred: it broke at {Secret}\nSee the log."));

        var analysis = await Client().AnalyzeAsync(Python(), Token);

        analysis.Ending.ShouldBe(ending);
        analysis.Outcome.ShouldBe(ScanOutcome.NotChecked);
        analysis.Reason.ShouldNotBeNull().ShouldContain(told);
        analysis.Reason.ShouldNotContain(Secret);
        File.Exists(Results).ShouldBeFalse();
        Directory.EnumerateFileSystemEntries(Rooms).ShouldBeEmpty();
    }

    [Fact]
    public async Task Queries_that_took_too_long_leave_a_part_that_is_no_all_clear()
    {
        _codeQl.Plan("database analyze", ("exit", 33));

        var analysis = await Client().AnalyzeAsync(Python(), Token);

        analysis.Ending.ShouldBe(CodeQlEnding.QueriesTimedOut);
        analysis.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        analysis.SarifFile.ShouldBe(Results);
        analysis.Reason.ShouldNotBeNull().ShouldContain("CodeQl:QueryTimeout");
    }

    [Theory]
    [InlineData(0.0, "2.1.0", "left no results")]
    [InlineData(0.5, "2.1.0", "cut short")]
    [InlineData(1.0, "2.0.0", "another version")]
    public async Task Half_a_result_is_not_checked_although_CodeQL_was_content(double written, string version, string told)
    {
        _codeQl.Plan("database analyze", ("written", written), ("sarif", version));

        var analysis = await Client().AnalyzeAsync(Python(), Token);

        analysis.Ending.ShouldBe(CodeQlEnding.Incomplete);
        analysis.Outcome.ShouldBe(ScanOutcome.NotChecked);
        analysis.Reason.ShouldNotBeNull().ShouldContain(told);
        File.Exists(Results).ShouldBeFalse();
    }

    [Theory]
    [InlineData("database create")]
    [InlineData("database analyze")]
    public async Task An_analysis_that_takes_too_long_is_ended(string command)
    {
        _codeQl.Plan(command, ("slow", true));

        var analysis = await Client(options => options.Timeout = TimeSpan.FromSeconds(1)).AnalyzeAsync(Python(), Token);

        analysis.Ending.ShouldBe(CodeQlEnding.TimedOut);
        analysis.Outcome.ShouldBe(ScanOutcome.NotChecked);
        analysis.Reason.ShouldNotBeNull().ShouldContain("CodeQl:Timeout");
        Directory.EnumerateFileSystemEntries(Rooms).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_cancelled_analysis_leaves_neither_process_nor_files()
    {
        _codeQl.Plan("database create", ("slow", true));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = Client().AnalyzeAsync(Python(), stop.Token);
        while (_codeQl.Calls.Count < 3)
        {
            await Task.Delay(10, Token);
        }

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(running);
        Directory.EnumerateFileSystemEntries(Rooms).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_holds_too_much_memory_or_is_too_many_is_ended_and_told()
    {
        foreach (var (ending, told) in new[] { (ProcessEnding.OutOfMemory, CodeQlEnding.OutOfMemory), (ProcessEnding.TooManyProcesses, CodeQlEnding.Failed) })
        {
            var runner = new LimitedRunner(ending);
            var analysis = await Client(processes: runner).AnalyzeAsync(Python(), Token);

            analysis.Ending.ShouldBe(told);
            analysis.Outcome.ShouldBe(ScanOutcome.NotChecked);
            runner.Limits.ShouldNotBeNull().MemoryBytes.ShouldBe(8192L * 1024 * 1024);
        }
    }

    [Theory]
    [InlineData("{")]
    [InlineData("<html></html>")]
    [InlineData("[]")]
    [InlineData("{\"version\":7}")]
    public async Task A_program_that_is_not_CodeQL_is_an_error_that_names_the_setting(string answer)
    {
        _codeQl.Plan("version", ("answer", answer));

        var problem = await Should.ThrowAsync<ToolException>(Client().GetVersionAsync(Token));

        problem.Message.ShouldContain("CodeQl:Executable");
        (await new CodeQlCliProbe(Client(), Enabled).ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Unhealthy);
    }

    [Theory]
    [InlineData("Python")]
    [InlineData("python --command=evil")]
    [InlineData("")]
    public async Task A_language_that_is_none_starts_nothing(string language)
    {
        await Should.ThrowAsync<ToolException>(Client().AnalyzeAsync(Python() with { Language = language }, Token));

        _codeQl.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_healthy_installation_tells_its_version() =>
        (await new CodeQlCliProbe(Client(), Enabled).ProbeAsync(Token)).ShouldBe(new AgentProbeResult(AgentHealth.Healthy, "CodeQL 2.23.1"));

    [Fact]
    public async Task An_installation_that_nobody_asked_for_is_not_looked_at()
    {
        (await new CodeQlCliProbe(Client(), Options.Create(new CodeQlOptions())).ProbeAsync(Token)).Health.ShouldBe(AgentHealth.NotConfigured);

        _codeQl.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_large_result_is_checked_in_pieces()
    {
        await using (var file = new StreamWriter(Results))
        {
            await file.WriteAsync("\uFEFF{\"version\":\"2.1.0\",\"runs\":[{\"results\":[");
            for (var i = 0; i < 2000; i++)
            {
                await file.WriteAsync($"{(i == 0 ? "" : ",")}{{\"version\":\"9\",\"message\":{{\"text\":\"{new string('x', i == 1000 ? 300_000 : 100)}\"}}}}");
            }

            await file.WriteAsync("]}]}");
        }

        (await SarifFile.FindProblemAsync(Results, Token)).ShouldBeNull();

        await File.AppendAllTextAsync(Results, "}", Token);
        (await SarifFile.FindProblemAsync(Results, Token)).ShouldNotBeNull().ShouldContain("damaged");
    }

    public void Dispose() => _directory.Dispose();

    private CodeQlInvocation Python() => new(_source, "python", Results);

    private CodeQlCli Client(Action<CodeQlOptions>? configure = null, IProcessRunner? processes = null)
    {
        var options = new CodeQlOptions { Executable = _codeQl.Executable, Directory = Rooms };
        configure?.Invoke(options);
        return new CodeQlCli(
            processes ?? RealTools.Processes, new SecretRedactor([Secret]), Options.Create(options), TimeProvider.System, NullLogger<CodeQlCli>.Instance);
    }

    /// <summary>Ends whatever has limits as if it had reached one.</summary>
    private sealed class LimitedRunner(ProcessEnding ending) : IProcessRunner
    {
        public ProcessLimits? Limits { get; private set; }

        public Task<ProcessResult> RunAsync(ProcessRequest request, CancellationToken cancellationToken)
        {
            if (request.Limits is null)
            {
                return RealTools.Processes.RunAsync(request, cancellationToken);
            }

            Limits = request.Limits;
            return Task.FromResult(new ProcessResult(ending, ExitCode: null, ProcessOutput.Empty, ProcessOutput.Empty, TimeSpan.Zero));
        }
    }
}
