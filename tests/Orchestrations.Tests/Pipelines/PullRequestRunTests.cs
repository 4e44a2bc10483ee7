using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Strategy.Security;
using AtomicDevOps.Orchestrations.Tests.Support;

namespace AtomicDevOps.Orchestrations.Tests.Pipelines;

/// <summary>A pull request from request to verdict, through every orchestrator.</summary>
public sealed class PullRequestRunTests
{
    private const string OtherSha = "4444444444444444444444444444444444444444";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_that_is_right_passes_and_is_told()
    {
        await using var platform = await TestPlatform.StartAsync();
        var result = await platform.RunAsync();

        result.Verdict.ShouldBe(PipelineVerdict.Passed);
        result.HeadSha.ShouldBe(ScriptedTools.HeadSha);
        result.Summary.ShouldBe("Passed: checkout, build, tests, lint. Scope: full, because code changes.");
        result.Stages.Select(stage => (stage.Name, stage.State)).ShouldBe(
            [("policy", StageState.Passed), ("checkout", StageState.Passed), ("build", StageState.Passed), ("tests", StageState.Passed), ("lint", StageState.Passed), ("gate", StageState.Passed)]);
        platform.CheckRuns().ShouldBe(
            result.Stages.ToDictionary(stage => stage.Name, _ => (CheckRunConclusion?)CheckRunConclusion.Success, StringComparer.Ordinal), ignoreOrder: true);
        platform.Tools.CallsOf(GitHubExpert.PutComment).ShouldHaveSingleItem().Body.ShouldContain("Passed");
        platform.Tools.CallsOf(GitHubExpert.MergePullRequest).ShouldBeEmpty();
        platform.ShouldHaveCleanedUpOnce();
    }

