using System.Net;
using System.Reflection;
using System.Text.Json;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Json;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Tests.Experts.GitHub;

public sealed class GitHubExpertTests : IDisposable
{
    private static readonly RepositoryName Repository = GitHubHarness.Repository;

    private readonly StatefulGitHub _network = new([]);
    private readonly GitHubHarness _github;

    public GitHubExpertTests() => _github = new GitHubHarness(_network);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private GitHubExpert Expert => _github.Expert;

    public void Dispose()
    {
        _github.Dispose();
        _network.Dispose();
    }

    [Fact]
    public async Task A_merge_of_a_head_that_moved_is_no_merge()
    {
        _network.HeadSha = StatefulGitHub.UpdatedHead;

        var result = await Expert.MergePullRequestAsync(Merge(), Cancellation);

        result.Outcome.ShouldBe(MergeOutcome.HeadMoved);
        result.Message.ShouldNotBeNull().ShouldContain(StatefulGitHub.UpdatedHead);
        _network.Merges.ShouldBe(0);
    }

    [Fact]
    public async Task A_conflict_a_closed_and_a_refused_pull_request_are_told_apart()
    {
        _network.Mergeable = false;
        (await Expert.MergePullRequestAsync(Merge(), Cancellation)).Outcome.ShouldBe(MergeOutcome.NotMergeable);

        _network.Mergeable = true;
        _network.IsClosed = true;
        (await Expert.MergePullRequestAsync(Merge(), Cancellation)).Message.ShouldBe("The pull request is closed.");

        _network.IsClosed = false;
        _network.MergeRefusal = (HttpStatusCode.MethodNotAllowed, "At least 1 approving review is required.");
        (await Expert.MergePullRequestAsync(Merge(), Cancellation))
            .ShouldBe(new MergePullRequestResult(MergeOutcome.Refused, MergeSha: null, "At least 1 approving review is required."));
        _network.Merges.ShouldBe(0);
    }

