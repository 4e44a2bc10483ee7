using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace AtomicDevOps.LocalForge.Tests;

public sealed class HttpTests
{
    [Fact]
    public async Task Following_next_links_meets_every_item_once()
    {
        await using var forge = await TestForge.StartAsync();
        for (var n = 1; n <= 7; n++)
        {
            await forge.PostAsync($"{TestForge.Hello}/issues", new { title = $"Issue {n}" });
        }

        var seen = new List<int>();
        var path = $"{TestForge.Hello}/issues?per_page=3&direction=asc&state=all";
        var pages = 0;
        while (path is not null)
        {
            using var response = await forge.GetAsync(path);
            var items = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsArray();
            seen.AddRange(items.Select(item => (int)item!["number"]!));
            pages++;
            path = Link(response, "next");
            (path is null).ShouldBe(Link(response, "last") is null);
        }

        seen.ShouldBe([1, 2, 3, 4, 5, 6, 7]);
        pages.ShouldBe(3);
    }

    [Fact]
    public async Task An_unchanged_answer_is_304_and_costs_nothing_and_a_changed_one_is_sent()
    {
        await using var forge = await TestForge.StartAsync();
        using var first = await forge.GetAsync(TestForge.Hello);
        var etag = first.Headers.ETag!;
        forge.Client.DefaultRequestHeaders.IfNoneMatch.Add(etag);

        using var same = await forge.GetAsync(TestForge.Hello);
        await forge.PatchAsync(TestForge.Hello, new { description = "Something else" });
        using var changed = await forge.GetAsync(TestForge.Hello);

        same.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        Remaining(same).ShouldBe(Remaining(first));
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        changed.Headers.ETag.ShouldNotBe(etag);
    }

