using System.Net;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>What people do to runs while these run, and afterwards.</summary>
public sealed class LifecycleTests(SharedInstallation shared) : EndToEndTest
{
    private static readonly (string, string?) NoMerge = (SampleRepository.Configuration, null);
    private static readonly (string, string?) WithApproval = (SampleRepository.Configuration, "merge:\n  automatic: true\n  approval: true\n");
    private static readonly (string, string?) SlowTest = ("tests/test_slow.py", "import time\n\n\ndef test_takes_its_time():\n    time.sleep(300)\n");

    [Fact]
    public async Task A_newer_push_supersedes_the_run_of_the_older_head()
    {
        var (installation, repository) = await StartAsync();
        var older = await repository.CommitAsync("feature", "Greet slowly", SlowTest);
        var opened = await repository.OpenPullRequestAsync("feature");
        var olderRun = await installation.Client.FindRunAsync(repository.FullName, opened.Number, older);
        await installation.Client.ReachAsync(olderRun.Id, "tests");

        var newer = await repository.CommitAsync("feature", "Greet quickly", (SlowTest.Item1, null), SampleRepository.GoodChange);
        var newerRun = await installation.Client.EndAsync(repository.FullName, opened.Number, newer);
        olderRun = await installation.Client.EndAsync(olderRun.Id);

        newerRun.Verdict.ShouldBe("Merged", newerRun.Report);
        olderRun.Verdict.ShouldBe("Superseded", olderRun.Report);
        var olderChecks = await repository.CheckRunsAsync(older);
        olderChecks.Select(check => check.Stage).ShouldBeUnique();
        olderChecks.ShouldAllBe(check => check.Status == "completed");
        olderChecks.Single(check => check.Stage is "tests").Conclusion.ShouldBe("cancelled");
        (await repository.CheckRunsAsync(newer)).ShouldAllBe(check => check.Conclusion == "success");
        (await repository.CommentsAsync(opened.Number)).ShouldHaveSingleItem().Body.ShouldContain(newer[..7]);
        (await installation.Engine.LeftoversAsync(olderRun.Id)).ShouldBeEmpty();
        await ShouldLeaveNothingAsync(installation, newerRun);
    }