    [Fact]
    public async Task Where_the_repository_asks_for_it_what_passes_is_merged_at_the_head_that_was_checked()
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.Configuration = "merge: { automatic: true, method: squash }");
        var result = await platform.RunAsync();

        (result.Verdict, result.MergeSha).ShouldBe((PipelineVerdict.Merged, ScriptedTools.MergeSha));
        platform.Tools.CallsOf(GitHubExpert.MergePullRequest).ShouldHaveSingleItem()
            .ShouldBe(new MergePullRequestRequest(ScriptedTools.Repository, 12, ScriptedTools.HeadSha, MergeMethod.Squash));
    }

    [Theory]
    [InlineData(MergeOutcome.AlreadyMerged, PipelineVerdict.Merged)]
    [InlineData(MergeOutcome.HeadMoved, PipelineVerdict.Superseded)]
    [InlineData(MergeOutcome.NotMergeable, PipelineVerdict.Failed)]
    [InlineData(MergeOutcome.Refused, PipelineVerdict.Failed)]
    public async Task How_the_merge_ends_is_how_the_run_ends(MergeOutcome outcome, PipelineVerdict verdict)
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
        {
            tools.Configuration = "merge: { automatic: true }";
            tools.On(GitHubExpert.MergePullRequest, _ => new MergePullRequestResult(outcome, Message: "GitHub's words."));
        });
        (await platform.RunAsync()).Verdict.ShouldBe(verdict);
    }

    [Fact]
    public async Task A_merge_that_github_could_not_be_asked_for_is_no_failure_of_the_change()
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
        {
            tools.Configuration = "merge: { automatic: true }";
            tools.Broken(GitHubExpert.MergePullRequest);
        });
        var result = await platform.RunAsync();
        result.Verdict.ShouldBe(PipelineVerdict.Errored);
        result.Stages[^1].ShouldSatisfyAllConditions(
            stage => stage.State.ShouldBe(StageState.Errored), stage => stage.Summary.ShouldBe("Scripted tool: is broken"));
    }

    [Fact]
    public async Task A_fork_is_never_merged_and_does_not_configure_its_own_pipeline()
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
        {
            var request = tools.PullRequest;
            tools.Configuration = "merge: { automatic: true }";
            tools.PullRequest = request with { Head = request.Head with { Repository = new RepositoryName("stranger", "hello") } };
        });
        (await platform.RunAsync()).Verdict.ShouldBe(PipelineVerdict.Passed);
        platform.Tools.CallsOf(GitHubExpert.MergePullRequest).ShouldBeEmpty();
        platform.Tools.CallsOf(GitHubExpert.GetFile).ShouldHaveSingleItem().Reference.ShouldBe(ScriptedTools.BaseSha);
    }

    [Fact]
    public async Task A_draft_is_checked_fast_and_not_merged()
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
        {
            tools.Configuration = "merge: { automatic: true }";
            tools.PullRequest = tools.PullRequest with { IsDraft = true };
        });
        (await platform.RunAsync()).Verdict.ShouldBe(PipelineVerdict.Passed);
        platform.Tools.CallsOf(PyTestExpert.RunTests).ShouldHaveSingleItem().Strategy.ShouldBe(PyTestStrategy.Fast);
        platform.Tools.CallsOf(GitHubExpert.MergePullRequest).ShouldBeEmpty();
    }

    [Fact]
    public async Task Documentation_alone_is_checked_fast()
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
            tools.Files = new PullRequestFiles([new ChangedFile("README.md", FileChange.Modified, 1, 1)], Truncated: false));
        (await platform.RunAsync()).Summary.ShouldEndWith("Scope: fast, because only documentation changes.");
        platform.Tools.CallsOf(PyTestExpert.RunTests).ShouldHaveSingleItem().Strategy.ShouldBe(PyTestStrategy.Fast);
    }

    [Fact]
    public async Task A_broken_configuration_fails_the_policy_with_the_line_and_the_fix_and_builds_nothing()
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.Configuration = "test:\n  timeout: soon\n");
        var result = await platform.RunAsync();
        result.Verdict.ShouldBe(PipelineVerdict.Failed);
        result.Stages.ShouldHaveSingleItem().Details!.ShouldStartWith(".atomicdevops.yml:2:12: «timeout» is «soon»");
        platform.CheckRuns().ShouldBe(new Dictionary<string, CheckRunConclusion?> { ["policy"] = CheckRunConclusion.Failure });
        platform.Tools.CallsOf(GitHubExpert.PutComment).ShouldHaveSingleItem();
        platform.Tools.CallsOf(GitCoreExpert.Checkout).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_pull_request_that_is_not_there_is_refused()
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.On(
            GitHubExpert.GetPullRequest, PullRequest (_) => throw new ToolNotFoundException("GitHub API", "404")));
        (await platform.RunAsync()).ShouldSatisfyAllConditions(
            result => result.Verdict.ShouldBe(PipelineVerdict.Refused),
            result => result.Summary.ShouldBe("There is no pull request 12 in octo/hello that the platform can see."));
    }

    [Theory]
    [InlineData(false, "Pull request 12 is closed.")]
    [InlineData(true, "Pull request 12 is merged.")]
    public async Task A_pull_request_that_has_ended_is_refused(bool merged, string summary)
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
            tools.PullRequest = tools.PullRequest with { State = PullRequestState.Closed, IsMerged = merged });
        var result = await platform.RunAsync();
        (result.Verdict, result.Summary).ShouldBe((PipelineVerdict.Refused, summary));
        platform.Tools.CallsOf(GitHubExpert.PutComment).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(OtherSha)]
    [InlineData("44")]
    public async Task A_request_for_a_head_that_moved_on_is_superseded(string asked)
    {
        await using var platform = await TestPlatform.StartAsync();
        (await platform.RunAsync(TestPlatform.PullRequestWork(asked))).Verdict.ShouldBe(PipelineVerdict.Superseded);
        platform.Tools.CallsOf(GitHubExpert.PutCheckRun).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_repository_that_the_operator_does_not_name_is_refused()
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.Policy = tools.Policy with { RepositoryAllowed = false });
        (await platform.RunAsync()).Verdict.ShouldBe(PipelineVerdict.Refused);
        platform.Tools.Calls.ShouldAllBe(call => string.Equals(call.Activity, PlatformActivities.ReadPolicy.Name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("DevMgrOrchestrator")]
    [InlineData("scmworkflowmanager")]
    [InlineData("CiPipelineManager")]
    [InlineData("MetaOrchestrator")]
    public async Task Without_an_agent_that_is_needed_nothing_begins(string agent)
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.Policy = tools.Policy with { DisabledAgents = [agent, nameof(SecurityOrchestrator)] });
        var result = await platform.RunAsync();
        result.Verdict.ShouldBe(PipelineVerdict.Refused);
        result.Summary.ShouldContain(agent, Case.Insensitive);
    }

    [Fact]
    public async Task Work_of_an_unknown_kind_is_refused()
    {
        await using var platform = await TestPlatform.StartAsync();
        var result = await platform.RunAsync(TestPlatform.PullRequestWork() with { Kind = (WorkKind)99 });
        (result.Verdict, result.Summary).ShouldBe((PipelineVerdict.Refused, "No orchestrator is in charge of work of the kind 99."));
    }

    [Fact]
    public async Task A_policy_that_cannot_be_read_is_an_error_that_says_so()
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.Broken(PlatformActivities.ReadPolicy));
        var result = await platform.RunAsync();
        (result.Verdict, result.Summary).ShouldBe((PipelineVerdict.Errored, "Scripted tool: is broken"));
    }

    public static TheoryData<string, PipelineVerdict, StageState> Failures => new()
    {
        { "checkout", PipelineVerdict.Failed, StageState.Failed },
        { "build", PipelineVerdict.Failed, StageState.Failed },
        { "tests", PipelineVerdict.Failed, StageState.Failed },
        { "lint", PipelineVerdict.Failed, StageState.Failed },
        { "checkout", PipelineVerdict.Errored, StageState.Errored },
        { "build", PipelineVerdict.Errored, StageState.Errored },
        { "tests", PipelineVerdict.Errored, StageState.Errored },
        { "lint", PipelineVerdict.Errored, StageState.Errored },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_stage_that_does_not_pass_decides_the_verdict_and_stops_what_follows(string stage, PipelineVerdict verdict, StageState state)
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
        {
            tools.Configuration = "merge: { automatic: true }";
            _ = (stage, state) switch
            {
                ("checkout", StageState.Failed) => tools.On(GitCoreExpert.Checkout, _ => new CheckoutResult(CheckoutOutcome.FileTooLarge, Problem: "big.bin is too large.")),
                ("build", StageState.Failed) => tools.On(DockerExpert.BuildImage, _ => new ImageBuildResult(ImageBuildOutcome.Failed, "t") { Error = "make failed.", FailedLine = 3 }),
                ("tests", StageState.Failed) => tools.On(PyTestExpert.RunTests, _ => ScriptedTools.Tests(
                    PyTestOutcome.Failed, new PyTestFailure("tests/test_a.py::test_b", "tests/test_a.py", 7, "assert 1 == 2", PyTestFailureKind.Assertion, null))),
                ("lint", StageState.Failed) => tools.On(DockerExpert.RunCommand, _ => new SandboxResult(SandboxEnding.Exited, 1, "app.py:3: bad", 13, TimeSpan.Zero)),
                ("checkout", _) => tools.Broken(GitCoreExpert.Checkout),
                ("build", _) => tools.Broken(DockerExpert.BuildImage),
                ("tests", _) => tools.Broken(PyTestExpert.RunTests),
                _ => tools.Broken(DockerExpert.RunCommand),
            };
        });
        var result = await platform.RunAsync();

        result.Verdict.ShouldBe(verdict);
        var states = result.Stages.ToDictionary(each => each.Name, each => each.State, StringComparer.Ordinal);
        states[stage].ShouldBe(state);
        states["gate"].ShouldBe(state);
        string[] order = ["checkout", "build", "tests", "lint"];
        foreach (var later in order[(Array.IndexOf(order, stage) + 1)..].Where(later => (stage, later) is not ("tests", "lint")))
        {
            states[later].ShouldBe(StageState.Skipped);
        }

        platform.CheckRuns()[stage].ShouldBe(CheckRunConclusion.Failure);
        platform.Tools.CallsOf(GitHubExpert.MergePullRequest).ShouldBeEmpty();
        platform.Tools.CallsOf(GitHubExpert.PutComment).ShouldHaveSingleItem();
        platform.ShouldHaveCleanedUpOnce();
    }

    [Fact]
    public async Task A_tool_that_is_away_for_minutes_is_waited_for()
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.Away(
            PyTestExpert.RunTests, 15, _ => ScriptedTools.Tests(PyTestOutcome.Passed)));
        var start = platform.Host.Now;
        (await platform.RunAsync()).Verdict.ShouldBe(PipelineVerdict.Passed);
        (platform.Host.Now - start).ShouldBeInRange(TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(20));
        platform.ShouldHaveCleanedUpOnce();
    }

    [Fact]
    public async Task A_tool_that_is_away_for_longer_than_the_run_waits_leaves_the_change_unchecked()
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.Away(
            DockerExpert.BuildImage, int.MaxValue, _ => throw new InvalidOperationException()));
        var start = platform.Host.Now;
        var result = await platform.RunAsync();
        result.Verdict.ShouldBe(PipelineVerdict.Errored);
        result.Stages.Single(stage => stage.Name is "build").Summary.ShouldBe("Scripted tool: is away");
        (platform.Host.Now - start).ShouldBeInRange(TimeSpan.FromMinutes(18), TimeSpan.FromMinutes(21));
    }

    [Fact]
    public async Task What_cannot_be_removed_does_not_change_the_verdict()
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.Broken(DockerExpert.RemoveRun).Broken(GitCoreExpert.DropWorkspaces));
        (await platform.RunAsync()).Verdict.ShouldBe(PipelineVerdict.Passed);
        platform.ShouldHaveCleanedUpOnce();
    }

    [Fact]
    public async Task A_push_is_checked_only_where_the_repository_names_its_branch()
    {
        var push = new WorkItem(WorkKind.Push, ScriptedTools.Repository, "mona")
        {
            Branch = "main",
            HeadSha = ScriptedTools.HeadSha,
            CloneUrl = new Uri("https://forge.example/octo/hello.git"),
        };
        await using var platform = await TestPlatform.StartAsync();
        (await platform.RunAsync(push)).Verdict.ShouldBe(PipelineVerdict.Refused);
        platform.Tools.Configuration = "branches: [main]";
        (await platform.RunAsync(push, "second")).Verdict.ShouldBe(PipelineVerdict.Passed);
        (await platform.RunAsync(push with { HeadSha = OtherSha }, "third")).Verdict.ShouldBe(PipelineVerdict.Superseded);
        platform.Tools.CallsOf(GitHubExpert.PutComment).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_newer_run_supersedes_an_older_one()
    {
        await using var platform = await TestPlatform.StartAsync(WaitForApproval);
        var older = await platform.BeginAsync(key: "older");
        await platform.Host.PassAsync(TimeSpan.FromHours(1));
        var newer = await platform.BeginAsync(key: "newer");
        await platform.Host.PassAsync(TimeSpan.FromHours(1));

        (await platform.EndedAsync(older)).Verdict.ShouldBe(PipelineVerdict.Superseded);
        await platform.ApproveAsync(newer, approved: true);
        await platform.Host.SettleAsync();
        (await platform.EndedAsync(newer)).Verdict.ShouldBe(PipelineVerdict.Merged);
    }

    [Fact]
    public async Task A_late_request_for_an_older_head_does_not_end_the_run_of_the_present_one()
    {
        await using var platform = await TestPlatform.StartAsync(WaitForApproval);
        var present = await platform.BeginAsync(key: "present");
        await platform.Host.PassAsync(TimeSpan.FromHours(1));
        var late = await platform.BeginAsync(TestPlatform.PullRequestWork(OtherSha), "late");
        await platform.Host.PassAsync(TimeSpan.FromHours(1));

        (await platform.EndedAsync(late)).Verdict.ShouldBe(PipelineVerdict.Superseded);
        await platform.ApproveAsync(present, approved: true);
        await platform.Host.SettleAsync();
        (await platform.EndedAsync(present)).Verdict.ShouldBe(PipelineVerdict.Merged);
    }

    [Theory]
    [InlineData(true, PipelineVerdict.Merged, StageState.Passed)]
    [InlineData(false, PipelineVerdict.Failed, StageState.Failed)]
    public async Task A_person_decides_at_the_gate(bool approved, PipelineVerdict verdict, StageState state)
    {
        await using var platform = await TestPlatform.StartAsync(WaitForApproval);
        var run = await platform.BeginAsync();
        await platform.Host.PassAsync(TimeSpan.FromDays(2));
        await platform.Host.RestartAsync();
        await platform.ApproveAsync(run, approved);
        await platform.Host.SettleAsync();

        var result = await platform.EndedAsync(run);
        result.Verdict.ShouldBe(verdict);
        var stage = result.Stages.Single(each => each.Name is "approval");
        stage.State.ShouldBe(state);
        stage.Summary.ShouldBe($"{(approved ? "Approved" : "Rejected")} by hubot: My word.");
        stage.Duration.ShouldBe(TimeSpan.FromDays(2));
    }

    [Fact]
    public async Task A_gate_that_nobody_answers_fails_after_a_week()
    {
        await using var platform = await TestPlatform.StartAsync(WaitForApproval);
        var start = platform.Host.Now;
        var result = await platform.RunAsync();
        result.Verdict.ShouldBe(PipelineVerdict.Failed);
        result.Summary.ShouldBe("Nobody approved the gate «merge» in time.");
        (platform.Host.Now - start).ShouldBe(TimeSpan.FromDays(7));
    }

    [Fact]
    public async Task A_run_that_waits_at_the_gate_can_be_cancelled()
    {
        await using var platform = await TestPlatform.StartAsync(WaitForApproval);
        var run = await platform.BeginAsync();
        await platform.Host.PassAsync(TimeSpan.FromDays(2));
        await platform.CancelAsync(run);
        await platform.Host.SettleAsync();
        (await platform.EndedAsync(run)).Verdict.ShouldBe(PipelineVerdict.Cancelled);
        platform.CheckRuns()["approval"].ShouldBe(CheckRunConclusion.Cancelled);
        platform.Tools.CallsOf(GitHubExpert.MergePullRequest).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(RepositoryAccess.Read, PipelineVerdict.Refused)]
    [InlineData(RepositoryAccess.Write, PipelineVerdict.Merged)]
    public async Task A_comment_approves_only_where_its_author_may_write(RepositoryAccess access, PipelineVerdict verdict)
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
        {
            WaitForApproval(tools);
            tools.Access = access;
        });
        var run = await platform.BeginAsync(key: "run");
        await platform.Host.PassAsync(TimeSpan.FromHours(1));
        var command = await platform.BeginAsync(TestPlatform.CommandWork(CommandVerb.Approve), "command");
        await platform.Host.PassAsync(TimeSpan.FromHours(1));

        if (verdict == PipelineVerdict.Refused)
        {
            (await platform.EndedAsync(command)).Summary.ShouldBe("mona may not command runs of octo/hello: that takes write access.");
            (await platform.Host.Client.GetInstanceAsync(run, Token))!.IsCompleted.ShouldBeFalse();
        }
        else
        {
            (await platform.EndedAsync(command)).Summary.ShouldBe("1 run told.");
            (await platform.EndedAsync(run)).Verdict.ShouldBe(verdict);
        }
    }

    [Fact]
    public async Task A_comment_cancels_the_runs_that_go_on()
    {
        await using var platform = await TestPlatform.StartAsync(WaitForApproval);
        var run = await platform.BeginAsync(key: "run");
        await platform.Host.PassAsync(TimeSpan.FromHours(1));
        (await platform.RunAsync(TestPlatform.CommandWork(CommandVerb.Cancel), "command")).Summary.ShouldBe("1 run cancelled.");
        (await platform.EndedAsync(run)).Summary.ShouldBe("Cancelled by mona.");
    }

    [Fact]
    public async Task A_command_that_reaches_no_run_says_so()
    {
        await using var platform = await TestPlatform.StartAsync();
        var result = await platform.RunAsync(TestPlatform.CommandWork(CommandVerb.Reject));
        (result.Verdict, result.Summary).ShouldBe((PipelineVerdict.Refused, "No earlier run of pull request 12 goes on."));
    }

    [Fact]
    public async Task A_comment_starts_the_checks_anew()
    {
        await using var platform = await TestPlatform.StartAsync();
        (await platform.RunAsync(TestPlatform.CommandWork(CommandVerb.Rerun))).Verdict.ShouldBe(PipelineVerdict.Passed);
    }

    private static void WaitForApproval(ScriptedTools tools) => tools.Configuration = "merge: { automatic: true, approval: true }";
}
