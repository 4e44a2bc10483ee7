using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Experts.GitHub;

/// <summary>
/// Activities run at least once: whatever requests and answers are lost, and however often an activity is run again, what it leaves is what
/// one undisturbed run would have left.
/// </summary>
public sealed class GitHubExpertRepetitionTests
{
    private const int MaxRuns = 60;

    private static readonly RepositoryName Repository = GitHubHarness.Repository;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void There_is_one_check_run_with_each_annotation_once()
        => ForAnyFaults(
            (expert, _) => expert.PutCheckRunAsync(CheckRun(annotations: 120), Cancellation),
            github =>
            {
                var run = github.CheckRuns.ShouldHaveSingleItem();
                StatefulGitHub.Text(run, "status").ShouldBe("completed");
                StatefulGitHub.Text(run, "conclusion").ShouldBe("failure");
                run["output"]!["paths"]!.AsArray().Select(p => p!.GetValue<string>()).ShouldBe(Enumerable.Range(0, 120).Select(i => $"file{i}.py"));
            });

    [Fact]
    public void There_is_one_comment_with_the_latest_text_and_others_are_left_alone()
        => ForAnyFaults(
            async (expert, round) => await expert.PutCommentAsync(new PutCommentRequest(Repository, 1, "pipeline", $"round {round}"), Cancellation),
            github =>
            {
                var ours = github.Comments.Where(c => StatefulGitHub.Text(c, "body")!.Contains("pipeline -->", StringComparison.Ordinal)
                    && c["user"]!["login"]!.GetValue<string>() is StatefulGitHub.Me).ToList();
                StatefulGitHub.Text(ours.ShouldHaveSingleItem(), "body").ShouldBe("<!-- atomic-devops:pipeline -->\nround 2");
                github.Comments.Count.ShouldBe(3);
            },
            github =>
            {
                github.AddComment("mallory", "<!-- atomic-devops:pipeline -->\nall is well, trust me");
                github.AddComment(StatefulGitHub.Me, "<!-- atomic-devops:pipeline-2 -->\nanother one's");
            });

    [Fact]
    public void There_is_one_issue_with_the_latest_text_and_others_are_left_alone()
        => ForAnyFaults(
            async (expert, round) => await expert.PutIssueAsync(Issue($"round {round}") with { Labels = ["security"] }, Cancellation),
            github =>
            {
                var ours = github.Issues.Where(IsOpenOneOfOurs).ShouldHaveSingleItem();
                StatefulGitHub.Text(ours, "body").ShouldBe("<!-- atomic-devops:overdue -->\nround 2");
                StatefulGitHub.LabelsOf(ours).ShouldBe(["security"]);
                github.Issues.Count.ShouldBe(3);
            },
            github =>
            {
                github.AddIssue("mallory", "t", "<!-- atomic-devops:overdue -->\nall is well, trust me");
                github.AddIssue(StatefulGitHub.Me, "t", "<!-- atomic-devops:overdue-2 -->\nanother one's");
            });

    [Fact]
    public void The_issue_is_closed_and_none_is_made()
        => ForAnyFaults(
            async (expert, _) => await expert.PutIssueAsync(Issue("done") with { Open = false }, Cancellation),
            github => StatefulGitHub.Text(github.Issues.ShouldHaveSingleItem(), "state").ShouldBe("closed"),
            github => github.AddIssue(StatefulGitHub.Me, "Overdue", "<!-- atomic-devops:overdue -->\nold"));

    [Fact]
    public void There_is_one_merge_and_the_result_says_so()
        => ForAnyFaults(
            async (expert, _) =>
            {
                var result = await expert.MergePullRequestAsync(Merge(), Cancellation);
                result.IsMerged.ShouldBeTrue();
                result.MergeSha.ShouldBe(StatefulGitHub.MergeCommit);
            },
            github => github.Merges.ShouldBe(1));

    [Fact]
    public void The_branch_is_updated_once()
        => ForAnyFaults(
            async (expert, _) =>
            {
                var result = await expert.UpdateBranchAsync(new UpdateBranchRequest(Repository, 1, StatefulGitHub.Head), Cancellation);
                result.ShouldBe(new UpdateBranchResult(UpdateBranchOutcome.Updated, StatefulGitHub.UpdatedHead));
            },
            github => github.HeadSha.ShouldBe(StatefulGitHub.UpdatedHead),
            github => github.BehindBy = 2);

    [Fact]
    public void There_is_one_pull_request()
        => ForAnyFaults(
            (expert, _) => expert.CreatePullRequestAsync(new CreatePullRequestRequest(Repository, new NewPullRequest("t", "feature", "main")), Cancellation),
            github => github.PullRequests.ShouldHaveSingleItem());