    [Fact]
    public async Task Of_five_pushes_in_a_row_the_last_one_is_merged_and_the_others_are_concluded()
    {
        var (installation, repository) = await StartAsync();
        await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        var heads = new List<string> { opened.Head.Sha };
        for (var i = 1; i < 5; i++)
        {
            heads.Add(await repository.CommitAsync("feature", $"Change {i}", ("notes.md", $"Change {i}\n")));
        }

        var last = await installation.Client.EndAsync(repository.FullName, opened.Number, heads[^1]);
        last.Verdict.ShouldBe("Merged", last.Report);
        var runs = await Eventually.ReadAsync(
            () => installation.Client.RunsAsync(repository.FullName, opened.Number), all => all.All(run => run.State is "Completed" or "Broken"), "every run has ended");

        runs.Count.ShouldBe(heads.Count);
        runs.Where(run => run.Id != last.Id).ShouldAllBe(run => run.Verdict == "Superseded");
        foreach (var head in heads)
        {
            var checks = await repository.CheckRunsAsync(head);
            checks.Select(check => check.Stage).ShouldBeUnique();
            checks.ShouldAllBe(check => check.Status == "completed");
        }

        (await repository.CommentsAsync(opened.Number)).ShouldHaveSingleItem().Body.ShouldContain(heads[^1][..7]);
        (await repository.CommitOfAsync("main")).Parents.Select(parent => parent.Sha).ShouldBe([opened.Base.Sha, heads[^1]]);
        foreach (var run in runs)
        {
            (await installation.Engine.LeftoversAsync(run.Id)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Of_two_pull_requests_that_exclude_each_other_one_is_merged_and_the_other_is_told()
    {
        var (installation, repository) = await StartAsync();
        await repository.CommitAsync("hi", "Say hi", ("greeting.py", "def greet(name):\n    return f\"Hello, {name}\"  # hi\n"));
        await repository.CommitAsync("ho", "Say ho", ("greeting.py", "def greet(name):\n    return f\"Hello, {name}\"  # ho\n"));
        ForgePullRequest[] opened = [await repository.OpenPullRequestAsync("hi"), await repository.OpenPullRequestAsync("ho")];

        var runs = new List<PipelineRun>();
        foreach (var pullRequest in opened)
        {
            runs.Add(await installation.Client.EndAsync(repository.FullName, pullRequest.Number));
        }

        var merged = runs.Where(run => run.Verdict is "Merged").ShouldHaveSingleItem();
        var other = runs.Single(run => run != merged);
        other.Verdict.ShouldBe("Failed", other.Report);
        (await repository.PullRequestAsync(other.PullRequest!.Value)).Merged.ShouldBeFalse();
        (await repository.CommentsAsync(other.PullRequest!.Value)).ShouldHaveSingleItem().Body.ShouldContain("conflict", Case.Insensitive);
    }

    [Fact]
    public async Task A_cancelled_run_ends_at_once_and_tells_so()
    {
        var (installation, repository) = await StartAsync();
        var head = await repository.CommitAsync("feature", "Greet slowly", SlowTest);
        var opened = await repository.OpenPullRequestAsync("feature");
        var run = await installation.Client.FindRunAsync(repository.FullName, opened.Number);
        await installation.Client.ReachAsync(run.Id, "tests");
        await Eventually.HoldsAsync(async () => (await installation.Engine.RunningAsync(run.Id)).Count > 0, "a container runs the tests");

        using (var answer = await installation.Client.CancelAsync(run.Id))
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        run = await installation.Client.EndAsync(run.Id, TimeSpan.FromSeconds(30));
        run.Verdict.ShouldBe("Cancelled", run.Report);
        run.FindStage("tests")!.State.ShouldBe("Cancelled");
        var checks = await repository.CheckRunsAsync(head);
        checks.ShouldAllBe(check => check.Status == "completed");
        checks.Single(check => check.Stage is "tests").Conclusion.ShouldBe("cancelled");
        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBeFalse();
        await ShouldLeaveNothingAsync(installation, run);

        using var again = await installation.Client.CancelAsync(run.Id);
        (await ProblemAsync(again, HttpStatusCode.Conflict)).ShouldContain("Cancelled");
    }

    [Fact]
    public async Task Closing_the_pull_request_cancels_its_run()
    {
        var (installation, repository) = await StartAsync();
        await repository.CommitAsync("feature", "Greet slowly", SlowTest);
        var opened = await repository.OpenPullRequestAsync("feature");
        var run = await installation.Client.FindRunAsync(repository.FullName, opened.Number);
        await installation.Client.ReachAsync(run.Id, "tests");

        await repository.ClosePullRequestAsync(opened.Number);

        run = await installation.Client.EndAsync(run.Id, TimeSpan.FromSeconds(30));
        run.Verdict.ShouldBe("Cancelled", run.Report);
        run.Summary!.ShouldContain("closed");
        await ShouldLeaveNothingAsync(installation, run);
    }

    [Fact]
    public async Task A_gate_waits_for_a_person_who_approves()
    {
        var (installation, repository) = await StartAsync(WithApproval);
        var head = await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        var run = await installation.Client.FindRunAsync(repository.FullName, opened.Number);
        run = await installation.Client.ReachAsync(run.Id, "approval", "Waiting");
        run.State.ShouldBe("Waiting");
        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBeFalse();

        using (var wrong = await installation.Client.AnswerAsync(run.Id, "production", approved: true))
        {
            (await ProblemAsync(wrong, HttpStatusCode.Conflict)).ShouldContain("production");
        }

        using (var right = await installation.Client.AnswerAsync(run.Id, "merge", approved: true))
        {
            right.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        run = await installation.Client.EndAsync(run.Id);
        run.Verdict.ShouldBe("Merged", run.Report);
        run.FindStage("approval")!.Summary!.ShouldContain("Approved by ada");
        var checks = await repository.CheckRunsAsync(head);
        checks.Select(check => check.Stage).ShouldBeUnique();
        checks.Single(check => check.Stage is "approval").Conclusion.ShouldBe("success");

        using var late = await installation.Client.AnswerAsync(run.Id, "merge", approved: false);
        await ProblemAsync(late, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_rejected_gate_fails_the_run()
    {
        var (installation, repository) = await StartAsync(WithApproval);
        var head = await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        var run = await installation.Client.FindRunAsync(repository.FullName, opened.Number);
        await installation.Client.ReachAsync(run.Id, "approval", "Waiting");

        using (var answer = await installation.Client.AnswerAsync(run.Id, "merge", approved: false))
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        run = await installation.Client.EndAsync(run.Id);
        run.Verdict.ShouldBe("Failed", run.Report);
        run.Summary!.ShouldContain("Rejected by ada");
        (await repository.CheckRunsAsync(head)).Single(check => check.Stage is "approval").Conclusion.ShouldBe("failure");
        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBeFalse();
        (await repository.CommentsAsync(opened.Number)).ShouldHaveSingleItem().Body.ShouldContain("Rejected by ada");
    }

    [Fact]
    public async Task A_writer_approves_by_a_comment_and_a_stranger_does_not()
    {
        var (installation, repository) = await StartAsync(WithApproval);
        await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        var run = await installation.Client.FindRunAsync(repository.FullName, opened.Number);
        await installation.Client.ReachAsync(run.Id, "approval", "Waiting");

        await repository.CommentAsync(opened.Number, "/atomic approve", "mallory");
        var refused = await CommandRunAsync(installation, repository, opened, "mallory");
        refused.Verdict.ShouldBe("Refused", refused.Report);
        refused.Summary!.ShouldContain("mallory may not command");
        (await installation.Client.RunAsync(run.Id)).State.ShouldBe("Waiting");

        await installation.Forge.GrantAsync(repository.FullName, "grace", "write");
        await repository.CommentAsync(opened.Number, "/atomic approve merge", "grace");
        (await CommandRunAsync(installation, repository, opened, "grace")).Verdict.ShouldBe("Passed");
        run = await installation.Client.EndAsync(run.Id);
        run.Verdict.ShouldBe("Merged", run.Report);
        run.FindStage("approval")!.Summary!.ShouldContain("Approved by grace");
    }

    [Fact]
    public async Task A_writer_runs_it_again_by_a_comment_and_a_stranger_does_not()
    {
        var (installation, repository) = await StartAsync(NoMerge);
        var head = await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        var first = await installation.Client.EndAsync(repository.FullName, opened.Number);
        first.Verdict.ShouldBe("Passed", first.Report);

        await repository.CommentAsync(opened.Number, "/atomic rerun", "mallory");
        (await CommandRunAsync(installation, repository, opened, "mallory")).Verdict.ShouldBe("Refused");
        await repository.CommentAsync(opened.Number, "/atomic rerun", Forge.Owner);
        var again = await CommandRunAsync(installation, repository, opened, Forge.Owner, first.Id);

        again.Verdict.ShouldBe("Passed", again.Report);
        again.FindStage("tests")!.State.ShouldBe("Passed");
        var checks = await repository.CheckRunsAsync(head);
        checks.Select(check => check.Stage).ShouldBeUnique();
        checks.ShouldAllBe(check => check.Conclusion == "success");
        (await repository.CommentsAsync(opened.Number)).Count(comment => comment.User.Login == Forge.Bot).ShouldBe(1);
    }

    [Fact]
    public async Task Asking_the_forge_to_check_again_starts_a_run()
    {
        var (installation, repository) = await StartAsync(NoMerge);
        var head = await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        var first = await installation.Client.EndAsync(repository.FullName, opened.Number);

        await repository.RerequestAsync((await repository.CheckRunsAsync(head)).Single(check => check.Stage is "tests"));

        var again = await CommandRunAsync(installation, repository, opened, Forge.Owner, first.Id);
        again.Verdict.ShouldBe("Passed", again.Report);
        var checks = await repository.CheckRunsAsync(head);
        checks.ShouldAllBe(check => check.Status == "completed" && check.Conclusion == "success");
        checks.Select(check => check.Stage).ShouldBeUnique();
    }

    [Fact]
    public async Task A_push_to_a_branch_that_the_configuration_names_is_checked()
    {
        var (installation, repository) = await StartAsync((SampleRepository.Configuration, "branches: [main]\n"));

        var sha = await repository.CommitAsync("main", "Greet another", SampleRepository.GoodChange);

        var run = (await Eventually.ReadAsync(
            async () => (await installation.Client.RunsAsync(repository.FullName)).FirstOrDefault(each => each.HeadSha == sha), each => each is not null, "a run of the push"))!;
        run = await installation.Client.EndAsync(run.Id);
        run.PullRequest.ShouldBeNull();
        run.Verdict.ShouldBe("Passed", run.Report);
        var checks = await repository.CheckRunsAsync(sha);
        checks.ShouldAllBe(check => check.Conclusion == "success");
        checks.Select(check => check.Stage).ShouldBe(["checkout", "build", "tests", "lint", "gate"], ignoreOrder: true);
        await ShouldLeaveNothingAsync(installation, run);
    }

    private static async Task<PipelineRun> CommandRunAsync(
        Installation installation, ForgeRepository repository, ForgePullRequest opened, string by, string? notThis = null)
    {
        var found = await Eventually.ReadAsync(
            async () => (await installation.Client.RunsAsync(repository.FullName, opened.Number))
                .FirstOrDefault(run => run.RequestedBy == by && run.Id != notThis),
            run => run is not null,
            $"a run that {by} asked for");
        return await installation.Client.EndAsync(found!.Id);
    }

    private async Task<(Installation Installation, ForgeRepository Repository)> StartAsync(params (string Path, string? Content)[] files)
    {
        var installation = Use(await shared.WithEngineAsync());
        return (installation, await installation.CreateRepositoryAsync(files));
    }
}