    [Fact]
    public async Task A_base_that_moves_during_the_merge_is_tried_again_a_few_times()
    {
        _network.MergeRefusal = (HttpStatusCode.MethodNotAllowed, "Base branch was modified. Review and try the merge again.");

        var result = await Expert.MergePullRequestAsync(Merge(), Cancellation);

        result.Outcome.ShouldBe(MergeOutcome.Refused);
        _github.Clock.Waits.ShouldBe([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)]);
    }

    [Fact]
    public async Task A_push_is_not_taken_for_our_own_update_of_the_branch()
    {
        const string Pushed = "5555555555555555555555555555555555555555";
        _network.BehindBy = 1;
        _network.HeadSha = Pushed;

        var result = await Expert.UpdateBranchAsync(new UpdateBranchRequest(Repository, 1, StatefulGitHub.Head), Cancellation);

        result.Outcome.ShouldBe(UpdateBranchOutcome.HeadMoved);
        result.HeadSha.ShouldBe(Pushed);
    }

    [Fact]
    public async Task An_up_to_date_branch_is_left_alone_and_a_conflict_is_named()
    {
        var request = new UpdateBranchRequest(Repository, 1, StatefulGitHub.Head);
        (await Expert.UpdateBranchAsync(request, Cancellation)).Outcome.ShouldBe(UpdateBranchOutcome.UpToDate);

        _network.BehindBy = 1;
        _network.UpdateRefusal = "merge conflict between base and head";
        var conflict = await Expert.UpdateBranchAsync(request, Cancellation);
        conflict.Outcome.ShouldBe(UpdateBranchOutcome.Conflict);
        conflict.HeadSha.ShouldBe(StatefulGitHub.Head);
    }

    [Fact]
    public async Task Duplicates_of_our_comment_are_removed_and_the_oldest_kept()
    {
        var oldest = _network.AddComment(StatefulGitHub.Me, "<!-- atomic-devops:m -->\none");
        _network.AddComment(StatefulGitHub.Me, "<!-- atomic-devops:m -->\ntwo");
        _network.AddComment("mallory", "<!-- atomic-devops:m -->\nthree");

        var comment = await Expert.PutCommentAsync(new PutCommentRequest(Repository, 1, "m", "new"), Cancellation);

        comment.Id.ShouldBe(oldest["id"]!.GetValue<int>());
        _network.Comments.Select(c => StatefulGitHub.Text(c, "body")).ShouldBe(["<!-- atomic-devops:m -->\nnew", "<!-- atomic-devops:m -->\nthree"]);
    }

    [Fact]
    public async Task An_unchanged_comment_is_not_written_again()
    {
        await Expert.PutCommentAsync(new PutCommentRequest(Repository, 1, "m", "text"), Cancellation);
        await Expert.PutCommentAsync(new PutCommentRequest(Repository, 1, "m", "text"), Cancellation);
        var requests = _network.Requests;

        await Expert.PutCommentAsync(new PutCommentRequest(Repository, 1, "m", "text"), Cancellation);

        _network.Requests.ShouldBe(requests + 1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a--b")]
    [InlineData("a b")]
    [InlineData("x-->")]
    public async Task A_marker_that_would_not_stay_hidden_is_refused(string marker)
    {
        await Should.ThrowAsync<ArgumentException>(() => Expert.PutCommentAsync(new PutCommentRequest(Repository, 1, marker, "text"), Cancellation));
        _network.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task A_text_beyond_the_limit_is_cut_and_says_so()
    {
        var emoji = string.Concat(Enumerable.Repeat("😀", 40_000));

        await Expert.PutCommentAsync(new PutCommentRequest(Repository, 1, "m", emoji), Cancellation);

        var body = StatefulGitHub.Text(_network.Comments[0], "body").ShouldNotBeNull();
        body.Length.ShouldBeInRange(65_500, 65_536);
        body.ShouldEndWith("too long for GitHub)*");
        body.ShouldNotContain("\uFFFD");
    }

    [Fact]
    public async Task A_check_run_grows_by_the_annotations_that_it_lacks_and_completes_last()
    {
        await Expert.PutCheckRunAsync(CheckRun(CheckRunStatus.InProgress, 0), Cancellation);
        await Expert.PutCheckRunAsync(CheckRun(CheckRunStatus.InProgress, 30), Cancellation);
        await Expert.PutCheckRunAsync(CheckRun(CheckRunStatus.Completed, 110), Cancellation);

        var run = _network.CheckRuns.ShouldHaveSingleItem();
        run["output"]!["annotations_count"]!.GetValue<int>().ShouldBe(110);
        StatefulGitHub.Text(run, "conclusion").ShouldBe("success");
    }

    [Fact]
    public async Task Check_runs_of_others_with_the_same_name_are_not_touched()
    {
        await Expert.PutCheckRunAsync(CheckRun(CheckRunStatus.Queued, 0) with { ExternalId = "somebody else's" }, Cancellation);

        await Expert.PutCheckRunAsync(CheckRun(CheckRunStatus.Completed, 0), Cancellation);

        _network.CheckRuns.Select(r => StatefulGitHub.Text(r, "status")).ShouldBe(["queued", "completed"]);
    }

    [Fact]
    public async Task With_a_users_token_a_commit_status_stands_in_for_the_check_run()
    {
        using var network = new StatefulGitHub([]) { ChecksNeedAnApp = true };
        using var github = new GitHubHarness(network);

        var reference = await github.Expert.PutCheckRunAsync(CheckRun(CheckRunStatus.Completed, 1), Cancellation);

        reference.Form.ShouldBe(CheckRunForm.CommitStatus);
        var status = network.Statuses.ShouldHaveSingleItem();
        StatefulGitHub.Text(status, "context").ShouldBe("tests");
        StatefulGitHub.Text(status, "state").ShouldBe("success");
    }

    [Fact]
    public async Task A_completed_check_run_needs_a_conclusion_and_no_other_has_one()
    {
        await Should.ThrowAsync<ArgumentException>(
            () => Expert.PutCheckRunAsync(CheckRun(CheckRunStatus.Completed, 0) with { Conclusion = null }, Cancellation));
        await Should.ThrowAsync<ArgumentException>(
            () => Expert.PutCheckRunAsync(CheckRun(CheckRunStatus.Queued, 0) with { Conclusion = CheckRunConclusion.Success }, Cancellation));
        _network.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task A_branch_that_moved_or_is_protected_is_not_deleted()
    {
        var moved = new DeleteBranchRequest(Repository, "feature") { ExpectedSha = StatefulGitHub.UpdatedHead };
        (await Expert.DeleteBranchAsync(moved, Cancellation)).Outcome.ShouldBe(DeleteBranchOutcome.Moved);

        var refused = await Expert.DeleteBranchAsync(new DeleteBranchRequest(Repository, "main"), Cancellation);
        refused.Outcome.ShouldBe(DeleteBranchOutcome.Refused);
        refused.Message.ShouldBe("Cannot delete this protected ref.");
        _network.Branches.Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_is_missing_is_told_by_the_result()
    {
        (await Expert.GetBranchAsync(new BranchReference(Repository, "nowhere"), Cancellation)).ShouldBeNull();
        (await Expert.GetFileAsync(new GetFileRequest(Repository, ".atomicdevops.yml", StatefulGitHub.Head), Cancellation)).ShouldBeNull();
        (await Expert.GetPermissionAsync(new GetPermissionRequest(Repository, "nobody"), Cancellation)).CanWrite.ShouldBeFalse();
    }

    [Fact]
    public async Task A_pull_request_that_cannot_be_seen_is_an_error()
        => await Should.ThrowAsync<ToolNotFoundException>(() => Expert.GetPullRequestAsync(new PullRequestReference(Repository, 99), Cancellation));

    [Fact]
    public async Task Finding_needs_exactly_one_way_to_find()
    {
        await Should.ThrowAsync<ArgumentException>(() => Expert.FindPullRequestsAsync(new FindPullRequestsRequest(Repository), Cancellation));
        await Should.ThrowAsync<ArgumentException>(() => Expert.FindPullRequestsAsync(
            new FindPullRequestsRequest(Repository) { HeadSha = StatefulGitHub.Head, HeadBranch = "feature" }, Cancellation));
    }

    [Fact]
    public void Every_activity_has_a_typed_call_of_its_own_name_and_types()
    {
        var functions = typeof(GitHubExpert).GetMethods().Where(m => m.GetCustomAttribute<FunctionAttribute>() is not null).ToList();
        functions.Count.ShouldBe(23);
        foreach (var function in functions)
        {
            var name = function.Name[..^"Async".Length];
            function.GetCustomAttribute<FunctionAttribute>()!.Name.ShouldBe($"GitHubExpert_{name}");
            var call = typeof(GitHubExpert).GetProperty(name).ShouldNotBeNull();
            call.PropertyType.GetGenericArguments().ShouldBe([function.GetParameters()[0].ParameterType, function.ReturnType.GetGenericArguments()[0]]);
            call.PropertyType.GetProperty("Name")!.GetValue(call.GetValue(null)).ShouldBe($"GitHubExpert_{name}");
        }
    }

    [Fact]
    public async Task Inputs_and_results_survive_the_orchestrations_history()
    {
        var pullRequest = await Expert.GetPullRequestAsync(new PullRequestReference(Repository, 1), Cancellation);
        var copy = RoundTrip(pullRequest);
        (copy with { Labels = pullRequest.Labels }).ShouldBe(pullRequest);
        copy.IsFromFork.ShouldBeFalse();

        var request = CheckRun(CheckRunStatus.Completed, 3);
        var requestCopy = RoundTrip(request);
        requestCopy.Annotations.ShouldBe(request.Annotations);
        (requestCopy with { Annotations = request.Annotations }).ShouldBe(request);
        RoundTrip(new RepositoryFile("a", "b", 3, [1, 2, 3])).Content.ShouldBe([1, 2, 3]);
        RoundTrip(Merge()).ShouldBe(Merge());
    }

    private static T RoundTrip<T>(T value)
        => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(value, JsonDefaults.Options), JsonDefaults.Options)!;

    private static MergePullRequestRequest Merge() => new(Repository, 1, StatefulGitHub.Head, MergeMethod.Squash);

    private static PutCheckRunRequest CheckRun(CheckRunStatus status, int annotations) => new(Repository, StatefulGitHub.Head, "tests", "run-1", status)
    {
        Conclusion = status == CheckRunStatus.Completed ? CheckRunConclusion.Success : null,
        Output = new CheckRunOutput("title", "summary"),
        Annotations = [.. Enumerable.Range(0, annotations).Select(i => new CheckAnnotation($"f{i}", 1, 1, CheckAnnotationLevel.Notice, "m"))],
    };
}