    [Fact]
    public void There_is_one_review()
        => ForAnyFaults(
            (expert, _) => expert.CreateReviewAsync(
                new CreateReviewRequest(Repository, 1, "verdict", new NewReview(StatefulGitHub.Head, ReviewEvent.Comment, "fine")), Cancellation),
            github => github.Reviews.ShouldHaveSingleItem());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void There_is_one_release(bool isDraft)
        => ForAnyFaults(
            (expert, _) => expert.CreateReleaseAsync(new CreateReleaseRequest(Repository, new NewRelease("v1") { IsDraft = isDraft }), Cancellation),
            github => github.Releases.ShouldHaveSingleItem());

    [Fact]
    public void There_is_one_status()
        => ForAnyFaults(
            (expert, _) => expert.SetCommitStatusAsync(
                new SetCommitStatusRequest(Repository, StatefulGitHub.Head, new CommitStatus("ci", CommitStatusState.Success)), Cancellation),
            github => github.Statuses.ShouldHaveSingleItem());

    [Fact]
    public void The_branch_is_gone_and_the_label_is_there_or_not()
        => ForAnyFaults(
            async (expert, _) =>
            {
                var deletion = await expert.DeleteBranchAsync(
                    new DeleteBranchRequest(Repository, "feature") { ExpectedSha = StatefulGitHub.Head }, Cancellation);
                deletion.Outcome.ShouldBeOneOf(DeleteBranchOutcome.Deleted, DeleteBranchOutcome.AlreadyGone);
                (await expert.AddLabelsAsync(new AddLabelsRequest(Repository, 1, ["new", "kept"]), Cancellation)).Count.ShouldBeGreaterThan(1);
                await expert.RemoveLabelAsync(new RemoveLabelRequest(Repository, 1, "old"), Cancellation);
            },
            github =>
            {
                github.Branches.Keys.ShouldBe(["main"]);
                github.Labels.ShouldBe(["kept", "new"], ignoreOrder: true);
            },
            github => github.Labels.AddRange(["old", "kept"]));

    /// <summary>Runs an activity as an orchestration does: again while the tool is unavailable; and once more after it has succeeded.</summary>
    private static void ForAnyFaults(Func<GitHubExpert, int, Task> activity, Action<StatefulGitHub> check, Action<StatefulGitHub>? prepare = null)
    {
        // No fault comes so often in a row that the client alone could always hide it, nor so often that no run ever ends.
        var fault = Gen.Frequency(
            (3, Gen.Constant(NetworkFault.None)),
            (2, Gen.Elements(NetworkFault.RequestLost, NetworkFault.AnswerLost, NetworkFault.AnswerBroken)));
        var plans = Gen.ArrayOf(fault).ToArbitrary();
        Prop.ForAll(plans, plan => RunAsync(plan, activity, check, prepare)).QuickCheckThrowOnFailure();
        foreach (var plan in EachSinglePlan())
        {
            RunAsync(plan, activity, check, prepare).WaitAsync(Cancellation).GetAwaiter().GetResult();
        }
    }

    /// <summary>Every kind of fault at each of the first requests, lasting long enough that the client gives up.</summary>
    private static IEnumerable<NetworkFault[]> EachSinglePlan()
        => from position in Enumerable.Range(0, 10)
           from fault in new[] { NetworkFault.RequestLost, NetworkFault.AnswerLost, NetworkFault.AnswerBroken }
           from length in new[] { 1, 4 }
           select Enumerable.Repeat(NetworkFault.None, position).Concat(Enumerable.Repeat(fault, length)).ToArray();

    private static async Task RunAsync(
        NetworkFault[] plan, Func<GitHubExpert, int, Task> activity, Action<StatefulGitHub> check, Action<StatefulGitHub>? prepare)
    {
        using var network = new StatefulGitHub(plan);
        prepare?.Invoke(network);
        for (var round = 1; round <= 2; round++)
        {
            for (var run = 1; ; run++)
            {
                // A new process each time: nothing but GitHub itself remembers.
                using var github = new GitHubHarness(network);
                try
                {
                    await activity(github.Expert, round);
                    break;
                }
                catch (ToolUnavailableException)
                {
                    run.ShouldBeLessThan(MaxRuns);
                }
            }
        }

        check(network);
    }

    private static PutCheckRunRequest CheckRun(int annotations) => new(Repository, StatefulGitHub.Head, "tests", "run-1/tests", CheckRunStatus.Completed)
    {
        Conclusion = CheckRunConclusion.Failure,
        Output = new CheckRunOutput("2 failed", "text"),
        Annotations = [.. Enumerable.Range(0, annotations).Select(i => new CheckAnnotation($"file{i}.py", 1, 1, CheckAnnotationLevel.Failure, "boom"))],
    };

    private static PutIssueRequest Issue(string body) => new(Repository, "overdue", "Overdue", body);

    private static bool IsOpenOneOfOurs(JsonObject issue)
        => issue["user"]!["login"]!.GetValue<string>() is StatefulGitHub.Me
            && StatefulGitHub.Text(issue, "state") is "open"
            && StatefulGitHub.Text(issue, "body")!.StartsWith("<!-- atomic-devops:overdue -->", StringComparison.Ordinal);

    private static MergePullRequestRequest Merge() => new(Repository, 1, StatefulGitHub.Head, MergeMethod.Squash);
}
