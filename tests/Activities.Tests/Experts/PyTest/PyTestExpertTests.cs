using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.PyTest;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Experts.PyTest;

public sealed class PyTestExpertTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FileArtifactStore _artifacts;
    private readonly FileStageLog _log;
    private readonly ServiceCollection _services = new();

    public PyTestExpertTests()
    {
        _artifacts = RealTools.Artifacts(_directory);
        _log = new FileStageLog(Options.Create(new LogsOptions { Directory = _directory.Combine("logs") }), RealTools.Redactor);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Passing_tests_pass_and_their_output_is_logged()
    {
        var report = await RunAsync(("test_a.py", "def test_one(): pass\ndef test_two(): pass\n"));

        report.Outcome.ShouldBe(PyTestOutcome.Passed, report.OutputTail);
        report.Counts.ShouldBe(new PyTestCounts(2, 2, 0, 0, 0));
        report.Problem.ShouldBeNull();
        (await _log.ReadAsync("pipeline:a:b", "tests", 0, Token)).ShouldContain("2 passed");
        Directory.EnumerateFileSystemEntries(_directory.Combine("work")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Failures_are_located_and_explained()
    {
        var report = await RunAsync(
            ("pkg/test_a.py", "import pytest\nclass TestX:\n    def test_bad(self):\n        x = 1\n        assert x == 2\n\n@pytest.mark.parametrize('n', [1])\ndef test_raise(n):\n    raise ValueError('no')\n\ndef test_fixture(missing_fixture): pass\n\ndef test_skip():\n    pytest.skip('later')\n"));

        report.Outcome.ShouldBe(PyTestOutcome.Failed, report.OutputTail);
        report.Counts.ShouldBe(new PyTestCounts(4, 0, 2, 1, 1));
        report.Failures.Select(failure => (failure.TestId, failure.File, failure.Line, failure.Kind)).ShouldBe(
            [
                ("pkg/test_a.py::TestX::test_bad", "pkg/test_a.py", 5, PyTestFailureKind.Assertion),
                ("pkg/test_a.py::test_raise[1]", "pkg/test_a.py", 9, PyTestFailureKind.Exception),
                ("pkg/test_a.py::test_fixture", "pkg/test_a.py", 11, PyTestFailureKind.Fixture),
            ]);
        report.Failures[0].Message.ShouldContain("assert 1 == 2");
        report.Failures[2].Hint!.ShouldContain("missing_fixture");
    }

    [Fact]
    public async Task Files_that_cannot_be_imported_are_a_collection_error()
    {
        var report = await RunAsync(("test_import.py", "import no_such_module\n"), ("test_syntax.py", "x = 1\ndef broken(:\n"));

        report.Outcome.ShouldBe(PyTestOutcome.CollectionError, report.OutputTail);
        report.Failures.Select(failure => (failure.File, failure.Line, failure.Kind)).ShouldBe(
            [("test_import.py", 1, PyTestFailureKind.ImportError), ("test_syntax.py", 2, PyTestFailureKind.SyntaxError)]);
        report.Failures[0].Hint!.ShouldContain("no_such_module");
    }

    [Fact]
    public async Task A_conftest_that_cannot_be_imported_is_a_collection_error() =>
        (await RunAsync(("conftest.py", "import no_such_module\n"), ("test_a.py", "def test(): pass\n"))).Outcome.ShouldBe(PyTestOutcome.CollectionError);

    [Fact]
    public async Task A_tree_without_tests_has_none() =>
        (await RunAsync(("readme.md", "x"))).Outcome.ShouldBe(PyTestOutcome.NoTests);

    [Fact]
    public async Task A_path_that_does_not_exist_is_a_usage_error() =>
        (await RunAsync(request => request with { Paths = ["nowhere"] }, ("test_a.py", "def test(): pass\n"))).Outcome.ShouldBe(PyTestOutcome.UsageError);

    [Theory]
    [InlineData("--rootdir=/")]
    [InlineData("/etc")]
    [InlineData("../up")]
    [InlineData("")]
    public async Task A_path_that_could_be_an_option_or_leave_the_tree_is_refused_before_anything_runs(string path)
    {
        var report = await RunAsync(request => request with { Paths = [path] }, ("test_a.py", "def test(): pass\n"));

        report.Outcome.ShouldBe(PyTestOutcome.UsageError);
        report.OutputTail.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_endless_test_times_out()
    {
        var report = await RunAsync(
            request => request with { Limits = request.Limits with { Timeout = TimeSpan.FromSeconds(3) } },
            ("test_a.py", "import time\ndef test():\n    while True: time.sleep(1)\n"));

        report.Outcome.ShouldBe(PyTestOutcome.TimedOut);
    }

    [Fact]
    public async Task A_fork_bomb_is_stopped_and_said_to_be_one()
    {
        var report = await RunAsync(
            request => request with { Limits = request.Limits with { Processes = 30, Timeout = TimeSpan.FromSeconds(60) } },
            ("test_a.py", "import subprocess\ndef test():\n    while True: subprocess.Popen(['sleep', '600'], start_new_session=True)\n"));

        report.Outcome.ShouldBe(PyTestOutcome.Crashed);
        report.Problem!.ShouldContain("30 processes");
    }

    [Fact]
    public async Task A_memory_hog_is_stopped()
    {
        var report = await RunAsync(
            request => request with { Limits = request.Limits with { MemoryBytes = 150_000_000 } },
            ("test_a.py", "import time\ndef test():\n    x = b'x' * 400_000_000\n    time.sleep(60)\n"));

        report.Outcome.ShouldBe(PyTestOutcome.OutOfMemory);
    }

    [Fact]
    public async Task Huge_output_is_cut()
    {
        var report = await RunAsync(
            request => request with { ExtraArguments = ["-s"] },
            ("test_a.py", "def test():\n    for _ in range(100): print('x' * 1_000_000)\n"));

        report.Outcome.ShouldBe(PyTestOutcome.Passed);
        report.OutputTail.Length.ShouldBeLessThan(17_000);
        report.OutputTail.ShouldContain("1 passed");
    }

    [Fact]
    public async Task A_test_that_ends_the_process_with_success_does_not_pass() =>
        (await RunAsync(("test_a.py", "import os\ndef test(): os._exit(0)\n"))).Outcome.ShouldBe(PyTestOutcome.Crashed);

    [Fact]
    public async Task A_report_that_the_tree_brings_along_is_not_taken_for_the_runs_own()
    {
        var fake = "<testsuites><testsuite><testcase classname='a' name='b'/></testsuite></testsuites>";

        (await RunAsync((".atomicdevops/junit.xml", fake), ("junit.xml", fake), ("test_a.py", "import os\ndef test(): os._exit(0)\n")))
            .Outcome.ShouldBe(PyTestOutcome.Crashed);
    }

    [Fact]
    public async Task The_fast_strategy_stops_at_the_first_failure()
    {
        var report = await RunAsync(
            request => request with { Strategy = PyTestStrategy.Fast },
            ("test_a.py", "def test_one(): assert 0\ndef test_two(): assert 0\n"));

        report.Counts.Failed.ShouldBe(1);
    }

    [Fact]
    public async Task Coverage_is_measured_and_held_against_the_threshold()
    {
        var report = await RunAsync(
            request => request with { CoverageThreshold = 0.99 },
            ("lib.py", "def used():\n    return 1\n\ndef unused():\n    return 2\n"),
            ("test_a.py", "import lib\ndef test(): assert lib.used() == 1\n"));

        report.Outcome.ShouldBe(PyTestOutcome.Passed, report.OutputTail);
        report.Coverage.ShouldNotBeNull().LineRate.ShouldBe(5 / 6.0, 0.001);
        report.Coverage.ReachesThreshold.ShouldBeFalse();
        report.Coverage.LeastCovered.ShouldBe([new FileCoverage("lib.py", 0.75, 1)]);
    }

    [Fact]
    public async Task A_command_of_the_repositorys_own_still_brings_a_report()
    {
        var report = await RunAsync(
            request => request with { Command = ["sh", "-c", "exec /usr/bin/python3 -m pytest"] },
            ("test_a.py", "def test(): assert 0\n"));

        report.Outcome.ShouldBe(PyTestOutcome.Failed);
        report.Failures.ShouldHaveSingleItem();
        (await RunAsync(request => request with { Command = ["true"] }, ("a", "b"))).Outcome.ShouldBe(PyTestOutcome.Passed);
        (await RunAsync(request => request with { Command = ["false"] }, ("a", "b"))).Outcome.ShouldBe(PyTestOutcome.Failed);
        (await RunAsync(request => request with { Command = ["no-such-program"] }, ("a", "b"))).Outcome.ShouldBe(PyTestOutcome.ToolMissing);
    }

    [Fact]
    public async Task Tests_see_nothing_of_this_process_environment()
    {
        Environment.SetEnvironmentVariable("ATOMIC_DEVOPS_TEST_SECRET", "hunter2hunter2");

        var report = await RunAsync(("test_a.py", "import os\ndef test(): assert 'hunter2hunter2' not in str(os.environ)\n"));

        report.Outcome.ShouldBe(PyTestOutcome.Passed, report.OutputTail);
    }

    [Fact]
    public async Task Tests_are_collected_without_being_run()
    {
        Guard.NeedsPyTest();
        var workspace = await PackAsync(("test_a.py", "def test_one(): assert 0\nclass TestB:\n    def test_two(self): pass\n"));

        var collected = await Expert().CollectTestsAsync(new PyTestRequest("pipeline:a:b", "collect", PyTestRunner.Local, workspace), Token);

        collected.Outcome.ShouldBe(PyTestOutcome.Passed, collected.Problem);
        collected.TestIds.ShouldBe(["test_a.py::test_one", "test_a.py::TestB::test_two"]);
    }

    [Fact]
    public async Task Running_on_this_machine_has_to_be_allowed()
    {
        var workspace = await PackAsync(("a", "b"));

        (await Should.ThrowAsync<ToolException>(() => Expert(allowLocal: false).RunTestsAsync(new PyTestRequest("r", "s", PyTestRunner.Local, workspace), Token)))
            .Message.ShouldContain("PyTest:AllowLocal");
    }

    [Fact]
    public async Task A_result_for_an_image_id_is_remembered_and_one_of_trouble_is_not()
    {
        var workspace = await PackAsync(("a", "b"));
        var sandbox = new ScriptedSandbox();
        _services.AddSingleton<IContainerSandbox>(sandbox);
        var expert = Expert();
        var request = new PyTestRequest("r1", "s", PyTestRunner.Container("sha256:1"), workspace);

        sandbox.Ending = SandboxEnding.TimedOut;
        (await expert.RunTestsAsync(request, Token)).Outcome.ShouldBe(PyTestOutcome.TimedOut);
        sandbox.Ending = SandboxEnding.Exited;
        (await expert.RunTestsAsync(request, Token)).Cached.ShouldBeFalse();
        (await expert.RunTestsAsync(request with { RunId = "r2" }, Token)).Cached.ShouldBeTrue();
        sandbox.Runs.ShouldBe(2);
        (await expert.RunTestsAsync(request with { Paths = ["b"] }, Token)).Cached.ShouldBeFalse();
        (await expert.RunTestsAsync(request with { Runner = PyTestRunner.Container("name:tag") }, Token)).Cached.ShouldBeFalse();
        (await expert.RunTestsAsync(request with { Runner = PyTestRunner.Container("name:tag") }, Token)).Cached.ShouldBeFalse();
        sandbox.Ending = SandboxEnding.Killed;
        await Should.ThrowAsync<ToolUnavailableException>(() => expert.RunTestsAsync(request with { Paths = ["c"] }, Token));
    }

    private Task<PyTestReport> RunAsync(params (string File, string Content)[] files) => RunAsync(request => request, files);

    private async Task<PyTestReport> RunAsync(Func<PyTestRequest, PyTestRequest> configure, params (string File, string Content)[] files)
    {
        Guard.NeedsPyTest();
        var workspace = await PackAsync(files);
        return await Expert().RunTestsAsync(configure(new PyTestRequest("pipeline:a:b", "tests", PyTestRunner.Local, workspace)), Token);
    }

    private PyTestExpert Expert(bool allowLocal = true)
    {
        var work = Directory.CreateDirectory(_directory.Combine("work")).FullName;
        var options = Options.Create(new PyTestOptions { AllowLocal = allowLocal, Directory = work });
        var client = new PyTestCli(RealTools.Processes, _artifacts, options, NullLogger<PyTestCli>.Instance);
        return new PyTestExpert(_services.BuildServiceProvider(), client, _artifacts, _log, RealTools.Redactor);
    }

    private async Task<WorkspaceReference> PackAsync(params (string File, string Content)[] files)
    {
        var source = new SourceRepository(_directory, Guid.NewGuid().ToString("N"));
        var sha = source.Commit("files", files);
        var expert = new GitCoreExpert(RealTools.Git(_directory), _artifacts);
        var result = await expert.CheckoutAsync(new CheckoutRequest("pipeline:a:b", source.Url, sha), Token);
        return result.Workspace.ShouldNotBeNull(result.Problem);
    }

    /// <summary>Ends as it is told to, with a report of one passed test.</summary>
    private sealed class ScriptedSandbox : IContainerSandbox
    {
        public SandboxEnding Ending { get; set; }

        public int Runs { get; private set; }

        public Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellationToken)
        {
            Runs++;
            return Task.FromResult(new SandboxResult(Ending, 0, "1 passed", 8, TimeSpan.FromSeconds(1))
            {
                Files = request.Collect.ToDictionary(
                    path => path,
                    _ => "<testsuites><testsuite><testcase classname='a' name='b'/></testsuite></testsuites>"u8.ToArray(),
                    StringComparer.Ordinal),
            });
        }
    }
}
