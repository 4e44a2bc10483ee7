using System.Net;
using System.Net.Http.Json;
using AtomicDevOps.LocalForge.Faults;

namespace AtomicDevOps.LocalForge.Tests;

public sealed class RepositoryTests
{
    [Fact]
    public async Task A_pull_request_from_a_fork_follows_the_fork_and_merges_into_the_parent()
    {
        await using var forge = await TestForge.StartAsync();
        using var forker = forge.ClientFor(await forge.Server.Administration.CreateTokenAsync("forker", cancellationToken: Cancelled));
        using var fork = await forker.PostAsJsonAsync($"{TestForge.Hello}/forks", new { }, Cancelled);
        await TestForge.ReadAsync(fork, 202);
        await forge.CommitToAsync("forker/hello", "patch", ("a.txt", "theirs\n"));
        using var opened = await forker.PostAsJsonAsync(
            $"{TestForge.Hello}/pulls", new { title = "Patch", head = "forker:patch", @base = "main" }, Cancelled);
        await TestForge.ReadAsync(opened, 201);
        var head = await forge.CommitToAsync("forker/hello", "patch", ("a.txt", "theirs again\n"));

        var pull = await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1");
        var atRef = await GitCli.RunAsync(".", "ls-remote", forge.CloneUrl("octo/hello"), "refs/pull/1/head");
        using var byForker = await forker.PutAsJsonAsync($"{TestForge.Hello}/pulls/1/merge", new { }, Cancelled);
        using var byOwner = await forge.PutAsync($"{TestForge.Hello}/pulls/1/merge", new { sha = head });

        ((string?)pull["head"]!["sha"]).ShouldBe(head);
        ((string?)pull["head"]!["repo"]!["full_name"]).ShouldBe("forker/hello");
        atRef.ShouldStartWith(head);
        byForker.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await TestForge.ReadAsync(byOwner, 200);
    }