    [Fact]
    public async Task A_used_up_rate_limit_refuses_until_its_hour_is_over()
    {
        var clock = new ManualClock();
        await using var forge = await TestForge.StartAsync(options => options with { RateLimit = 2, TimeProvider = clock });

        using var first = await forge.GetAsync(TestForge.Hello);
        using var second = await forge.GetAsync(TestForge.Hello);
        using var third = await forge.GetAsync(TestForge.Hello);
        using var free = await forge.GetAsync("/rate_limit");
        clock.Advance(TimeSpan.FromHours(1));
        using var later = await forge.GetAsync(TestForge.Hello);

        Remaining(first).ShouldBe("1");
        Remaining(second).ShouldBe("0");
        await TestForge.ReadAsync(third, 403);
        free.StatusCode.ShouldBe(HttpStatusCode.OK);
        later.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Bearer {0}", 200)]
    [InlineData("token {0}", 200)]
    [InlineData("Basic", 200)]
    [InlineData("Bearer ghp_wrong", 401)]
    [InlineData("Nonsense", 401)]
    [InlineData(null, 401)]
    public async Task A_token_is_taken_in_every_form_and_only_if_it_is_good(string? header, int status)
    {
        await using var forge = await TestForge.StartAsync();
        using var client = forge.ClientFor(token: null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/user");
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"x-access-token:{forge.Token}"));
        if (header is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", header == "Basic" ? basic : header.Replace("{0}", forge.Token, StringComparison.Ordinal));
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        ((int)response.StatusCode).ShouldBe(status);
    }

    [Fact]
    public async Task A_private_repository_is_not_there_for_strangers_and_a_reader_cannot_write()
    {
        await using var forge = await TestForge.StartAsync(isPrivate: true);
        var administration = forge.Server.Administration;
        var cancelled = TestContext.Current.CancellationToken;
        await administration.AddCollaboratorAsync("octo/hello", "reader", "read", cancelled);
        using var stranger = forge.ClientFor(await administration.CreateTokenAsync("stranger", cancellationToken: cancelled));
        using var reader = forge.ClientFor(await administration.CreateTokenAsync("reader", cancellationToken: cancelled));
        using var elsewhere = forge.ClientFor(await administration.CreateTokenAsync("octo", repositories: [], cancellationToken: cancelled));
        using var nobody = forge.ClientFor(token: null);

        (await stranger.GetAsync(TestForge.Hello, cancelled)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await elsewhere.GetAsync(TestForge.Hello, cancelled)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await nobody.GetAsync(TestForge.Hello, cancelled)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await reader.GetAsync(TestForge.Hello, cancelled)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var sha = (string?)(await forge.GetObjectAsync($"{TestForge.Hello}/git/ref/heads/main"))["object"]!["sha"];
        using var content = new StringContent("{\"state\":\"success\"}");
        (await reader.PostAsync($"{TestForge.Hello}/statuses/{sha}", content, cancelled)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await reader.GetAsync($"{TestForge.Hello}/hooks", cancelled)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Expired_and_revoked_tokens_open_nothing()
    {
        var clock = new ManualClock();
        await using var forge = await TestForge.StartAsync(options => options with { TimeProvider = clock });
        var cancelled = TestContext.Current.CancellationToken;
        var administration = forge.Server.Administration;
        var brief = await administration.CreateTokenAsync("octo", expiresAt: clock.GetUtcNow().AddMinutes(1), cancellationToken: cancelled);
        using var client = forge.ClientFor(brief);
        (await client.GetAsync("/user", cancelled)).StatusCode.ShouldBe(HttpStatusCode.OK);

        clock.Advance(TimeSpan.FromMinutes(2));
        await administration.RevokeTokenAsync(forge.Token, cancelled);

        (await client.GetAsync("/user", cancelled)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await forge.GetAsync("/user")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("{\"title\":", 400)]
    [InlineData("[]", 400)]
    [InlineData("{\"title\":7}", 422)]
    [InlineData("{}", 422)]
    [InlineData("{\"title\":\"\"}", 422)]
    public async Task A_bad_body_gets_an_error_in_GitHubs_shape(string body, int status)
    {
        await using var forge = await TestForge.StartAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await forge.Client.PostAsync($"{TestForge.Hello}/issues", content, TestContext.Current.CancellationToken);

        var error = await TestForge.ReadAsync(response, status);
        ((string?)error["message"]).ShouldNotBeNullOrEmpty();
        ((string?)error["status"]).ShouldBe(status.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task An_archive_is_reached_by_a_redirect_and_that_of_a_private_repository_only_with_its_signature()
    {
        await using var forge = await TestForge.StartAsync(isPrivate: true);
        using var nobody = forge.ClientFor(token: null);
        var cancelled = TestContext.Current.CancellationToken;

        using var redirect = await forge.GetAsync($"{TestForge.Hello}/tarball/main");
        redirect.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        using var archive = await nobody.GetAsync(redirect.Headers.Location, cancelled);
        using var unsigned = await nobody.GetAsync(redirect.Headers.Location!.AbsolutePath, cancelled);

        unsigned.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await using var gzip = new System.IO.Compression.GZipStream(
            await archive.Content.ReadAsStreamAsync(cancelled), System.IO.Compression.CompressionMode.Decompress);
        await using var tar = new System.Formats.Tar.TarReader(gzip);
        var names = new List<string>();
        while (await tar.GetNextEntryAsync(cancellationToken: cancelled) is { } entry)
        {
            names.Add(entry.Name[(entry.Name.IndexOf('/', StringComparison.Ordinal) + 1)..]);
        }

        names.ShouldContain("a.txt");
        names.ShouldContain("src/b.py");
    }

    [Fact]
    public async Task Both_bases_answer_alike_but_for_their_own_links()
    {
        await using var forge = await TestForge.StartAsync();

        var plain = await forge.GetObjectAsync(TestForge.Hello);
        var enterprise = await forge.GetObjectAsync("/api/v3" + TestForge.Hello);

        ((string?)enterprise["url"]).ShouldBe($"{forge.Server.Address}api/v3{TestForge.Hello}");
        enterprise.ToJsonString().Replace("/api/v3/", "/", StringComparison.Ordinal).ShouldBe(plain.ToJsonString());
    }

    [Fact]
    public async Task An_app_gets_a_token_by_a_JWT_that_its_key_signed_and_by_no_other()
    {
        using var key = RSA.Create(2048);
        using var wrong = RSA.Create(2048);
        await using var forge = await TestForge.StartAsync(options => options with { ChecksRequireApp = true });
        var (app, installation) = await forge.Server.Administration.InstallAppAsync(
            "atomic", "octo", key.ExportSubjectPublicKeyInfoPem(), TestContext.Current.CancellationToken);
        var path = $"/app/installations/{installation}/access_tokens";
        var now = DateTimeOffset.UtcNow;

        foreach (var bad in new[] { Jwt(wrong, app, now, 5), Jwt(key, app + 1, now, 5), Jwt(key, app, now, 30), Jwt(key, app, now.AddHours(-1), 5) })
        {
            using var refused = await PostAsync(forge, path, bad);
            await TestForge.ReadAsync(refused, 401);
        }

        using var granted = await PostAsync(forge, path, Jwt(key, app, now, 5));
        var token = (string)(await TestForge.ReadAsync(granted, 201))["token"]!;

        var sha = (string?)(await forge.GetObjectAsync($"{TestForge.Hello}/git/ref/heads/main"))["object"]!["sha"];
        using var byUser = await forge.PostAsync($"{TestForge.Hello}/check-runs", new { name = "build", head_sha = sha });
        await TestForge.ReadAsync(byUser, 403);
        using var asApp = forge.ClientFor(token);
        using var byApp = await System.Net.Http.Json.HttpClientJsonExtensions.PostAsJsonAsync(
            asApp, $"{TestForge.Hello}/check-runs", new { name = "build", head_sha = sha }, TestContext.Current.CancellationToken);
        ((string?)(await TestForge.ReadAsync(byApp, 201))["app"]!["slug"]).ShouldBe("atomic");
    }

    internal static string Jwt(RSA key, long app, DateTimeOffset issued, int minutes)
    {
        var head = Encode("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"u8.ToArray());
        var claims = Encode(Encoding.UTF8.GetBytes(
            $"{{\"iat\":{issued.ToUnixTimeSeconds()},\"exp\":{issued.AddMinutes(minutes).ToUnixTimeSeconds()},\"iss\":\"{app}\"}}"));
        var signature = key.SignData(Encoding.ASCII.GetBytes($"{head}.{claims}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{head}.{claims}.{Encode(signature)}";

        static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    private static async Task<HttpResponseMessage> PostAsync(TestForge forge, string path, string jwt)
    {
        using var client = forge.ClientFor(token: null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", jwt);
        return await client.PostAsync(path, content: null);
    }

    private static string Remaining(HttpResponseMessage response) => response.Headers.GetValues("x-ratelimit-remaining").Single();

    private static string? Link(HttpResponseMessage response, string relation) =>
        response.Headers.TryGetValues("Link", out var values)
            ? values.Single().Split(", ").FirstOrDefault(link => link.EndsWith($"rel=\"{relation}\"", StringComparison.Ordinal))?.Split('<', '>')[1]
            : null;
}

/// <summary>A clock that moves when told to; its timers do not run.</summary>
internal sealed class ManualClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan span) => _now += span;
}
