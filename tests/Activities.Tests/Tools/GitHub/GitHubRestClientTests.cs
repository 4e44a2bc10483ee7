using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tools.GitHub;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.GitHubHarness;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.ScriptedNetwork;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

/// <summary>The shapes of requests and answers, as GitHub's documentation gives them.</summary>
public sealed class GitHubRestClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_small_file_comes_with_its_bytes()
    {
        var content = Convert.ToBase64String(Encoding.UTF8.GetBytes("image: äöü\n"), Base64FormattingOptions.InsertLineBreaks);
        using var network = new ScriptedNetwork(_ => Json(FileJson(13, "base64", content)));
        using var github = new GitHubHarness(network);

        var file = await github.Client.GetFileAsync(Repository, "config/a b.yml", "feature/x", 1000, Cancellation);

        Encoding.UTF8.GetString(file.Content.ShouldNotBeNull()).ShouldBe("image: äöü\n");
        network.Requests[0].Uri.PathAndQuery.ShouldBe("/repos/octo/hello/contents/config/a%20b.yml?ref=feature%2Fx");
    }

    [Fact]
    public async Task A_file_beyond_a_mebibyte_is_read_in_its_raw_form()
    {
        using var network = new ScriptedNetwork(request => request.Header("Accept") is "application/vnd.github.raw+json"
            ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([7, 8, 9]) }
            : Json(FileJson(2_000_000, "none", "")));
        using var github = new GitHubHarness(network);

        (await github.Client.GetFileAsync(Repository, "big.bin", "main", 3_000_000, Cancellation)).Content.ShouldBe([7, 8, 9]);
    }

    [Fact]
    public async Task A_file_beyond_the_callers_limit_comes_without_its_bytes()
    {
        using var network = new ScriptedNetwork(_ => Json(FileJson(2_000_000, "none", "")));
        using var github = new GitHubHarness(network);

        var file = await github.Client.GetFileAsync(Repository, "big.bin", "main", 1000, Cancellation);

        file.ShouldBe(new RepositoryFile("big.bin", "b10b", 2_000_000, Content: null));
        network.Requests.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("""[{"type":"file","path":"d/a","sha":"x","size":1}]""", "directory")]
    [InlineData("""{"type":"submodule","path":"d","sha":"x","size":0}""", "submodule")]
    public async Task What_is_no_file_is_refused_by_its_kind(string json, string kind)
    {
        using var network = new ScriptedNetwork(_ => Json(json));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<GitHubRequestException>(() => github.Client.GetFileAsync(Repository, "d", "main", 1000, Cancellation));

        failure.Message.ShouldContain(kind);
    }

    [Fact]
    public async Task A_file_update_names_branch_and_replaced_blob()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"content":{"sha":"new"},"commit":{"sha":"c0ffee"} }"""));
        using var github = new GitHubHarness(network);

        var result = await github.Client.UpdateFileAsync(
            Repository, new FileUpdate("a/b.txt", "main", "Change b", [1, 2], "old"), Cancellation);

        result.ShouldBe(new FileUpdateResult("c0ffee", "new"));
        ShouldBeJson(network.Requests[0], "PUT", "/repos/octo/hello/contents/a/b.txt", """{"message":"Change b","content":"AQI=","branch":"main","sha":"old"}""");
    }

    [Fact]
    public async Task A_check_run_is_written_in_GitHubs_words()
    {
        using var network = new ScriptedNetwork(_ => Json(
            """{"id":5,"name":"tests","head_sha":"abc","status":"completed","conclusion":"timed_out","external_id":"e","output":{"annotations_count":1},"app":{"id":9} }""",
            HttpStatusCode.Created));
        using var github = new GitHubHarness(network);
        var update = new CheckRunUpdate
        {
            Status = CheckRunStatus.Completed,
            Conclusion = CheckRunConclusion.TimedOut,
            ExternalId = "e",
            CompletedAt = new DateTimeOffset(2026, 1, 2, 4, 4, 5, TimeSpan.FromHours(1)),
            Output = new CheckRunOutput("t", "s"),
            Annotations = [new CheckAnnotation("a.py", 1, 2, CheckAnnotationLevel.Warning, "m")],
        };

        var run = await github.Client.CreateCheckRunAsync(Repository, "abc", "tests", update, Cancellation);

        run.Conclusion.ShouldBe(CheckRunConclusion.TimedOut);
        run.AppId.ShouldBe(9);
        run.Annotations.ShouldBe(1);
        ShouldBeJson(
            network.Requests[0],
            "POST",
            "/repos/octo/hello/check-runs",
            """
            {"name":"tests","head_sha":"abc","status":"completed","conclusion":"timed_out","external_id":"e","completed_at":"2026-01-02T03:04:05Z",
             "output":{"title":"t","summary":"s","annotations":[{"path":"a.py","start_line":1,"end_line":2,"annotation_level":"warning","message":"m"}]}}
            """);
    }

    [Fact]
    public async Task A_merge_is_guarded_by_the_head()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"sha":"m","merged":true,"message":"done"}"""));
        using var github = new GitHubHarness(network);

        var command = new MergeCommand("abc", MergeMethod.Squash) { CommitTitle = "Title (#1)" };
        (await github.Client.MergePullRequestAsync(Repository, 1, command, Cancellation)).ShouldBe("m");

        ShouldBeJson(
            network.Requests[0], "PUT", "/repos/octo/hello/pulls/1/merge", """{"sha":"abc","merge_method":"squash","commit_title":"Title (#1)"}""");
    }

    [Fact]
    public async Task A_review_asks_for_changes_line_by_line()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"id":1,"state":"CHANGES_REQUESTED","body":"b","user":null,"commit_id":"abc"}"""));
        using var github = new GitHubHarness(network);

        var review = new NewReview("abc", ReviewEvent.RequestChanges, "b") { Comments = [new ReviewComment("a.py", 3, "why?")] };
        (await github.Client.CreateReviewAsync(Repository, 1, review, Cancellation)).Author.Login.ShouldBe("ghost");

        ShouldBeJson(
            network.Requests[0],
            "POST",
            "/repos/octo/hello/pulls/1/reviews",
            """{"commit_id":"abc","body":"b","event":"REQUEST_CHANGES","comments":[{"path":"a.py","line":3,"side":"RIGHT","body":"why?"}]}""");
    }

    [Theory]
    [InlineData("""{"permission":"write","role_name":"maintain"}""", RepositoryAccess.Maintain, true)]
    [InlineData("""{"permission":"read","role_name":"triage"}""", RepositoryAccess.Triage, false)]
    [InlineData("""{"permission":"write","role_name":"our-own-role"}""", RepositoryAccess.Write, true)]
    [InlineData("""{"permission":"none"}""", RepositoryAccess.None, false)]
    [InlineData("""{"permission":"surprise"}""", RepositoryAccess.None, false)]
    public async Task Permission_is_the_role_where_known_and_nothing_where_not(string json, RepositoryAccess expected, bool canWrite)
    {
        using var network = new ScriptedNetwork(_ => Json(json));
        using var github = new GitHubHarness(network);

        var access = await github.Client.GetPermissionAsync(Repository, "octo", Cancellation);

        access.Access.ShouldBe(expected);
        access.CanWrite.ShouldBe(canWrite);
    }

    [Fact]
    public async Task A_comparison_says_when_GitHub_told_only_a_part()
    {
        const string Commit = """{"sha":"a","commit":{"message":"m","author":{"name":"n","email":"e","date":"2026-01-01T00:00:00Z"} },"parents":[],"author":{} }""";
        using var network = new ScriptedNetwork(_ => Json(
            $$"""{"status":"ahead","ahead_by":300,"behind_by":0,"total_commits":300,"base_commit":{"sha":"b"},"merge_base_commit":{"sha":"b"},"commits":[{{Commit}}]}"""));
        using var github = new GitHubHarness(network);

        var comparison = await github.Client.CompareAsync(Repository, "main", "octo:feature/x", Cancellation);

        comparison.Truncated.ShouldBeTrue();
        comparison.Commits.ShouldHaveSingleItem().Author.Name.ShouldBe("n");
        network.Requests[0].Uri.AbsolutePath.ShouldBe("/repos/octo/hello/compare/main...octo%3Afeature%2Fx");
    }

    [Fact]
    public async Task Issues_are_created_and_closed()
    {
        using var network = new ScriptedNetwork(_ => Json(
            """{"number":3,"title":"t","state":"closed","html_url":"https://github.com/octo/hello/issues/3","labels":[{"name":"bug"}],"pull_request":{} }"""));
        using var github = new GitHubHarness(network);

        var issue = await github.Client.UpdateIssueAsync(Repository, 3, new IssueUpdate { IsOpen = false }, Cancellation);
        await github.Client.CreateIssueAsync(Repository, new NewIssue("t", "b") { Labels = ["bug"] }, Cancellation);

        issue.IsOpen.ShouldBeFalse();
        issue.IsPullRequest.ShouldBeTrue();
        issue.Labels.ShouldBe(["bug"]);
        ShouldBeJson(network.Requests[0], "PATCH", "/repos/octo/hello/issues/3", """{"state":"closed"}""");
        ShouldBeJson(network.Requests[1], "POST", "/repos/octo/hello/issues", """{"title":"t","body":"b","labels":["bug"],"assignees":[]}""");
    }

    private static void ShouldBeJson(SentRequest request, string method, string path, string expected)
    {
        request.Method.ShouldBe(method);
        request.Uri.AbsolutePath.ShouldBe(path);
        JsonNode.DeepEquals(JsonNode.Parse(request.Body), JsonNode.Parse(expected)).ShouldBeTrue($"sent {request.Body}");
    }

    private static string FileJson(long size, string encoding, string content)
        => $$"""{"type":"file","path":"x","sha":"b10b","size":{{size}},"encoding":"{{encoding}}","content":{{JsonSerializer.Serialize(content)}} }""";
}
