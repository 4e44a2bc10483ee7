using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.GitHubHarness;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.ScriptedNetwork;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

/// <summary>The shapes of requests and answers, as GitHub's documentation gives them.</summary>
public sealed class GitHubClientTests
{
    private const string ScannedCommit = "0123456789012345678901234567890123456789";

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
    public async Task A_scan_s_log_is_sent_in_Base64_and_its_id_comes_back()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"id":"47177e22-5596","url":"https://api.github.com/x"}""", HttpStatusCode.Accepted));
        using var github = new GitHubHarness(network);
        var upload = new SarifUpload(ScannedCommit, "refs/pull/7/head", new byte[] { 0x1f, 0x8b, 8 })
        {
            ToolName = "Atomic DevOps",
            StartedAt = new DateTimeOffset(2026, 1, 2, 4, 4, 5, TimeSpan.FromHours(1)),
            CheckoutUri = new Uri("file:///workspace/"),
        };

        (await github.Client.UploadSarifAsync(Repository, upload, Cancellation)).ShouldBe("47177e22-5596");

        var sent = JsonNode.Parse(network.Requests[0].Body)!.AsObject();
        sent["started_at"]!.GetValue<DateTimeOffset>().ShouldBe(upload.StartedAt.Value);
        sent["started_at"]!.GetValue<string>().ShouldStartWith("2026-01-02T03:04:05");
        sent.Remove("started_at");
        sent.ToJsonString().ShouldBe(
            $$"""{"commit_sha":"{{ScannedCommit}}","ref":"refs/pull/7/head","sarif":"H4sI","tool_name":"Atomic DevOps","checkout_uri":"file:///workspace/"}""");
        network.Requests[0].Uri.AbsolutePath.ShouldBe("/repos/octo/hello/code-scanning/sarifs");
    }

    [Theory]
    [InlineData("""{"processing_status":"pending"}""", SarifProcessing.Pending)]
    [InlineData("""{"processing_status":"complete","analyses_url":"https://api.github.com/x","errors":null}""", SarifProcessing.Complete)]
    [InlineData("""{"processing_status":"failed","analyses_url":null,"errors":["one","two"]}""", SarifProcessing.Failed, "one", "two")]
    public async Task What_became_of_a_log_is_told_with_its_errors(string json, SarifProcessing processing, params string[] errors)
    {
        using var network = new ScriptedNetwork(_ => Json(json));
        using var github = new GitHubHarness(network);

        var status = await github.Client.GetSarifUploadAsync(Repository, "47177e22-5596", Cancellation);

        status.Processing.ShouldBe(processing);
        status.Errors.ShouldBe(errors);
        network.Requests[0].Uri.AbsolutePath.ShouldBe("/repos/octo/hello/code-scanning/sarifs/47177e22-5596");
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
            DetailsUrl = new Uri("https://ci.example/a%20b?c=%C3%A4"),
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
             "details_url":"https://ci.example/a%20b?c=%C3%A4",
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

    [Fact]
    public async Task A_new_file_names_no_replaced_blob_and_may_be_empty()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"content":{"sha":"new"},"commit":{"sha":"c0ffee"} }""", HttpStatusCode.Created));
        using var github = new GitHubHarness(network);

        await github.Client.UpdateFileAsync(Repository, new FileUpdate("src/__init__.py", "main", "Add it", [], PreviousSha: null), Cancellation);

        ShouldBeJson(
            network.Requests[0], "PUT", "/repos/octo/hello/contents/src/__init__.py", """{"message":"Add it","content":"","branch":"main"}""");
    }

    [Fact]
    public async Task A_check_run_s_update_says_only_what_changes_and_where_annotations_stand()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"id":5,"name":"tests","head_sha":"abc","status":"in_progress"}"""));
        using var github = new GitHubHarness(network);
        var annotation = new CheckAnnotation("a.py", 3, 3, CheckAnnotationLevel.Failure, "m") { Title = "t", StartColumn = 1, EndColumn = 4 };

        await github.Client.UpdateCheckRunAsync(Repository, 5, new CheckRunUpdate { Status = CheckRunStatus.InProgress }, Cancellation);
        await github.Client.UpdateCheckRunAsync(
            Repository, 5, new CheckRunUpdate { Output = new CheckRunOutput("t", "s", "x"), Annotations = [annotation] }, Cancellation);

        ShouldBeJson(network.Requests[0], "PATCH", "/repos/octo/hello/check-runs/5", """{"status":"in_progress"}""");
        ShouldBeJson(
            network.Requests[1],
            "PATCH",
            "/repos/octo/hello/check-runs/5",
            """
            {"output":{"title":"t","summary":"s","text":"x","annotations":[
              {"path":"a.py","start_line":3,"end_line":3,"start_column":1,"end_column":4,"annotation_level":"failure","message":"m","title":"t"}]}}
            """);
    }

    [Fact]
    public async Task An_update_that_appends_annotations_is_sent_once()
    {
        using var network = new ScriptedNetwork(_ => throw new HttpRequestException(HttpRequestError.ResponseEnded, "gone"));
        using var github = new GitHubHarness(network);
        var update = new CheckRunUpdate
        {
            Output = new CheckRunOutput("t", "s"),
            Annotations = [new CheckAnnotation("a.py", 1, 1, CheckAnnotationLevel.Notice, "m")],
        };

        await Should.ThrowAsync<ToolUnavailableException>(() => github.Client.UpdateCheckRunAsync(Repository, 5, update, Cancellation));

        network.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_branch_is_made_updated_and_deleted_by_its_whole_name()
    {
        using var network = new ScriptedNetwork(_ => Json("{}"));
        using var github = new GitHubHarness(network);

        await github.Client.CreateBranchAsync(Repository, "topic/x#1", "abc", Cancellation);
        await github.Client.DeleteBranchAsync(Repository, "topic/x#1", Cancellation);
        await github.Client.UpdatePullRequestBranchAsync(Repository, 1, "abc", Cancellation);

        ShouldBeJson(network.Requests[0], "POST", "/repos/octo/hello/git/refs", """{"ref":"refs/heads/topic/x#1","sha":"abc"}""");
        network.Requests[1].Uri.AbsolutePath.ShouldBe("/repos/octo/hello/git/refs/heads/topic/x%231");
        network.Requests[1].Body.ShouldBeEmpty();
        ShouldBeJson(network.Requests[2], "PUT", "/repos/octo/hello/pulls/1/update-branch", """{"expected_head_sha":"abc"}""");
    }

    [Fact]
    public async Task A_pull_request_is_asked_for_with_its_ends()
    {
        using var network = new ScriptedNetwork(_ => Json(PullRequestJson(""), HttpStatusCode.Created));
        using var github = new GitHubHarness(network);

        var pullRequest = await github.Client.CreatePullRequestAsync(
            Repository, new NewPullRequest("t", "fork:feature", "main") { Body = "b", IsDraft = true }, Cancellation);

        pullRequest.Head.Repository.ShouldBe(new RepositoryName("fork", "hello"));
        pullRequest.IsFromFork.ShouldBeTrue();
        ShouldBeJson(
            network.Requests[0], "POST", "/repos/octo/hello/pulls", """{"title":"t","head":"fork:feature","base":"main","body":"b","draft":true}""");
    }

    [Fact]
    public async Task Lists_are_asked_for_by_filter_a_hundred_a_page()
    {
        using var network = new ScriptedNetwork(request => Json(
            request.Uri.AbsolutePath.EndsWith("/check-runs", StringComparison.Ordinal) ? """{"total_count":0,"check_runs":[]}""" : "[]"));
        using var github = new GitHubHarness(network);

        var filter = new PullRequestFilter { State = StateFilter.All, Head = "octo:a/b&c", Base = "main" };
        await github.Client.ListPullRequestsAsync(Repository, filter, Cancellation).ToListAsync(Cancellation);
        await github.Client.ListCommitsAsync(Repository, "a/b", Cancellation).ToListAsync(Cancellation);
        await github.Client.ListCheckRunsAsync(Repository, "abc", "unit tests", Cancellation).ToListAsync(Cancellation);
        await github.Client.ListCheckRunsAsync(Repository, "abc", name: null, Cancellation).ToListAsync(Cancellation);

        Queried(network.Requests[0], "state", "head", "base", "per_page").ShouldBe(["all", "octo:a/b&c", "main", "100"]);
        Queried(network.Requests[1], "sha", "per_page").ShouldBe(["a/b", "100"]);
        Queried(network.Requests[2], "check_name", "filter", "per_page").ShouldBe(["unit tests", "all", "100"]);
        Queried(network.Requests[3], "check_name", "filter", "per_page").ShouldBe([null, "all", "100"]);

        static string?[] Queried(SentRequest request, params string[] names)
        {
            var query = System.Web.HttpUtility.ParseQueryString(request.Uri.Query);
            return [.. names.Select(name => query[name])];
        }
    }

    [Fact]
    public async Task A_release_is_made_at_the_commit_that_is_named()
    {
        using var network = new ScriptedNetwork(_ => Json(
            """{"id":1,"tag_name":"v1","html_url":"https://github.com/octo/hello/releases/1","name":null,"body":null,"draft":true,"prerelease":false,"target_commitish":"abc"}""",
            HttpStatusCode.Created));
        using var github = new GitHubHarness(network);

        var release = await github.Client.CreateReleaseAsync(
            Repository, new NewRelease("v1") { Name = "One", Body = "b", Target = "abc", IsDraft = true }, Cancellation);

        release.ShouldBe(new Release(1, "v1", "", "", "abc", IsDraft: true, IsPrerelease: false, new Uri("https://github.com/octo/hello/releases/1")));
        var sent = JsonNode.Parse(network.Requests[0].Body)!;
        new[] { "tag_name", "name", "body", "target_commitish" }.Select(name => sent[name]!.GetValue<string>()).ShouldBe(["v1", "One", "b", "abc"]);
        (sent["draft"]!.GetValue<bool>(), sent["prerelease"]!.GetValue<bool>()).ShouldBe((true, false));
    }

    [Fact]
    public async Task Words_that_GitHub_may_add_later_are_no_error()
    {
        using var network = new ScriptedNetwork(request => request.Uri.AbsolutePath.Split('/')[^1] switch
        {
            "files" => Json("""[{"filename":"a","status":"transmuted","additions":1,"deletions":2}]"""),
            "reviews" => Json("""[{"id":1,"state":"PONDERED","body":null,"user":{"id":3,"login":"new","type":"Android"} }]"""),
            "check-runs" => Json(
                """{"check_runs":[{"id":5,"name":"n","head_sha":"abc","status":"waiting","conclusion":"inconclusive","started_at":null,"completed_at":null,"output":null,"app":null}]}"""),
            "status" => Json("""{"statuses":[{"context":"ci","state":"mixed","target_url":"not an address","description":null}]}"""),
            _ => Json(PullRequestJson(""","user":{"id":3,"login":"new","type":"Android"},"mergeable_state":"sublime" """)),
        });
        using var github = new GitHubHarness(network);

        var pullRequest = await github.Client.GetPullRequestAsync(Repository, 1, waitForMergeability: false, Cancellation);
        pullRequest.Author.ShouldBe(new GitHubAccount(3, "new", IsBot: false));
        pullRequest.MergeableState.ShouldBe(MergeableState.Unknown);
        (await github.Client.ListPullRequestFilesAsync(Repository, 1, Cancellation).SingleAsync(Cancellation)).ShouldBe(new ChangedFile("a", FileChange.Changed, 1, 2));
        (await github.Client.ListReviewsAsync(Repository, 1, Cancellation).SingleAsync(Cancellation))
            .ShouldBe(new Review(1, new GitHubAccount(3, "new", IsBot: false), "", "PONDERED", CommitSha: null, HtmlUrl: null));
        var run = await github.Client.ListCheckRunsAsync(Repository, "abc", name: null, Cancellation).SingleAsync(Cancellation);
        (run.Status, run.Conclusion, run.StartedAt, run.AppId).ShouldBe((CheckRunStatus.Queued, CheckRunConclusion.Failure, null, null));
        (await github.Client.ListCommitStatusesAsync(Repository, "abc", Cancellation).SingleAsync(Cancellation)).ShouldBe(new CommitStatus("ci", CommitStatusState.Error));
    }

    [Fact]
    public async Task Numbers_beyond_32_bits_and_accounts_of_apps_and_of_nobody_are_kept()
    {
        const string Times = """ "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-02T00:00:00Z" """;
        using var network = new ScriptedNetwork(_ => Json(
            $$"""
            [{"id":9000000001,"body":"a","user":{"id":9000000002,"login":"atomic[bot]","type":"Bot"},"html_url":"https://github.com/octo/hello/pull/1#c",{{Times}}},
             {"id":9000000003,"body":null,"user":null,{{Times}}}]
            """));
        using var github = new GitHubHarness(network);

        var comments = await github.Client.ListCommentsAsync(Repository, 1, Cancellation).ToListAsync(Cancellation);

        comments.Select(c => (c.Id, c.Author, c.Body)).ShouldBe(
        [
            (9000000001, new GitHubAccount(9000000002, "atomic[bot]", IsBot: true), "a"),
            (9000000003, new GitHubAccount(0, "ghost", IsBot: false), ""),
        ]);
        comments[0].UpdatedAt.ShouldBe(new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero));
        comments[0].HtmlUrl.ShouldBe(new Uri("https://github.com/octo/hello/pull/1#c"));
    }

    [Fact]
    public async Task Labels_are_added_in_the_form_that_GitHub_describes()
    {
        using var network = new ScriptedNetwork(_ => Json("""[{"name":"bug","color":"ff0000","description":"Broken"}]"""));
        using var github = new GitHubHarness(network);

        (await github.Client.AddLabelsAsync(Repository, 1, ["bug", "a/b"], Cancellation)).ShouldBe([new Label("bug", "ff0000", "Broken")]);

        ShouldBeJson(network.Requests[0], "POST", "/repos/octo/hello/issues/1/labels", """{"labels":["bug","a/b"]}""");
    }

    [Fact]
    public async Task Text_of_any_kind_is_sent_and_read_as_it_is()
    {
        const string Times = """ "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z" """;
        using var network = new ScriptedNetwork(request => Json(
            $$"""{"id":1,{{Times}},"body":{{(request.Method is "POST" ? JsonNode.Parse(request.Body)!["body"]!.ToJsonString() : "\"\"")}} }"""));
        using var github = new GitHubHarness(network);
        string[] texts =
        [
            "\u001b[31mfailed\u001b[0m \u0000\u001f\u007f", "tab\t quote\" back\\slash /slash\r\n", "äöü 😀 \u2028", "2026-01-01T00:00:00Z", "12345", "null", "{\"a\":[1]}",
        ];

        foreach (var text in texts)
        {
            (await github.Client.CreateCommentAsync(Repository, 1, text, Cancellation)).Body.ShouldBe(text);
            JsonNode.Parse(network.Requests[^1].Body)!["body"]!.GetValue<string>().ShouldBe(text);
        }

        (await github.Client.CreateCommentAsync(Repository, 1, "half an emoji: \ud83d!", Cancellation)).Body.ShouldBe("half an emoji: \ufffd!");
    }

    [Fact]
    public async Task A_list_whose_pages_are_objects_is_read_over_all_of_them()
    {
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? Json("""{"check_runs":[{"id":1,"name":"n","head_sha":"abc","status":"queued"}]}""", HttpStatusCode.OK, ("Link", "<https://api.github.com/x?page=2>; rel=\"next\""))
            : Json("""{"check_runs":[{"id":2,"name":"n","head_sha":"abc","status":"queued"}]}"""));
        using var github = new GitHubHarness(network);

        (await github.Client.ListCheckRunsAsync(Repository, "abc", "n", Cancellation).Select(run => run.Id).ToListAsync(Cancellation)).ShouldBe([1, 2]);

        network.Requests[1].Uri.AbsoluteUri.ShouldBe("https://api.github.com/x?page=2");
    }

    [Fact]
    public async Task Content_that_cannot_be_decoded_is_none_of_GitHubs()
    {
        using var network = new ScriptedNetwork(_ => Json(FileJson(13, "base64", "&&&")));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<ToolException>(() => github.Client.GetFileAsync(Repository, "x", "main", 1000, Cancellation));

        failure.Message.ShouldContain("GitHub:BaseAddress");
    }

    [Fact]
    public async Task Who_we_are_is_asked_once()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"login":"octo","id":1,"type":"User"}"""));
        using var github = new GitHubHarness(network);

        var identity = await github.Client.GetIdentityAsync(Cancellation);
        (await github.Client.GetIdentityAsync(Cancellation)).ShouldBeSameAs(identity);

        network.Requests.ShouldHaveSingleItem().Uri.AbsolutePath.ShouldBe("/user");
    }

    private static string PullRequestJson(string more) => $$"""
        {"number":1,"state":"open","title":"t","html_url":"https://github.com/octo/hello/pull/1",
         "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z",
         "head":{"ref":"feature","sha":"abc","repo":{"full_name":"fork/hello","clone_url":"https://github.com/fork/hello.git","visibility":"secret"} },
         "base":{"ref":"main","sha":"def","repo":{"full_name":"octo/hello"} }{{more}} }
        """;

    private static void ShouldBeJson(SentRequest request, string method, string path, string expected)
    {
        request.Method.ShouldBe(method);
        request.Uri.AbsolutePath.ShouldBe(path);
        JsonNode.DeepEquals(JsonNode.Parse(request.Body), JsonNode.Parse(expected)).ShouldBeTrue($"sent {request.Body}");
    }

    private static string FileJson(long size, string encoding, string content)
        => $$"""{"type":"file","path":"x","sha":"b10b","size":{{size}},"encoding":"{{encoding}}","content":{{JsonSerializer.Serialize(content)}} }""";
}
