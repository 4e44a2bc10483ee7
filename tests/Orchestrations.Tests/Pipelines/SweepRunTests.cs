using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GenRemediationSecurity;
using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Experts.PenTest;
using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Experts.Sca;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.Wapiti;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Tests.Support;
using Microsoft.DurableTask;

namespace AtomicDevOps.Orchestrations.Tests.Pipelines;

/// <summary>What happens to branches that nobody touched.</summary>
public sealed class SweepRunTests
{
    private const string Application = "branches: [main]\nsecurity: { application: { port: 8080 } }";

    private static readonly FindingSummary Flaw = new(
        new string('b', 32), FindingKind.Dependency, FindingSeverity.Critical, "demo 1.0 is vulnerable | *bold*", "Raise it.", "requirements.txt", 1, "GHSA-1", ["OSV"]);

    private static readonly WorkItem DefaultBranch = new(WorkKind.Sweep, ScriptedTools.Repository, "watch");

    private static readonly WorkItem Push = new(WorkKind.Push, ScriptedTools.Repository, "mona")
    {
        Branch = "main",
        HeadSha = ScriptedTools.HeadSha,
        CloneUrl = new Uri("https://forge.example/octo/hello.git"),
    };

    [Fact]
    public async Task A_sweep_looks_at_all_of_the_default_branch_and_holds_nothing_back()
    {
        await using var platform = await StartAsync(tools => Report(tools));
        var result = await platform.RunAsync(DefaultBranch);

        result.Verdict.ShouldBe(PipelineVerdict.Passed);
        result.Stages.ShouldHaveSingleItem().Name.ShouldBe("security");
        platform.Tools.CallsOf(SastExpert.Scan).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            request => request.Paths.ShouldBeNull(), request => request.Base.ShouldBeNull());
        platform.Tools.CallsOf(FindingActivities.Assess).ShouldHaveSingleItem().MayBlock.ShouldBeFalse();
        platform.Tools.CallsOf(LedgerActivities.Record).ShouldHaveSingleItem().Reference.ShouldBe("refs/heads/main");
        platform.Tools.CallsOf(GitHubExpert.PutCheckRun).ShouldBeEmpty();
        platform.Tools.CallsOf(PenTestExpert.Scan).ShouldBeEmpty();
        platform.Tools.CallsOf(DockerExpert.BuildImage).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_fix_for_a_branch_is_a_pull_request_into_it_and_is_offered_once_however_often_it_is_swept()
    {
        await using var platform = await StartAsync(tools =>
        {
            ProposeFix(tools);
            tools.On(GitCoreExpert.Commit, (_, call) => new GitCommitResult(call == 1 ? GitCommitOutcome.Created : GitCommitOutcome.NameTaken, ScriptedTools.FixSha));
        });
        var first = await platform.RunAsync(DefaultBranch);
        platform.Tools.On(GitHubExpert.GetBranch, request => new Branch(request.Branch, ScriptedTools.BaseSha, IsProtected: false));
        var second = await platform.RunAsync(DefaultBranch, "second");

        first.Summary.ShouldContain("#13");
        second.Summary.ShouldNotContain("#13");
        platform.Tools.CallsOf(GitHubExpert.CreatePullRequest).ShouldHaveSingleItem().PullRequest.Base.ShouldBe("main");
        platform.Tools.CallsOf(GitCoreExpert.Commit).Select(commit => commit.Branch).Distinct().ShouldHaveSingleItem().ShouldStartWith("atomic-devops/fix/rules-");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_past_its_deadline_is_told_in_an_issue_that_closes_once_nothing_is(bool isOverdue)
    {
        var due = new DateTimeOffset(2026, 3, 8, 0, 0, 0, TimeSpan.Zero);
        await using var platform = await StartAsync(tools => Report(tools).On(
            LedgerActivities.Record, _ => new RecordedFindings(Recorded: true, 1, isOverdue ? 1 : 0, isOverdue ? [new OverdueFinding(Flaw, due.AddDays(-7), due)] : [])));
        await platform.RunAsync(DefaultBranch);

        var issue = platform.Tools.CallsOf(GitHubExpert.PutIssue).ShouldHaveSingleItem();
        issue.Open.ShouldBe(isOverdue);
        if (isOverdue)
        {
            issue.Title.ShouldBe("A critical finding of main is past its deadline");
            issue.Body.ShouldContain("requirements.txt:1");
            issue.Body.ShouldContain("2026-03-08");
            issue.Body.ShouldNotContain("*bold*", customMessage: "a stranger's text stays text");
        }
    }

    [Fact]
    public async Task A_push_escalates_like_a_sweep_and_a_pull_request_does_not()
    {
        await using var platform = await StartAsync(tools => Report(tools).Configuration = "branches: [main]");
        await platform.RunAsync();
        platform.Tools.CallsOf(GitHubExpert.PutIssue).ShouldBeEmpty();
        await platform.RunAsync(Push, "second");
        platform.Tools.CallsOf(GitHubExpert.PutIssue).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_release_is_looked_at_from_outside_and_a_sweep_attacks_a_copy()
    {
        await using var platform = await StartAsync(tools => Report(tools).Configuration = Application);
        await platform.RunAsync();
        platform.Tools.CallsOf(PenTestExpert.Scan).ShouldBeEmpty();

        await platform.RunAsync(Push, "second");
        await platform.RunAsync(DefaultBranch, "third");
        platform.Tools.CallsOf(PenTestExpert.Scan).Select(request => (request.Mode, request.Image)).ShouldBe(
            [(WapitiScanMode.Baseline, "sha256:abc"), (WapitiScanMode.Full, "sha256:abc")]);
        var built = platform.Tools.CallsOf(PenTestExpert.Scan).Select(request => request.RunId).ToArray();
        built.ShouldBeSubsetOf(platform.Tools.CallsOf(DockerExpert.RemoveRun).Select(removal => removal.RunId));
    }

    [Fact]
    public async Task An_application_whose_image_does_not_build_is_not_checked_and_the_rest_counts()
    {
        await using var platform = await StartAsync(tools => Report(tools)
            .On(DockerExpert.BuildImage, _ => new ImageBuildResult(ImageBuildOutcome.Failed, "image:tag"))
            .Configuration = Application);
        (await platform.RunAsync(DefaultBranch)).Verdict.ShouldBe(PipelineVerdict.Passed);
        platform.Tools.CallsOf(PenTestExpert.Scan).ShouldBeEmpty();
        platform.Tools.CallsOf(FindingActivities.Assess).ShouldHaveSingleItem().Missing.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            missing => missing.Expert.ShouldBe("PenTestExpert"), missing => missing.Reason.ShouldContain("image could not be built"));
    }

    [Theory]
    [InlineData("app.py", false)]
    [InlineData("service/requirements-dev.txt", true)]
    [InlineData("web/package-lock.json", true)]
    public async Task Dependencies_are_judged_only_where_a_change_can_touch_them(string path, bool isNeeded)
    {
        await using var platform = await StartAsync(tools => tools.On(
            GitCoreExpert.Diff, _ => new GitDiff([new GitFileChange(path, GitChangeKind.Modified, null, 3, 1)], Truncated: false)));
        await platform.RunAsync();
        platform.Tools.CallsOf(ScaExpert.Scan).ShouldHaveSingleItem().IsNeeded.ShouldBe(isNeeded);
    }

    [Fact]
    public async Task Of_a_branch_that_is_gone_nothing_is_kept()
    {
        await using var platform = await StartAsync(tools => tools.On(GitHubExpert.GetBranch, _ => null));
        (await platform.RunAsync(DefaultBranch with { Branch = "old" })).Verdict.ShouldBe(PipelineVerdict.Refused);
        platform.Tools.CallsOf(LedgerActivities.Forget).ShouldHaveSingleItem().Reference.ShouldBe("refs/heads/old");
        platform.Tools.CallsOf(SastExpert.Scan).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_sweep_that_is_cancelled_while_it_scans_ends_and_fixes_nothing()
    {
        var scanning = new TaskCompletionSource();
        var released = new TaskCompletionSource();
        await using var platform = await StartAsync(tools =>
        {
            ProposeFix(tools);
            tools.Before = async (call, _) =>
            {
                if (string.Equals(call.Activity, SastExpert.Scan.Name, StringComparison.Ordinal))
                {
                    scanning.TrySetResult();
                    await released.Task;
                }
            };
        });
        var runId = await platform.BeginAsync(DefaultBranch);
        await scanning.Task;
        await platform.CancelAsync(runId);
        released.SetResult();
        await platform.Host.SettleAsync();

        (await platform.EndedAsync(runId)).Verdict.ShouldBe(PipelineVerdict.Cancelled);
        platform.Tools.CallsOf(GenRemediationSecurityExpert.ProposeByRule).ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_security_is_switched_off_a_sweep_is_refused()
    {
        await using var platform = await TestPlatform.StartAsync();
        var result = await platform.RunAsync(DefaultBranch);
        result.Verdict.ShouldBe(PipelineVerdict.Refused);
        result.Summary.ShouldContain("Agents:SecurityOrchestrator:Enabled");
    }

    [Fact]
    public async Task The_watch_sweeps_what_is_due_and_one_that_fails_stops_no_other()
    {
        await using var platform = await StartAsync(tools => Report(tools)
            .On(LedgerActivities.ListWatched, _ =>
            [
                new WatchedBranch(ScriptedTools.Repository, "main", "It was not looked at for long."),
                new WatchedBranch(ScriptedTools.Repository, "release", "It was not looked at for long."),
                new WatchedBranch(new RepositoryName("octo", "fresh"), "main", null),
            ])
            .On(GitHubExpert.GetBranch, request => request.Branch is "release" ? null : new Branch(request.Branch, ScriptedTools.HeadSha, IsProtected: false)));
        (await WatchAsync(platform)).Started.Select(work => (work.Repository, work.Branch, work.Reason)).ShouldBe(
        [
            (ScriptedTools.Repository, "main", "It was not looked at for long."),
            (ScriptedTools.Repository, "release", "It was not looked at for long."),
        ]);
        platform.Tools.CallsOf(LedgerActivities.Record).ShouldHaveSingleItem().Reference.ShouldBe("refs/heads/main");
        platform.Tools.CallsOf(LedgerActivities.Forget).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task The_watch_sweeps_a_branch_that_a_new_advisory_is_about(bool isNew, int sweeps)
    {
        NewAdvisory[] advisories = isNew ? [new NewAdvisory("PYSEC-2", "PyPI", "demo", "1.0", FindingSeverity.High)] : [];
        await using var platform = await StartAsync(tools => Report(tools)
            .On(LedgerActivities.ListWatched, _ => [new WatchedBranch(ScriptedTools.Repository, "main", null) { Inventory = "sbom/one", Advisories = ["PYSEC-1"] }])
            .On(ScaExpert.FindNew, _ => new NewAdvisoryResult(ScanOutcome.Checked, advisories, advisories.Length)));
        (await WatchAsync(platform)).Started.Select(work => work.Reason).ShouldBe(Enumerable.Repeat("PYSEC-2 about demo 1.0 is new.", sweeps));
        platform.Tools.CallsOf(ScaExpert.FindNew).ShouldHaveSingleItem().Known.ShouldBe(["PYSEC-1"]);
    }

    [Fact]
    public async Task The_watch_asks_for_nothing_where_security_is_switched_off()
    {
        await using var platform = await TestPlatform.StartAsync();
        (await WatchAsync(platform)).Started.ShouldBeEmpty();
        platform.Tools.CallsOf(LedgerActivities.ListWatched).ShouldBeEmpty();
    }

    private static async Task<WatchRound> WatchAsync(TestPlatform platform)
    {
        await platform.Host.Client.ScheduleNewOrchestrationInstanceAsync(
            MetaOrchestrator.WatchName, new StartOrchestrationOptions(MetaOrchestrator.WatchInstanceId), TestContext.Current.CancellationToken);
        await platform.Host.SettleAsync();
        return (await platform.ReadAsync(MetaOrchestrator.WatchInstanceId)).ReadOutputAs<WatchRound>().ShouldNotBeNull();
    }

    private static Task<TestPlatform> StartAsync(Action<ScriptedTools> script) => TestPlatform.StartAsync(tools =>
    {
        tools.Policy = tools.Policy with { DisabledAgents = [] };
        script(tools);
    });

    private static ScriptedTools Report(ScriptedTools tools) => tools.On(FindingActivities.Assess, _ => ScriptedTools.Clean with
    {
        Record = new StoredArtifact("record", 1, "aa"),
        Sarif = new StoredArtifact("sarif", 1, "bb"),
    });

    private static void ProposeFix(ScriptedTools tools) => tools
        .On(FindingActivities.Assess, (request, _) => request.MayBlock
            ? ScriptedTools.Clean with { Counts = new FindingCounts(0, 0, 1, 0, 0) }
            : ScriptedTools.Clean with { Findings = [Flaw], Counts = new FindingCounts(1, 0, 0, 0, 0) })
        .On(GenRemediationSecurityExpert.ProposeByRule, _ => new ProposedFix(new StoredArtifact("changes", 1, "cc"), "Raise demo to 1.1", "It has the fix.", [Flaw.Fingerprint], []));
}
