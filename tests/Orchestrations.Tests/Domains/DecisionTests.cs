using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Orchestrations.Domains.CiPipeline;
using AtomicDevOps.Orchestrations.Domains.Scm;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Strategy.DevMgr;
using AtomicDevOps.Orchestrations.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Orchestrations.Tests.Domains;

/// <summary>The decisions that are pure functions.</summary>
public sealed class DecisionTests
{
    private static readonly ScriptedTools World = new();

    [Fact]
    public void A_policy_that_asks_for_nothing_finds_nothing() => Problems(new PolicyConfiguration()).ShouldBeEmpty();

    [Fact]
    public void Every_rule_that_does_not_hold_is_told_with_its_cure()
    {
        var policy = new PolicyConfiguration { Branch = "fix/.+", CommitMessage = "[A-Z].*", Description = true, UpToDate = true, Forks = false };
        var stranger = World.PullRequest with
        {
            Body = "  ",
            Head = World.PullRequest.Head with { Repository = new RepositoryName("stranger", "hello") },
        };
        ScmPolicy.Check(policy, stranger, [ScriptedTools.CommitOf("lower\n\nBody")], World.MergeCheck with { UpToDate = false }).ShouldBe(
        [
            "This repository does not build pull requests from forks. Push the branch to the repository itself.",
            "The branch lacks the newest commits of main. Update it.",
            "The branch name «feature/hello» does not match «fix/.+». Rename it.",
            "The pull request has no description. Say what it changes and why.",
            "The subject of 1111111 «lower» does not match «[A-Z].*». Reword it.",
        ]);
    }

    [Fact]
    public void A_conflict_names_its_files_and_hides_that_the_branch_is_behind()
    {
        var merge = World.MergeCheck with { Mergeable = false, UpToDate = false, ConflictingPaths = ["a", "b", "c", "d", "e", "f", "g"] };
        ScmPolicy.Check(new PolicyConfiguration { UpToDate = true }, World.PullRequest, [], merge).ShouldHaveSingleItem()
            .ShouldBe("The branch conflicts with main in a, b, c, d, e and 2 more. Merge main into it and resolve the conflict.");
    }

    [Theory]
    [InlineData("a|b", "ab")]
    [InlineData("feature", "feature/hello")]
    [InlineData("x", "x\n")]
    public void A_pattern_matches_as_a_whole_or_not_at_all(string pattern, string subject) => NamingRule.Compile(pattern).IsMatch(subject).ShouldBeFalse();

    [Fact]
    public void Merge_commits_need_no_subject_of_the_policy_s_form() =>
        ScmPolicy.Check(new PolicyConfiguration { CommitMessage = "x" }, World.PullRequest, [ScriptedTools.CommitOf("Merge main", "p1", "p2")], World.MergeCheck).ShouldBeEmpty();

    [Theory]
    [InlineData("README.md", null, true)]
    [InlineData("docs/Guide.RST", null, true)]
    [InlineData("app.py", null, false)]
    [InlineData("requirements.txt", null, false)]
    [InlineData("dev/requirements-test.txt", null, false)]
    [InlineData("constraints.txt", null, false)]
    [InlineData("Dockerfile", null, false)]
    [InlineData("app.md", "app.py", false)]
    [InlineData("b.md", "a.md", true)]
    public void Only_what_nobody_executes_is_documentation(string path, string? previous, bool documentation) =>
        ChangeScope.Of(new PullRequestFiles([new ChangedFile("a.md", FileChange.Modified, 1, 1), new ChangedFile(path, FileChange.Renamed, 1, 1, previous)], Truncated: false))
            .ShouldBe(new ChangeScope(2, documentation));

    [Fact]
    public void What_is_not_known_whole_or_empty_is_not_taken_for_documentation()
    {
        ChangeScope.Of(new PullRequestFiles([], Truncated: false)).DocumentationOnly.ShouldBeFalse();
        ChangeScope.Of(new PullRequestFiles([new ChangedFile("a.md", FileChange.Modified, 1, 1)], Truncated: true)).DocumentationOnly.ShouldBeFalse();
    }

    [Theory]
    [InlineData(TestStrategyChoice.Auto, null, false, false, CiScope.Full, PyTestStrategy.Thorough)]
    [InlineData(TestStrategyChoice.Auto, 80.0, false, false, CiScope.Full, PyTestStrategy.Coverage)]
    [InlineData(TestStrategyChoice.Auto, 80.0, true, false, CiScope.Fast, PyTestStrategy.Fast)]
    [InlineData(TestStrategyChoice.Auto, null, false, true, CiScope.Fast, PyTestStrategy.Fast)]
    [InlineData(TestStrategyChoice.Fast, 80.0, false, false, CiScope.Fast, PyTestStrategy.Fast)]
    [InlineData(TestStrategyChoice.Thorough, null, true, true, CiScope.Full, PyTestStrategy.Thorough)]
    [InlineData(TestStrategyChoice.Coverage, null, true, false, CiScope.Full, PyTestStrategy.Coverage)]
    public void The_repository_s_choice_comes_before_the_change_s_scope(
        TestStrategyChoice choice, double? coverage, bool documentation, bool draft, CiScope scope, PyTestStrategy strategy)
    {
        var plan = CiPlan.Decide(new TestConfiguration { Strategy = choice, Coverage = coverage }, new ChangeScope(1, documentation), draft);
        (plan.Scope, plan.Strategy).ShouldBe((scope, strategy));
    }

