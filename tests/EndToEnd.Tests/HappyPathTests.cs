using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

public sealed class HappyPathTests(SharedInstallation shared) : EndToEndTest
{
    [Fact]
    public async Task A_pull_request_is_built_tested_and_merged_and_its_people_read_how()
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        var head = await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.Verdict.ShouldBe("Merged", run.Report);
        run.Agents!.All.Select(agent => agent.Agent).ShouldBe(
        [
            "MetaOrchestrator", "DevMgrOrchestrator", "ScmWorkflowManager_Check", "CiPipelineManager", "CiPipelineManager_CleanUp", "ScmWorkflowManager_Merge",
            "ScmWorkflowManager_Report",
        ]);
        run.Stages.Select(stage => (stage.Name, stage.State)).ShouldBe(
        [
            ("policy", "Passed"), ("checkout", "Passed"), ("build", "Passed"), ("tests", "Passed"), ("lint", "Passed"), ("gate", "Passed"), ("merge", "Passed"),
        ]);
        run.Stages.ShouldAllBe(stage => stage.CompletedAt >= stage.StartedAt);
        run.FindStage("tests")!.Summary.ShouldBe("2 of 2 tests passed.");

        // A merge is a deed, not a check.
        var checkedStages = run.Stages.Where(stage => stage.Name is not "merge").ToArray();
        checkedStages.ShouldAllBe(stage => stage.CheckRun != null);
        var checks = await repository.CheckRunsAsync(head);
        checks.Select(check => (check.Stage, check.Status, check.Conclusion)).ShouldBe(
            checkedStages.Select(stage => (stage.Name, "completed", (string?)"success")), ignoreOrder: true);

        var comment = (await repository.CommentsAsync(opened.Number)).ShouldHaveSingleItem();
        comment.User.Login.ShouldBe(Forge.Bot);
        comment.Body.ShouldContain("Passed and merged");
        comment.Body.ShouldContain(head[..7]);

        var pullRequest = await repository.PullRequestAsync(opened.Number);
        pullRequest.Merged.ShouldBeTrue();
        var main = await repository.CommitOfAsync("main");
        main.Sha.ShouldBe(run.MergeSha);
        main.Parents.Select(parent => parent.Sha).ShouldBe([opened.Base.Sha, head]);
        (await installation.Engine.LeftoversAsync(run.Id)).ShouldBeEmpty();
    }
}
