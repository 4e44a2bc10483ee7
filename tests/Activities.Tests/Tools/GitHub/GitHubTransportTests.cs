using System.Globalization;
using System.Net;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Agents;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.GitHubHarness;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.ScriptedNetwork;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

public sealed class GitHubTransportTests
{
    private const string Branch = """{"name":"main","commit":{"sha":"abc"},"protected":true}""";
    private const string Comment = """{"id":7,"body":"hi","user":{"id":1,"login":"octo"},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_names_version_token_and_address_of_an_enterprise_server()
    {
        using var network = new ScriptedNetwork(_ => Json(Branch));
        using var github = new GitHubHarness(network, ("BaseAddress", "https://ghe.example.com/api/v3"));

        var branch = await github.Client.GetBranchAsync(Repository, "feature/x y", Cancellation);

        branch.ShouldBe(new Branch("main", "abc", IsProtected: true));
        var request = network.Requests.ShouldHaveSingleItem();
        request.Uri.AbsoluteUri.ShouldBe("https://ghe.example.com/api/v3/repos/octo/hello/branches/feature%2Fx%20y");
        request.Header("Authorization").ShouldBe($"Bearer {Token}");
        request.Header("X-GitHub-Api-Version").ShouldBe("2022-11-28");
        request.Header("User-Agent").ShouldNotBeNullOrEmpty();
        request.Header("Accept").ShouldBe("application/vnd.github+json");
    }

    [Fact]
    public async Task A_list_follows_the_links_to_its_end_and_no_further_than_it_is_read()
    {
        using var network = new ScriptedNetwork(request =>
        {
            var page = int.Parse(System.Web.HttpUtility.ParseQueryString(request.Uri.Query)["page"] ?? "1", CultureInfo.InvariantCulture);
            var link = page < 3
                ? $"<https://api.github.com/repositories/1/branches?per_page=100&page={page - 1}>; rel=\"prev\", "
                    + $"<https://api.github.com/repositories/1/branches?per_page=100&page={page + 1}>; rel=\"next\""
                : "<https://api.github.com/repositories/1/branches?per_page=100&page=1>; rel=\"first\"";
            return Json($$"""[{"name":"b{{page}}","commit":{"sha":"abc"} }]""", HttpStatusCode.OK, ("Link", link));
        });
        using var github = new GitHubHarness(network);

        var all = await github.Client.ListBranchesAsync(Repository, Cancellation).Select(b => b.Name).ToListAsync(Cancellation);
        all.ShouldBe(["b1", "b2", "b3"]);

        var sent = network.Requests.Count;
        (await github.Client.ListBranchesAsync(Repository, Cancellation).FirstAsync(Cancellation)).Name.ShouldBe("b1");
        network.Requests.Count.ShouldBe(sent + 1);
    }

    [Fact]
    public async Task A_link_to_another_host_is_not_followed()
    {
        using var network = new ScriptedNetwork(_ => Json("[]", HttpStatusCode.OK, ("Link", "<https://evil.example/next>; rel=\"next\"")));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<ToolException>(async () => await github.Client.ListBranchesAsync(Repository, Cancellation).ToListAsync(Cancellation));

        failure.Message.ShouldContain("evil.example");
        network.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_unchanged_answer_is_taken_from_the_cache_when_GitHub_says_so()
    {
        using var network = new ScriptedNetwork(request => request.Header("If-None-Match") is "W/\"tag1\""
            ? new HttpResponseMessage(HttpStatusCode.NotModified)
            : Json(Branch, HttpStatusCode.OK, ("ETag", "W/\"tag1\"")));
        using var github = new GitHubHarness(network);

        var first = await github.Client.GetBranchAsync(Repository, "main", Cancellation);
        var second = await github.Client.GetBranchAsync(Repository, "main", Cancellation);

        second.ShouldBe(first);
        network.Requests.Select(r => r.Header("If-None-Match")).ShouldBe([null, "W/\"tag1\""]);
    }

    [Fact]
    public async Task The_pages_of_a_list_come_from_the_cache_with_their_links()
    {
        using var network = new ScriptedNetwork(request => request.Header("If-None-Match") is not null
            ? new HttpResponseMessage(HttpStatusCode.NotModified)
            : request.Uri.Query.Contains("page=2", StringComparison.Ordinal)
                ? Json("""[{"name":"b2","commit":{"sha":"abc"}}]""", HttpStatusCode.OK, ("ETag", "\"two\""))
                : Json(
                    """[{"name":"b1","commit":{"sha":"abc"}}]""",
                    HttpStatusCode.OK,
                    ("ETag", "\"one\""),
                    ("Link", "<https://api.github.com/repos/octo/hello/branches?page=2>; rel=\"next\"")));
        using var github = new GitHubHarness(network);

        for (var round = 0; round < 2; round++)
        {
            (await github.Client.ListBranchesAsync(Repository, Cancellation).Select(b => b.Name).ToListAsync(Cancellation)).ShouldBe(["b1", "b2"]);
        }

        network.Requests.Count.ShouldBe(4);
    }

    [Fact]
    public async Task The_cache_keeps_within_its_bytes()
    {
        using var network = new ScriptedNetwork(_ => Json(Branch, HttpStatusCode.OK, ("ETag", "\"t\"")));
        using var github = new GitHubHarness(network, ("CacheBytes", "0"));

        await github.Client.GetBranchAsync(Repository, "main", Cancellation);
        await github.Client.GetBranchAsync(Repository, "main", Cancellation);

        network.Requests.ShouldAllBe(r => r.Header("If-None-Match") == null);
    }

    [Fact]
    public async Task A_primary_limit_that_ends_soon_is_waited_for()
    {
        GitHubHarness? harness = null;
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? Json(Branch, HttpStatusCode.OK, ("x-ratelimit-remaining", "0"), ("x-ratelimit-resource", "core"), ("x-ratelimit-reset", In(harness!, 20)))
            : Json(Branch, HttpStatusCode.OK, ("x-ratelimit-remaining", "4999")));
        using var github = harness = new GitHubHarness(network);
        var start = github.Clock.GetUtcNow();

        await github.Client.GetBranchAsync(Repository, "one", Cancellation);
        github.Clock.GetUtcNow().ShouldBe(start);
        await github.Client.GetBranchAsync(Repository, "two", Cancellation);

        (github.Clock.GetUtcNow() - start).ShouldBeInRange(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(22));
    }

    [Fact]
    public async Task A_primary_limit_that_ends_late_is_reported_and_nothing_is_sent_before()
    {
        GitHubHarness? harness = null;
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? Json(
                """{"message":"API rate limit exceeded for user ID 1."}""",
                HttpStatusCode.Forbidden,
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", In(harness!, 1800)))
            : Json(Branch));
        using var github = harness = new GitHubHarness(network);

        for (var call = 0; call < 3; call++)
        {
            var failure = await Should.ThrowAsync<ToolUnavailableException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));
            failure.RetryAfter!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1799), TimeSpan.FromSeconds(1802));
        }

        network.Requests.ShouldHaveSingleItem();
        (await github.Probes[0].ProbeAsync(Cancellation)).Health.ShouldBe(AgentHealth.Degraded);
        network.Requests.ShouldHaveSingleItem();

        github.Clock.Advance(TimeSpan.FromSeconds(1802));
        await github.Client.GetBranchAsync(Repository, "main", Cancellation);
        network.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Reset_is_reckoned_by_the_servers_clock()
    {
        var serverTime = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? Json(
                """{"message":"API rate limit exceeded"}""",
                HttpStatusCode.Forbidden,
                ("Date", serverTime.ToString("R", CultureInfo.InvariantCulture)),
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", (serverTime.ToUnixTimeSeconds() + 10).ToString(CultureInfo.InvariantCulture)))
            : Json(Branch));
        using var github = new GitHubHarness(network);

        await github.Client.GetBranchAsync(Repository, "main", Cancellation);

        github.Clock.Waits.ShouldHaveSingleItem().ShouldBe(TimeSpan.FromSeconds(11));
    }

    [Fact]
    public async Task A_limit_on_one_kind_of_request_is_waited_for_too()
    {
        GitHubHarness? harness = null;
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? Json(
                """{"message":"API rate limit exceeded"}""",
                HttpStatusCode.Forbidden,
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-resource", "code_scanning_upload"),
                ("x-ratelimit-reset", In(harness!, 20)))
            : Json(Branch));
        using var github = harness = new GitHubHarness(network);
        var start = github.Clock.GetUtcNow();

        await github.Client.GetBranchAsync(Repository, "main", Cancellation);

        (github.Clock.GetUtcNow() - start).ShouldBeInRange(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(22));
        network.Requests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task Retry_after_is_obeyed_even_for_a_request_that_must_not_be_repeated(HttpStatusCode status)
    {
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? Json("""{"message":"You have exceeded a secondary rate limit"}""", status, ("Retry-After", "30"))
            : Json(Comment, HttpStatusCode.Created));
        using var github = new GitHubHarness(network);

        (await github.Client.CreateCommentAsync(Repository, 1, "hi", Cancellation)).Id.ShouldBe(7);

        github.Clock.Waits.ShouldHaveSingleItem().ShouldBe(TimeSpan.FromSeconds(30));
        network.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_secondary_limit_without_a_time_costs_a_minute_and_then_twice_as_much_each_time()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"message":"You have exceeded a secondary rate limit."}""", HttpStatusCode.Forbidden));
        using var github = new GitHubHarness(network, ("RateLimitWait", "00:05:00"));

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));

        github.Clock.Waits.ShouldBe([TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(120)]);
        failure.RetryAfter.ShouldBe(TimeSpan.FromSeconds(240));
        network.Requests.Count.ShouldBe(3);
    }

    [Fact]
    public async Task An_answer_ends_the_doubling_of_pauses()
    {
        using var network = new ScriptedNetwork(request => request.Index % 2 == 0
            ? Json("""{"message":"You have exceeded a secondary rate limit."}""", HttpStatusCode.Forbidden)
            : Json(Branch));
        using var github = new GitHubHarness(network);

        await github.Client.GetBranchAsync(Repository, "one", Cancellation);
        github.Clock.Advance(TimeSpan.FromSeconds(1));
        await github.Client.GetBranchAsync(Repository, "two", Cancellation);

        github.Clock.Waits.ShouldBe([TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60)]);
    }

    [Fact]
    public async Task Many_callers_at_once_do_not_hammer_after_a_limit()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"message":"slow down"}""", HttpStatusCode.TooManyRequests, ("Retry-After", "3600")));
        using var github = new GitHubHarness(network, ("MaxConcurrency", "1"));

        var calls = Enumerable.Range(0, 50).Select(i => Should.ThrowAsync<ToolUnavailableException>(
            () => github.Client.GetBranchAsync(Repository, $"b{i}", Cancellation)));
        await Task.WhenAll(calls);

        network.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Short_troubles_are_retried_where_that_is_safe()
    {
        using var network = new ScriptedNetwork(request => request.Index switch
        {
            0 => Json("<html>unicorn</html>", HttpStatusCode.BadGateway),
            1 => throw new HttpRequestException(HttpRequestError.ResponseEnded, "gone"),
            _ => Json(Branch),
        });
        using var github = new GitHubHarness(network);

        (await github.Client.GetBranchAsync(Repository, "main", Cancellation)).Name.ShouldBe("main");
        network.Requests.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_lost_answer_to_what_must_not_be_repeated_is_left_to_the_caller()
    {
        using var network = new ScriptedNetwork(_ => throw new HttpRequestException(HttpRequestError.ResponseEnded, "gone"));
        using var github = new GitHubHarness(network);

        await Should.ThrowAsync<ToolUnavailableException>(() => github.Client.CreateCommentAsync(Repository, 1, "hi", Cancellation));
        network.Requests.ShouldHaveSingleItem();

        await Should.ThrowAsync<ToolUnavailableException>(
            () => github.Client.MergePullRequestAsync(Repository, 1, new MergeCommand("abc", MergeMethod.Squash), Cancellation));
        network.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_refused_connection_is_retried_for_any_request_since_nothing_was_sent()
    {
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? throw new HttpRequestException(HttpRequestError.ConnectionError, "refused")
            : Json(Comment, HttpStatusCode.Created));
        using var github = new GitHubHarness(network);

        (await github.Client.CreateCommentAsync(Repository, 1, "hi", Cancellation)).Id.ShouldBe(7);
    }

    [Fact]
    public async Task What_stays_broken_is_reported_as_unavailable_after_a_few_tries()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"message":"Server Error"}""", HttpStatusCode.InternalServerError));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));

        failure.Message.ShouldContain("500: Server Error");
        network.Requests.Count.ShouldBe(4);
    }

    [Fact]
    public async Task No_answer_in_time_is_unavailable_and_the_callers_own_cancellation_is_not()
    {
        using var silent = new SilentNetwork();
        using var github = new GitHubHarness(silent, ("Timeout", "00:00:01"));

        await Should.ThrowAsync<ToolUnavailableException>(() => github.Client.CreateCommentAsync(Repository, 1, "hi", Cancellation));

        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var call = github.Client.CreateCommentAsync(Repository, 1, "hi", source.Token);
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_refusal_says_what_was_asked_what_was_wrong_and_where_to_read_on()
    {
        using var network = new ScriptedNetwork(_ => Json(
            """
            {"message":"Validation Failed","documentation_url":"https://docs.github.com/x","errors":[
              {"resource":"PullRequest","field":"base","code":"invalid"},
              {"resource":"PullRequest","code":"custom","message":"No commits between main and main"},
              "plain words"]}
            """,
            HttpStatusCode.UnprocessableEntity));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<GitHubRequestException>(
            () => github.Client.CreatePullRequestAsync(Repository, new NewPullRequest("t", "main", "main"), Cancellation));

        failure.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        failure.Reason.ShouldBe("Validation Failed; PullRequest.base is invalid; No commits between main and main; plain words");
        failure.Message.ShouldContain("POST repos/octo/hello/pulls");
        failure.Message.ShouldContain("https://docs.github.com/x");
        failure.Message.ShouldNotContain(Token);
    }

    [Fact]
    public async Task What_is_not_found_hints_at_permissions()
    {
        using var network = new ScriptedNetwork(_ => Json(
            """{"message":"Not Found"}""", HttpStatusCode.NotFound, ("x-accepted-github-permissions", "contents=read")));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<ToolNotFoundException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));

        failure.Message.ShouldContain("permission");
        failure.Message.ShouldContain("contents=read");
    }

    [Fact]
    public async Task A_bad_token_is_named_as_such_and_makes_the_probe_unhealthy()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"message":"Bad credentials"}""", HttpStatusCode.Unauthorized));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<GitHubRequestException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));
        failure.Message.ShouldContain("GitHub:Token");
        failure.Message.ShouldNotContain(Token);

        foreach (var probe in github.Probes)
        {
            var result = await probe.ProbeAsync(Cancellation);
            result.Health.ShouldBe(AgentHealth.Unhealthy);
            result.Detail.ShouldContain("GitHub:Token");
        }
    }

    [Fact]
    public async Task The_probe_tells_how_many_requests_are_left()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"resources":{"core":{"limit":5000,"remaining":4321,"reset":1795348800}}}"""));
        using var github = new GitHubHarness(network);

        var result = await github.Probes[0].ProbeAsync(Cancellation);

        result.Health.ShouldBe(AgentHealth.Healthy);
        result.Detail.ShouldContain("4321 of 5000");
        github.Probes.Select(p => p.Agent).ShouldBe(["GitHub API", "GitHubExpert"]);
    }

    [Fact]
    public async Task Without_a_token_the_probe_asks_nothing_and_requests_are_anonymous()
    {
        using var network = new ScriptedNetwork(_ => Json(Branch));
        using var github = new GitHubHarness(network, ("Token", ""));

        (await github.Probes[0].ProbeAsync(Cancellation)).Health.ShouldBe(AgentHealth.NotConfigured);
        network.Requests.ShouldBeEmpty();
        await github.Client.GetBranchAsync(Repository, "main", Cancellation);
        network.Requests.ShouldHaveSingleItem().Header("Authorization").ShouldBeNull();
    }

    [Fact]
    public async Task An_archive_is_streamed_from_another_host_which_gets_no_token()
    {
        using var network = new ScriptedNetwork(request => request.Uri.Host is "api.github.com"
            ? Json("", HttpStatusCode.Found, ("Location", "https://codeload.github.com/octo/hello/legacy.tar.gz/main?token=once"))
            : new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([1, 2, 3]) });
        using var github = new GitHubHarness(network);

        await using var stream = await github.Client.OpenTarballAsync(Repository, "refs/heads/main", Cancellation);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, Cancellation);

        copy.ToArray().ShouldBe([1, 2, 3]);
        network.Requests.Select(r => (r.Uri.AbsolutePath, r.Header("Authorization"))).ShouldBe(
        [
            ("/repos/octo/hello/tarball/refs/heads/main", $"Bearer {Token}"),
            ("/octo/hello/legacy.tar.gz/main", null),
        ]);
    }

    [Theory]
    [InlineData("https://api.github.com:8443/x")]
    [InlineData("https://api.github.com.evil.example/x")]
    public async Task Another_port_or_a_lookalike_is_another_host(string location)
    {
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? Json("", HttpStatusCode.MovedPermanently, ("Location", location))
            : Json(Branch));
        using var github = new GitHubHarness(network);

        await github.Client.GetBranchAsync(Repository, "main", Cancellation);

        network.Requests[1].Header("Authorization").ShouldBeNull();
    }

    [Fact]
    public async Task A_redirect_within_the_api_keeps_the_token()
    {
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? Json("", HttpStatusCode.MovedPermanently, ("Location", "/repositories/1/branches/main"))
            : Json(Branch));
        using var github = new GitHubHarness(network);

        await github.Client.GetBranchAsync(Repository, "main", Cancellation);

        network.Requests[1].Header("Authorization").ShouldBe($"Bearer {Token}");
    }

    [Fact]
    public async Task A_redirect_from_https_to_http_is_not_followed()
    {
        using var network = new ScriptedNetwork(_ => Json("", HttpStatusCode.Found, ("Location", "http://api.github.com/x?secret=1")));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<GitHubRequestException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));

        network.Requests.ShouldHaveSingleItem();
        failure.Message.ShouldNotContain("secret=1");
    }

    [Fact]
    public async Task A_change_is_not_redirected_to_another_host()
    {
        using var network = new ScriptedNetwork(_ => Json("", HttpStatusCode.TemporaryRedirect, ("Location", "https://evil.example/x")));
        using var github = new GitHubHarness(network);

        await Should.ThrowAsync<GitHubRequestException>(() => github.Client.CreateCommentAsync(Repository, 1, "private words", Cancellation));

        network.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Endless_redirects_end()
    {
        using var network = new ScriptedNetwork(request => Json("", HttpStatusCode.Found, ("Location", $"/loop/{request.Index}")));
        using var github = new GitHubHarness(network);

        await Should.ThrowAsync<GitHubRequestException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));

        network.Requests.Count.ShouldBe(6);
    }

    [Fact]
    public async Task An_answer_that_is_none_of_GitHubs_is_a_clear_error()
    {
        using var network = new ScriptedNetwork(_ => Json("<html>login</html>"));
        using var github = new GitHubHarness(network);

        var failure = await Should.ThrowAsync<ToolException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));

        failure.Message.ShouldContain("GitHub:BaseAddress");
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/../../../user")]
    [InlineData("a//b")]
    [InlineData("")]
    public async Task A_path_cannot_climb_out_of_its_place(string path)
    {
        using var network = new ScriptedNetwork(_ => Json(Branch));
        using var github = new GitHubHarness(network);

        await Should.ThrowAsync<ArgumentException>(() => github.Client.GetFileAsync(Repository, path, "main", 100, Cancellation));

        network.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Mergeability_is_asked_for_until_GitHub_knows()
    {
        using var network = new ScriptedNetwork(request => Json(PullRequestJson(request.Index < 2 ? "null" : "true"), HttpStatusCode.OK, ("ETag", "\"same\"")));
        using var github = new GitHubHarness(network);

        var pullRequest = await github.Client.GetPullRequestAsync(Repository, 1, waitForMergeability: true, Cancellation);

        pullRequest.Mergeable.ShouldBe(true);
        pullRequest.IsFromFork.ShouldBeTrue();
        pullRequest.Head.Repository.ShouldBeNull();
        network.Requests.Count.ShouldBe(3);
        network.Requests.ShouldAllBe(r => r.Header("If-None-Match") == null);
        github.Clock.Waits.ShouldBe([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)]);
    }

    [Fact]
    public async Task Mergeability_that_GitHub_never_tells_stays_unknown()
    {
        using var network = new ScriptedNetwork(_ => Json(PullRequestJson("null")));
        using var github = new GitHubHarness(network);

        (await github.Client.GetPullRequestAsync(Repository, 1, waitForMergeability: true, Cancellation)).Mergeable.ShouldBeNull();
        network.Requests.Count.ShouldBe(6);
    }

    private static string In(GitHubHarness harness, int seconds)
        => harness.Clock.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    private static string PullRequestJson(string mergeable) => $$"""
        {"number":1,"state":"open","title":"t","html_url":"https://github.com/octo/hello/pull/1","body":null,"user":null,
         "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","mergeable":{{mergeable}},"mergeable_state":"never_seen_before",
         "head":{"ref":"f","sha":"abc","repo":null},
         "base":{"ref":"main","sha":"def","repo":{"full_name":"octo/hello","clone_url":"https://github.com/octo/hello.git"} }
        }
        """;

    private sealed class SilentNetwork : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException("unreachable");
        }
    }
}