    [Fact]
    public void The_gate_passes_only_where_nothing_failed_and_nothing_is_unknown() => Prop.ForAll(
        Gen.Elements(StageState.Passed, StageState.Failed, StageState.Errored, StageState.Skipped).ArrayOf().ToArbitrary(),
        states =>
        {
            var gate = QualityGate.Judge([.. states.Select((state, index) => new StageStatus($"s{index}", state))]);
            gate.Verdict.ShouldBe(states.Contains(StageState.Failed) ? PipelineVerdict.Failed : states.Contains(StageState.Errored) ? PipelineVerdict.Errored : PipelineVerdict.Passed);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_failed_build_is_annotated_at_its_line()
    {
        var outcome = BuildReport.Judge(new ImageBuildResult(ImageBuildOutcome.Failed, "t") { Error = "It ended with exit code 2.", FailedStep = "RUN make", FailedLine = 7, Output = "out" }, "docker/Dockerfile");
        (outcome.State, outcome.Summary, outcome.Details).ShouldBe((StageState.Failed, "It ended with exit code 2. Step: RUN make", "out"));
        outcome.Annotations.ShouldBe([new CheckAnnotation("docker/Dockerfile", 7, 7, CheckAnnotationLevel.Failure, outcome.Summary)]);
    }

    [Theory]
    [InlineData(PyTestOutcome.Failed, StageState.Failed)]
    [InlineData(PyTestOutcome.NoTests, StageState.Failed)]
    [InlineData(PyTestOutcome.TimedOut, StageState.Failed)]
    [InlineData(PyTestOutcome.OutOfMemory, StageState.Failed)]
    [InlineData(PyTestOutcome.Crashed, StageState.Failed)]
    [InlineData(PyTestOutcome.ToolMissing, StageState.Errored)]
    [InlineData(PyTestOutcome.Passed, StageState.Passed)]
    public void Only_without_the_tool_nothing_is_known_about_the_change(PyTestOutcome outcome, StageState state) =>
        TestReport.Judge(ScriptedTools.Tests(outcome), threshold: null, TimeSpan.FromMinutes(1)).State.ShouldBe(state);

    [Theory]
    [InlineData(0.8, StageState.Passed)]
    [InlineData(0.79, StageState.Failed)]
    [InlineData(null, StageState.Failed)]
    public void Coverage_that_was_asked_for_has_to_be_measured_and_reached(double? rate, StageState state)
    {
        var report = ScriptedTools.Tests(PyTestOutcome.Passed) with { Coverage = rate is { } measured ? new PyTestCoverage(measured, 0.8, []) : null };
        TestReport.Judge(report, 0.8, TimeSpan.FromMinutes(1)).State.ShouldBe(state);
    }

    [Theory]
    [InlineData("app.py:3: bad", "app.py", 3, "bad")]
    [InlineData("./src/app.py:3:14: E501 too long", "src/app.py", 3, "E501 too long")]
    [InlineData("/workspace/app.py:9: bad", "app.py", 9, "bad")]
    [InlineData("*** Error compiling './app.py'...\n  File \"./app.py\", line 2", "app.py", 2, "Reported here.")]
    [InlineData("/usr/lib/python3/x.py:3: bad", null, 0, null)]
    [InlineData("../../etc/passwd:3: bad", null, 0, null)]
    [InlineData("app.py:0: bad", null, 0, null)]
    [InlineData("http://example.com:80: no file", null, 0, null)]
    [InlineData("all fine", null, 0, null)]
    public void A_linter_s_lines_become_annotations_of_files_of_the_change(string output, string? file, int line, string? message)
    {
        var outcome = LintReport.Judge(new SandboxResult(SandboxEnding.Exited, 1, output, output.Length, TimeSpan.Zero), new LintConfiguration());
        outcome.State.ShouldBe(StageState.Failed);
        outcome.Annotations.ShouldBe(file is null ? [] : [new CheckAnnotation(file, line, line, CheckAnnotationLevel.Failure, message!)]);
    }

    [Theory]
    [InlineData(SandboxEnding.TimedOut, StageState.Failed)]
    [InlineData(SandboxEnding.OutOfMemory, StageState.Failed)]
    [InlineData(SandboxEnding.Killed, StageState.Errored)]
    public void How_a_linter_ended_says_whose_fault_it_is(SandboxEnding ending, StageState state) =>
        LintReport.Judge(new SandboxResult(ending, null, string.Empty, 0, TimeSpan.Zero), new LintConfiguration()).State.ShouldBe(state);

    private static IReadOnlyList<string> Problems(PolicyConfiguration policy) =>
        ScmPolicy.Check(policy, World.PullRequest, World.Commits, World.MergeCheck);
}
