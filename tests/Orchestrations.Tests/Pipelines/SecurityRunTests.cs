using AtomicDevOps.Activities.Experts.GenRemediationSecurity;
using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Strategy.Security;
using AtomicDevOps.Orchestrations.Tests.Support;

namespace AtomicDevOps.Orchestrations.Tests.Pipelines;

/// <summary>What security has to say of a pull request, and what it does about it.</summary>
public sealed class SecurityRunTests
{
    private static readonly FindingSummary Injection = new(
        new string('a', 32), FindingKind.Code, FindingSeverity.High, "SQL injection", "Pass the values as parameters.", "app.py", 5, "CWE-89", ["ast-grep"])
    {
        Blocks = true,
    };

    private static readonly StoredArtifact Changes = new("changes", 1, "0123456789abcdef");

    private static readonly Assessment Blocked = ScriptedTools.Clean with
    {
        Outcome = SecurityGateOutcome.Failed,
        Reasons = ["SQL injection (app.py:5): its severity is high, and high or worse blocks."],
        Findings = [Injection],
        Counts = new FindingCounts(1, 1, 0, 0, 0),
    };

    [Fact]
    public async Task A_change_that_adds_nothing_passes_with_its_security_checked()
    {
        await using var platform = await StartAsync(tools => tools.Configuration = "merge: { automatic: true }");
        var result = await platform.RunAsync();

        result.Verdict.ShouldBe(PipelineVerdict.Merged);
        result.Stages.Select(stage => stage.Name).ShouldBe(["policy", "checkout", "build", "tests", "lint", "gate", "security", "merge"]);
        platform.CheckRuns()["security"].ShouldBe(CheckRunConclusion.Success);
        platform.Tools.CallsOf(SastExpert.Scan).ShouldHaveSingleItem().Paths.ShouldBe(["app.py"]);
        platform.Tools.CallsOf(GitCoreExpert.Commit).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_change_that_security_holds_back_is_not_merged_and_says_why_on_the_line()
    {
        await using var platform = await StartAsync(tools =>
        {
            tools.Configuration = "merge: { automatic: true }";
            tools.On(FindingActivities.Assess, _ => Blocked);
        });
        var result = await platform.RunAsync();

        result.Verdict.ShouldBe(PipelineVerdict.Failed);
        result.Summary.ShouldStartWith("Security holds it back.");
        platform.Tools.CallsOf(GitHubExpert.MergePullRequest).ShouldBeEmpty();
        platform.Tools.CallsOf(GitHubExpert.PutCheckRun).SelectMany(request => request.Annotations)
            .Select(annotation => (annotation.Path, annotation.StartLine, annotation.Level)).ShouldBe([("app.py", 5, CheckAnnotationLevel.Failure)]);
        platform.Tools.CallsOf(GitHubExpert.PutComment).ShouldHaveSingleItem().Body.ShouldContain("SQL injection");
    }

    [Fact]
    public async Task A_fix_is_built_tested_and_scanned_before_it_is_a_pull_request_into_the_branch_it_is_for()
    {
        await using var platform = await StartAsync(ProposeFix);
        await platform.RunAsync();

        var tested = platform.Tools.CallsOf(PyTestExpert.RunTests);
        tested.Select(request => request.Workspace.CommitSha).ShouldBe([ScriptedTools.HeadSha, ScriptedTools.FixSha], ignoreOrder: true);
        var opened = platform.Tools.CallsOf(GitHubExpert.CreatePullRequest).ShouldHaveSingleItem().PullRequest;
        opened.Base.ShouldBe("feature/hello");
        opened.Head.ShouldBe("atomic-devops/fix/1111111-rules");
        opened.Body.ShouldNotBeNull().ShouldContain("SQL injection");
        platform.Tools.CallsOf(GitHubExpert.PutComment).ShouldContain(comment => comment.Body.Contains("#13", StringComparison.Ordinal));
        platform.Tools.CallsOf(GitHubExpert.DeleteBranch).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_rules_cannot_fix_a_model_may_and_its_patch_is_proved_like_any_other()
    {
        var patch = new RemediationProposal(RemediationSource.Model, "Clear SQL injection in app.py", [new PatchedFile("app.py", "print()\n")], [Injection.Fingerprint]);
        await using var platform = await StartAsync(tools =>
        {
            ProposeFix(tools);
            tools.On(GenRemediationSecurityExpert.ProposeByRule, _ => new ProposedFix(null, string.Empty, string.Empty, [], []));
            tools.On(GenRemediationSecurityExpert.ProposeByModel, _ => new ModelRemediationResult(null, string.Empty) { Proposal = patch, Title = patch.Title, Explanation = "It passes the value." });
        });
        await platform.RunAsync();

        platform.Tools.CallsOf(PyTestExpert.RunTests).Count.ShouldBe(2);
        platform.Tools.CallsOf(GitCoreExpert.Commit).ShouldHaveSingleItem().Proposal.ShouldNotBeNull().Files.ShouldBe(patch.Files);
        platform.Tools.CallsOf(GitHubExpert.CreatePullRequest).ShouldHaveSingleItem().PullRequest.Title.ShouldBe(patch.Title);
    }

    [Fact]
    public async Task A_model_that_fails_or_declines_proposes_nothing()
    {
        await using var platform = await StartAsync(tools =>
        {
            ProposeFix(tools);
            tools.On(GenRemediationSecurityExpert.ProposeByRule, _ => new ProposedFix(null, string.Empty, string.Empty, [], []));
            tools.Broken(GenRemediationSecurityExpert.ProposeByModel);
        });
        (await platform.RunAsync()).Verdict.ShouldBe(PipelineVerdict.Failed);
        platform.Tools.CallsOf(GitCoreExpert.Commit).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_fix_whose_tests_fail_is_dropped_with_its_branch()
    {
        await using var platform = await StartAsync(tools =>
        {
            ProposeFix(tools);
            tools.On(PyTestExpert.RunTests, request => ScriptedTools.Tests(request.Workspace.CommitSha is ScriptedTools.FixSha ? PyTestOutcome.Failed : PyTestOutcome.Passed));
        });
        await platform.RunAsync();
        ShouldBeDropped(platform);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 0)]
    public async Task A_fix_that_adds_a_finding_or_clears_too_few_is_dropped_with_its_branch(int added, int cleared)
    {
        await using var platform = await StartAsync(tools =>
        {
            ProposeFix(tools);
            tools.On(FindingActivities.Assess, (_, call) => call == 1 ? Blocked : ScriptedTools.Clean with { Counts = new FindingCounts(added, 0, cleared, 0, 0) });
        });
        await platform.RunAsync();
        ShouldBeDropped(platform);
    }

    [Fact]
    public async Task A_fix_that_clears_another_finding_than_the_one_it_is_for_is_dropped_with_its_branch()
    {
        var stays = new Finding
        {
            Kind = Injection.Kind,
            Title = Injection.Title,
            Message = Injection.Message,
            Location = new FindingLocation(Injection.Path, Injection.StartLine),
            Severity = Injection.Severity,
            Evidence = [new FindingEvidence("ast-grep", "sql")],
        };
        await using var platform = await StartAsync(tools =>
        {
            ProposeFix(tools);
            tools.On(FindingActivities.Pick, request => new PickedFindings(request.Fingerprints.Contains(Injection.Fingerprint) ? [stays] : [], []));
        });
        await platform.RunAsync();
        ShouldBeDropped(platform);
    }

    [Fact]
    public async Task A_fix_that_a_tool_did_not_look_at_is_dropped_though_another_one_looks_again()
    {
        await using var platform = await StartAsync(tools =>
        {
            ProposeFix(tools);
            tools.On(FindingActivities.Assess, (_, call) => call == 1
                ? Blocked with { Scanners = [new ScannerOutcome("Bandit", ScanOutcome.NotChecked, 0), new ScannerOutcome("Trivy", ScanOutcome.Checked, 1)] }
                : ScriptedTools.Clean with { Counts = new FindingCounts(0, 0, 1, 0, 0), Scanners = [new ScannerOutcome("Bandit", ScanOutcome.Checked, 0), new ScannerOutcome("Trivy", ScanOutcome.NotChecked, 0)] });
        });
        await platform.RunAsync();
        ShouldBeDropped(platform);
    }

    [Theory]
    [InlineData("security: { fixes: false }", false, "feature/hello")]
    [InlineData(null, true, "feature/hello")]
    [InlineData(null, false, "atomic-devops/fix/1111111-rules")]
    public async Task Nothing_is_fixed_where_the_repository_forbids_it_in_a_fork_or_on_a_fix(string? configuration, bool isFork, string branch)
    {
        await using var platform = await StartAsync(tools =>
        {
            ProposeFix(tools);
            tools.Configuration = configuration;
            var head = tools.PullRequest.Head with { Ref = branch, Repository = isFork ? new RepositoryName("stranger", "hello") : ScriptedTools.Repository };
            tools.PullRequest = tools.PullRequest with { Head = head };
        });
        (await platform.RunAsync()).Verdict.ShouldBe(PipelineVerdict.Failed);
        platform.Tools.CallsOf(GenRemediationSecurityExpert.ProposeByRule).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_security_knows_nothing_about_is_not_merged()
    {
        await using var platform = await StartAsync(tools =>
        {
            tools.Configuration = "merge: { automatic: true }";
            tools.Broken(FindingActivities.Assess);
        });
        var result = await platform.RunAsync();
        result.Verdict.ShouldBe(PipelineVerdict.Errored);
        result.Stages.Single(stage => stage.Name is "security").State.ShouldBe(StageState.Errored);
        platform.Tools.CallsOf(GitHubExpert.MergePullRequest).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_expert_that_fails_or_is_switched_off_is_missed_and_the_others_count()
    {
        await using var platform = await StartAsync(tools => tools.Broken(SastExpert.Scan), disabled: "ScaExpert");
        await platform.RunAsync();
        platform.Tools.CallsOf(FindingActivities.Assess).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            request => request.Scans.ShouldBeEmpty(), request => request.Missing.Select(missing => missing.Expert).ShouldBe(["SastExpert", "ScaExpert"]));
    }

    [Theory]
    [InlineData(UploadSarifOutcome.Uploaded, SarifUploadState.Complete, null)]
    [InlineData(UploadSarifOutcome.Uploaded, SarifUploadState.Failed, "could not read the findings")]
    [InlineData(UploadSarifOutcome.Uploaded, SarifUploadState.Pending, "has not read the findings yet")]
    [InlineData(UploadSarifOutcome.NotEnabled, SarifUploadState.Complete, "is not enabled")]
    public async Task What_was_found_is_handed_to_code_scanning_where_the_repository_wants_it(UploadSarifOutcome taken, SarifUploadState read, string? problem)
    {
        await using var platform = await StartAsync(tools =>
        {
            tools.Configuration = "security: { upload: true }";
            tools.On(FindingActivities.Assess, _ => ScriptedTools.Clean with { Sarif = new StoredArtifact("sarif", 1, "aa") });
            tools.On(GitHubExpert.UploadSarif, _ => new UploadSarifResult(taken, taken == UploadSarifOutcome.Uploaded ? "upload-1" : null));
            tools.On(GitHubExpert.GetSarifUpload, (_, call) => new SarifUploadResult(call < 3 ? SarifUploadState.Unknown : read));
        });
        (await platform.RunAsync()).Verdict.ShouldBe(PipelineVerdict.Passed);

        var upload = platform.Tools.CallsOf(GitHubExpert.UploadSarif).ShouldHaveSingleItem();
        (upload.Reference, upload.CommitSha, upload.Log.Key).ShouldBe(("refs/pull/12/head", ScriptedTools.HeadSha, "sarif"));
        var notes = (await platform.ReadAsync(RunId.Part(RunId.ForPullRequest(ScriptedTools.Repository, 12, "first"), "fix"))).ReadOutputAs<SecurityRemediation>().ShouldNotBeNull().Notes;
        if (problem is null)
        {
            notes.ShouldBeEmpty();
        }
        else
        {
            notes.ShouldHaveSingleItem().ShouldContain(problem);
        }
    }

    [Fact]
    public async Task Where_security_is_switched_off_a_run_is_as_it_was_without_it()
    {
        await using var platform = await TestPlatform.StartAsync();
        (await platform.RunAsync()).Stages.Select(stage => stage.Name).ShouldNotContain("security");
    }

    [Fact]
    public async Task A_run_that_is_cancelled_while_security_scans_ends_and_fixes_nothing()
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
        var runId = await platform.BeginAsync();
        await scanning.Task;
        await platform.CancelAsync(runId);
        released.SetResult();
        await platform.Host.SettleAsync();

        (await platform.EndedAsync(runId)).Verdict.ShouldBe(PipelineVerdict.Cancelled);
        platform.Tools.CallsOf(GenRemediationSecurityExpert.ProposeByRule).ShouldBeEmpty();
    }

    private static Task<TestPlatform> StartAsync(Action<ScriptedTools>? script = null, params IReadOnlyList<string> disabled) => TestPlatform.StartAsync(tools =>
    {
        tools.Policy = tools.Policy with { DisabledAgents = disabled };
        script?.Invoke(tools);
    });

    private static void ProposeFix(ScriptedTools tools) => tools
        .On(FindingActivities.Assess, (_, call) => call == 1 ? Blocked : ScriptedTools.Clean with { Counts = new FindingCounts(0, 0, 1, 0, 0) })
        .On(GenRemediationSecurityExpert.ProposeByRule, _ => new ProposedFix(Changes, "Pass SQL values as parameters", "In app.py, pass SQL values as parameters.", [Injection.Fingerprint], []));

    private static void ShouldBeDropped(TestPlatform platform)
    {
        platform.Tools.CallsOf(GitHubExpert.CreatePullRequest).ShouldBeEmpty();
        platform.Tools.CallsOf(GitHubExpert.DeleteBranch).ShouldHaveSingleItem().ExpectedSha.ShouldBe(ScriptedTools.FixSha);
    }
}