    [Fact]
    public async Task Everything_is_there_again_after_a_restart()
    {
        await using var forge = await TestForge.StartAsync();
        await forge.CommitAsync("feature", ("a.txt", "1\n"));
        await forge.OpenPullAsync("feature");
        await forge.PostAsync($"{TestForge.Hello}/issues/1/comments", new { body = "Kept" });
        var before = await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1");

        await forge.RestartAsync();

        (await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1")).ToJsonString().ShouldBe(before.ToJsonString());
        ((string?)(await forge.GetArrayAsync($"{TestForge.Hello}/issues/1/comments"))[0]!["body"]).ShouldBe("Kept");
        await forge.CommitAsync("other", ("b.txt", "1\n"));
        ((int)(await forge.OpenPullAsync("other"))["number"]!).ShouldBe(2);
    }

    [Fact]
    public async Task A_ref_that_moved_while_the_forge_was_down_is_noticed_at_the_start()
    {
        await using var forge = await TestForge.StartAsync();
        var head = await forge.CommitAsync("feature", ("a.txt", "1\n"));
        await forge.OpenPullAsync("feature");
        var id = (long)(await forge.GetObjectAsync(TestForge.Hello))["id"]!;
        var git = Path.Combine(forge.NewDirectory("git"), $"{id}.git");
        await GitCli.RunAsync(git, "update-ref", "refs/heads/main", head);

        await forge.RestartAsync();

        ((bool)(await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1"))["merged"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task Mergeability_can_be_as_late_as_on_GitHub()
    {
        await using var forge = await TestForge.StartAsync(options => options with { Mergeability = MergeabilityMode.AfterFirstLook });
        await forge.CommitAsync("feature", ("a.txt", "1\n"));
        await forge.OpenPullAsync("feature");

        (await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1"))["mergeable"].ShouldBeNull();
        ((bool)(await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1"))["mergeable"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task A_deleted_head_branch_closes_its_pull_request_which_cannot_be_reopened()
    {
        await using var forge = await TestForge.StartAsync();
        await forge.CommitAsync("feature", ("a.txt", "1\n"));
        await forge.OpenPullAsync("feature");

        using var deleted = await forge.Client.DeleteAsync($"{TestForge.Hello}/git/refs/heads/feature", Cancelled);
        using var reopened = await forge.PatchAsync($"{TestForge.Hello}/pulls/1", new { state = "open" });

        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        ((string?)(await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1"))["state"]).ShouldBe("closed");
        await TestForge.ReadAsync(reopened, 422);
    }

    [Fact]
    public async Task The_page_shows_what_people_wrote_as_text()
    {
        await using var forge = await TestForge.StartAsync();
        await forge.CommitAsync("feature", ("a.txt", "1\n"));
        await forge.OpenPullAsync("feature", title: "<script>alert(1)</script>");
        await forge.PostAsync($"{TestForge.Hello}/issues/1/comments", new { body = "<img src=x onerror=alert(2)>" });

        var page = await forge.Client.GetStringAsync("/octo/hello/pull/1", Cancelled);

        page.ShouldContain("&lt;script&gt;alert(1)&lt;/script&gt;");
        page.ShouldContain("&lt;img src=x onerror=alert(2)&gt;");
        page.ShouldNotContain("<script");
        page.ShouldNotContain("<img");
    }

    [Theory]
    [InlineData("../escape.txt")]
    [InlineData(".git/config")]
    [InlineData("a/../../b")]
    public async Task A_path_that_git_could_not_hold_is_refused(string path)
    {
        await using var forge = await TestForge.StartAsync();
        var escaped = path.Replace("..", "%2e%2e", StringComparison.Ordinal);

        using var response = await forge.PutAsync(
            $"{TestForge.Hello}/contents/{escaped}", new { message = "Escape", content = Convert.ToBase64String("x"u8) });

        ((int)response.StatusCode).ShouldBeInRange(400, 499);
    }

    [Fact]
    public async Task A_lost_answer_has_its_effect_and_a_refused_request_has_none()
    {
        await using var forge = await TestForge.StartAsync();
        using (forge.Server.Faults.Inject(new Fault(FaultKind.LoseAnswer) { Method = "POST", PathContains = "/issues", Times = 1 }))
        {
            await Should.ThrowAsync<HttpRequestException>(() => forge.PostAsync($"{TestForge.Hello}/issues", new { title = "Lost" }));
        }

        using (forge.Server.Faults.Inject(new Fault(FaultKind.Drop)))
        {
            await Should.ThrowAsync<HttpRequestException>(() => forge.PostAsync($"{TestForge.Hello}/issues", new { title = "Dropped" }));
        }

        using (forge.Server.Faults.Inject(new Fault(FaultKind.Status) { StatusCode = 502 }))
        {
            using var refused = await forge.PostAsync($"{TestForge.Hello}/issues", new { title = "Refused" });
            refused.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        }

        (await forge.GetArrayAsync($"{TestForge.Hello}/issues")).Select(issue => (string?)issue!["title"]).ShouldBe(["Lost"]);
    }

    [Fact]
    public async Task A_held_answer_has_its_effect_before_it_arrives_and_arrives_when_the_fault_is_lifted()
    {
        await using var forge = await TestForge.StartAsync();
        using var hold = forge.Server.Faults.Inject(new Fault(FaultKind.HoldAnswer) { Method = "POST", PathContains = "/issues", Times = 1 });

        var held = forge.PostAsync($"{TestForge.Hello}/issues", new { title = "Held" });
        await hold.FirstHit.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        (await forge.GetArrayAsync($"{TestForge.Hello}/issues")).Select(issue => (string?)issue!["title"]).ShouldBe(["Held"]);
        held.IsCompleted.ShouldBeFalse();
        hold.Dispose();
        using var answer = await held.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        (await TestForge.ReadAsync(answer, 201))["title"]!.GetValue<string>().ShouldBe("Held");
    }

    [Fact]
    public async Task A_fault_ends_with_its_time_and_rate_limits_say_how_long_to_wait()
    {
        var clock = new ManualClock();
        await using var forge = await TestForge.StartAsync(options => options with { TimeProvider = clock });
        forge.Server.Faults.Inject(new Fault(FaultKind.PrimaryRateLimit) { Delay = TimeSpan.FromMinutes(1) }, TimeSpan.FromMinutes(1));

        using var primary = await forge.GetAsync(TestForge.Hello);
        clock.Advance(TimeSpan.FromMinutes(1));
        using var after = await forge.GetAsync(TestForge.Hello);
        forge.Server.Faults.Inject(new Fault(FaultKind.SecondaryRateLimit) { Delay = TimeSpan.FromSeconds(5), Times = 1 });
        using var secondary = await forge.GetAsync(TestForge.Hello);

        primary.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        primary.Headers.GetValues("x-ratelimit-remaining").ShouldBe(["0"]);
        primary.Headers.GetValues("x-ratelimit-reset").ShouldBe([$"{clock.GetUtcNow().ToUnixTimeSeconds()}"]);
        after.StatusCode.ShouldBe(HttpStatusCode.OK);
        secondary.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Administration_over_HTTP_is_there_only_when_asked_for()
    {
        await using var closed = await TestForge.StartAsync();
        await using var open = await TestForge.StartAsync(options => options with { AdministrationEndpoints = true });

        using var refused = await closed.PostAsync("/_forge/tokens", new { login = "octo" });
        using var made = await open.PostAsync(
            "/_forge/repositories", new { full_name = "octo/seeded", files = new Dictionary<string, string> { ["x.txt"] = "x" } });
        using var wrong = await open.PostAsync("/_forge/repositories", new { full_name = "no slash" });

        refused.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await TestForge.ReadAsync(made, 201);
        ((string?)(await open.GetObjectAsync("/repos/octo/seeded/contents/x.txt"))["type"]).ShouldBe("file");
        await TestForge.ReadAsync(wrong, 422);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;
}
