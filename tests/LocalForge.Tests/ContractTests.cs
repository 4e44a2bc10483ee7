using System.Diagnostics;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Alerts;

namespace AtomicDevOps.LocalForge.Tests;

/// <summary>Real requests and answers against GitHub's OpenAPI description, checked by contract/validate.mjs.</summary>
public sealed class ContractTests
{
    [Fact]
    public async Task Every_answer_holds_against_GitHubs_own_description_and_every_route_gives_one()
    {
        var contract = ContractDirectory();
        RequireTools(contract);
        var record = new ExchangeRecorder();
        await using var forge = await TestForge.StartAsync();
        await DriveAsync(forge, record);

        var unvisited = forge.Server.ApiRoutes
            .Where(route => !record.Exchanges.Any(exchange => (string?)exchange["method"] == route.Method && Matches(route.Pattern, (string)exchange["path"]!)))
            .ToList();
        unvisited.ShouldBeEmpty();
        var file = forge.NewDirectory("exchanges.ndjson");
        await File.WriteAllLinesAsync(file, record.Exchanges.Select(exchange => exchange.ToJsonString()), TestContext.Current.CancellationToken);
        var (exitCode, output) = await ValidateAsync(contract, file);
        exitCode.ShouldBe(0, output);
    }

    [Fact]
    public async Task Every_delivery_of_an_alert_holds_against_GitHubs_own_description()
    {
        var contract = ContractDirectory();
        RequireTools(contract);
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var forge = await TestForge.StartAsync();
        var config = new { url = receiver.Url, content_type = "json", secret = "It's a secret to everybody" };
        using var hook = await forge.PostAsync($"{TestForge.Hello}/hooks", new { config, events = new[] { "dependabot_alert", "code_scanning_alert", "secret_scanning_alert" } });
        await TestForge.ReadAsync(hook, 201);
        await receiver.NextAsync("ping");
        await forge.CommitAsync("feature", ("a.txt", "1\n"));
        SecurityAlert[] alerts =
        [
            .. new[] { "created", "reopened", "reintroduced", "auto_reopened" }.Select(action => new DependabotAlert(action, "pip", "django")),
            new DependabotAlert("created", "npm", "left-pad") { FirstPatchedVersion = null },
            .. new[] { "created", "reopened", "reopened_by_user", "appeared_in_branch" }.Select(action => new CodeScanningAlert(action, "CodeQL", "py/sql-injection")),
            new CodeScanningAlert("created", "CodeQL", "py/sql-injection") { Branch = "feature" },
            .. new[] { "created", "reopened", "publicly_leaked" }.Select(action => new SecretScanningAlert(action, "github_personal_access_token")),
        ];
        var lines = new List<string>();
        foreach (var alert in alerts)
        {
            await forge.Server.Administration.RaiseAlertAsync("octo/hello", alert, TestContext.Current.CancellationToken);
            var delivery = await receiver.NextAsync();
            delivery.Event.ShouldBe(alert.Event);
            delivery.Action.ShouldBe(alert.Action);
            lines.Add(new JsonObject { ["event"] = delivery.Event, ["payload"] = delivery.Payload }.ToJsonString());
        }

        var file = forge.NewDirectory("deliveries.ndjson");
        await File.WriteAllLinesAsync(file, lines, TestContext.Current.CancellationToken);
        var (exitCode, output) = await ValidateAsync(contract, file);
        exitCode.ShouldBe(0, output);
        await File.WriteAllTextAsync(file, lines[0].Replace("\"ghsa_id\"", "\"id\"", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        (await ValidateAsync(contract, file)).ExitCode.ShouldBe(1);
    }

    private static async Task DriveAsync(TestForge forge, ExchangeRecorder record)
    {
        using var key = RSA.Create(2048);
        await using var receiver = await WebhookReceiver.StartAsync();
        var (app, installation) = await forge.Server.Administration.InstallAppAsync("atomic", "octo", key.ExportSubjectPublicKeyInfoPem());
        using var client = forge.ClientFor(forge.Token, record);
        const string Hello = TestForge.Hello;
        Task<JsonNode?> Get(string path) => SendAsync(client, HttpMethod.Get, path);
        Task<JsonNode?> Post(string path, object body) => SendAsync(client, HttpMethod.Post, path, body);
        Task<JsonNode?> Put(string path, object body) => SendAsync(client, HttpMethod.Put, path, body);
        Task<JsonNode?> Patch(string path, object body) => SendAsync(client, HttpMethod.Patch, path, body);
        Task<JsonNode?> Delete(string path, object? body = null) => SendAsync(client, HttpMethod.Delete, path, body);

        foreach (var path in new[] { "/user", "/users/octo", "/rate_limit", "/meta" })
        {
            await Get(path);
        }

        await Post("/user/repos", new { name = "made", auto_init = true, description = "Made", @private = true });
        await Post("/user/repos", new { name = "made" });
        await Get(Hello);
        await Patch(Hello, new { description = "Hello", allow_rebase_merge = true });
        await Get("/repos/octo/nothing");
        await Get($"{Hello}/collaborators/octo/permission");
        using var forker = forge.ClientFor(await forge.Server.Administration.CreateTokenAsync("forker"), new ExchangeRecorder(record));
        await SendAsync(forker, HttpMethod.Post, $"{Hello}/forks", new { });
        await Get($"{Hello}/forks");

        await Put($"{Hello}/contents/docs/new.md", new { message = "Add", content = Convert.ToBase64String("new\n"u8), branch = "main" });
        var file = await Get($"{Hello}/contents/docs/new.md");
        await Put($"{Hello}/contents/docs/new.md", new { message = "Change", content = Convert.ToBase64String("newer\n"u8), sha = file!["sha"] });
        await Put($"{Hello}/contents/docs/new.md", new { message = "Change", content = Convert.ToBase64String("late\n"u8), sha = file["sha"] });
        await Get($"{Hello}/contents/docs");
        file = await Get($"{Hello}/contents/docs/new.md?ref=main");
        await Delete($"{Hello}/contents/docs/new.md", new { message = "Remove", sha = file!["sha"] });
        await Get($"{Hello}/contents/nothing");
        await Get($"{Hello}/tarball/main");
        await Get($"{Hello}/zipball/main");

        var main = (string)(await Get($"{Hello}/git/ref/heads/main"))!["object"]!["sha"]!;
        await Post($"{Hello}/git/refs", new { @ref = "refs/heads/side", sha = main });
        await Post($"{Hello}/git/refs", new { @ref = "refs/heads/side", sha = main });
        await Patch($"{Hello}/git/refs/heads/side", new { sha = main, force = true });
        await Get($"{Hello}/git/matching-refs/heads/");
        await Delete($"{Hello}/git/refs/heads/side");
        await Get($"{Hello}/git/commits/{main}");
        await Get($"{Hello}/branches");
        await Get($"{Hello}/branches/main");
        await Get($"{Hello}/branches/nothing");
        await Get($"{Hello}/commits?per_page=2&path=a.txt");
        await Get($"{Hello}/commits/{main}");

        var first = await forge.CommitAsync("feature", ("a.txt", "one\n2\n"), ("src/b.py", null));
        await Post($"{Hello}/pulls", new { title = "Feature", head = "feature", @base = "main", body = "Why" });
        await Post($"{Hello}/pulls", new { title = "Feature", head = "feature", @base = "main" });
        await Get($"{Hello}/pulls");
        await Get($"{Hello}/pulls/1");
        await Get($"{Hello}/pulls/99");
        await Get($"{Hello}/pulls/1/files");
        await Get($"{Hello}/pulls/1/commits");
        await Get($"{Hello}/pulls/1/merge");
        await Patch($"{Hello}/pulls/1", new { title = "Better", body = "Because", state = "open" });
        await Get($"{Hello}/compare/main...feature");
        await Get($"{Hello}/compare/main...nothing");
        await Get($"{Hello}/commits/{first}/pulls");
        await SendAsync(forker, HttpMethod.Post, $"{Hello}/pulls/1/reviews", new { body = "Fine", @event = "APPROVE" });
        await Get($"{Hello}/pulls/1/reviews");
        await forge.CommitAsync("main", ("other.txt", "other\n"));
        await Put($"{Hello}/pulls/1/update-branch", new { });
        await Put($"{Hello}/pulls/1/update-branch", new { });

        await Post($"{Hello}/statuses/{first}", new { state = "pending", context = "ci", description = "Running", target_url = "http://127.0.0.1/" });
        await Get($"{Hello}/commits/{first}/status");
        await Get($"{Hello}/commits/{first}/statuses");
        await DriveChecksAsync(forge, client, first);
        await DriveIssuesAsync(client);
        await DriveCodeScanningAsync(forge, client, first);

        await Post($"{Hello}/releases", new { tag_name = "v1", name = "One", body = "Notes" });
        var release = (await Get($"{Hello}/releases"))![0]!["id"];
        await Get($"{Hello}/releases/{release}");
        await Get($"{Hello}/releases/tags/v1");
        await Get($"{Hello}/releases/tags/v2");
        await DriveHooksAsync(client, receiver);

        await Put($"{Hello}/pulls/1/merge", new { sha = first });
        await Put($"{Hello}/pulls/1/merge", new { merge_method = "squash", commit_title = "Feature (#1)" });
        await Put($"{Hello}/pulls/1/merge", new { });
        await Get($"{Hello}/pulls/1/merge");
        await Get($"{Hello}/pulls/1");
        await Get($"{Hello}/pulls?state=all");

        using var asApp = forge.ClientFor(token: null, new ExchangeRecorder(record));
        asApp.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HttpTests.Jwt(key, app, DateTimeOffset.UtcNow, 5));
        foreach (var path in new[] { "/app", "/app/installations", $"/app/installations/{installation}", $"{Hello}/installation" })
        {
            await SendAsync(asApp, HttpMethod.Get, path);
        }

        await SendAsync(asApp, HttpMethod.Post, $"/app/installations/{installation}/access_tokens", new { repositories = new[] { "hello" } });
        using var nobody = forge.ClientFor("ghp_wrong", new ExchangeRecorder(record));
        await SendAsync(nobody, HttpMethod.Get, "/user");
    }

    private static async Task DriveChecksAsync(TestForge forge, HttpClient client, string sha)
    {
        var checks = $"{TestForge.Hello}/check-runs";
        var annotation = new { path = "a.txt", start_line = 1, end_line = 2, annotation_level = "warning", message = "Hm", title = "T", raw_details = "R" };
        var output = new { title = "Built", summary = "All of it", text = "Long", annotations = new[] { annotation } };
        var run = await SendAsync(client, HttpMethod.Post, checks, new { name = "build", head_sha = sha, status = "in_progress", external_id = "7", output });
        var id = run!["id"];
        await SendAsync(client, HttpMethod.Patch, $"{checks}/{id}", new { status = "completed", conclusion = "success", output });
        await SendAsync(client, HttpMethod.Get, $"{checks}/{id}");
        await SendAsync(client, HttpMethod.Get, $"{checks}/{id}/annotations");
        await SendAsync(client, HttpMethod.Post, $"{checks}/{id}/rerequest");
        await SendAsync(client, HttpMethod.Get, $"{TestForge.Hello}/commits/{sha}/check-runs");
        await SendAsync(client, HttpMethod.Get, $"{TestForge.Hello}/commits/{sha}/check-suites");
        var suites = $"{TestForge.Hello}/check-suites";
        var other = await forge.CommitAsync("other", ("x.txt", "x\n"));
        var suite = (await SendAsync(client, HttpMethod.Post, suites, new { head_sha = other }))!["id"];
        await SendAsync(client, HttpMethod.Post, suites, new { head_sha = other });
        await SendAsync(client, HttpMethod.Get, $"{suites}/{suite}");
        await SendAsync(client, HttpMethod.Get, $"{suites}/{suite}/check-runs");
        await SendAsync(client, HttpMethod.Post, $"{suites}/{suite}/rerequest");
    }

    private static async Task DriveIssuesAsync(HttpClient client)
    {
        var issues = $"{TestForge.Hello}/issues";
        await SendAsync(client, HttpMethod.Post, $"{TestForge.Hello}/labels", new { name = "bug", color = "ff0000", description = "Broken" });
        await SendAsync(client, HttpMethod.Post, $"{TestForge.Hello}/labels", new { name = "bug" });
        await SendAsync(client, HttpMethod.Get, $"{TestForge.Hello}/labels");
        await SendAsync(client, HttpMethod.Get, $"{TestForge.Hello}/labels/bug");
        var issue = await SendAsync(client, HttpMethod.Post, issues, new { title = "Broken", body = "Very", labels = new[] { "bug" }, assignees = new[] { "octo" } });
        var one = $"{issues}/{issue!["number"]}";
        await SendAsync(client, HttpMethod.Get, one);
        await SendAsync(client, HttpMethod.Get, $"{issues}?state=all&creator=octo&labels=bug");
        await SendAsync(client, HttpMethod.Post, $"{one}/labels", new { labels = new[] { "more" } });
        await SendAsync(client, HttpMethod.Put, $"{one}/labels", new { labels = new[] { "bug", "more" } });
        await SendAsync(client, HttpMethod.Get, $"{one}/labels");
        await SendAsync(client, HttpMethod.Delete, $"{one}/labels/more");
        var comment = await SendAsync(client, HttpMethod.Post, $"{one}/comments", new { body = "Yes" });
        await SendAsync(client, HttpMethod.Get, $"{one}/comments");
        var comments = $"{issues}/comments/{comment!["id"]}";
        await SendAsync(client, HttpMethod.Get, comments);
        await SendAsync(client, HttpMethod.Patch, comments, new { body = "No" });
        await SendAsync(client, HttpMethod.Delete, comments);
        await SendAsync(client, HttpMethod.Get, comments);
        await SendAsync(client, HttpMethod.Patch, one, new { state = "closed", state_reason = "completed" });
    }

    private static async Task DriveCodeScanningAsync(TestForge forge, HttpClient client, string sha)
    {
        var sarifs = $"{TestForge.Hello}/code-scanning/sarifs";
        var log = Compress("""{"$schema":"s","version":"2.1.0","runs":[{"tool":{"driver":{"name":"Scanner"}},"results":[]}]}""");
        var sent = new { commit_sha = sha, @ref = "refs/heads/feature", sarif = log, tool_name = "Scanner", started_at = "2026-01-01T00:00:00Z", checkout_uri = "file:///src/" };
        var good = await SendAsync(client, HttpMethod.Post, sarifs, sent);
        await SendAsync(client, HttpMethod.Get, $"{sarifs}/{good!["id"]}");
        var bad = await SendAsync(client, HttpMethod.Post, sarifs, sent with { sarif = Compress("{") });
        await SendAsync(client, HttpMethod.Get, $"{sarifs}/{bad!["id"]}");
        await SendAsync(client, HttpMethod.Get, $"{sarifs}/nothing");
        await SendAsync(client, HttpMethod.Post, sarifs, sent with { sarif = "no gzip" });
        await SendAsync(client, HttpMethod.Post, sarifs, sent with { sarif = new string('A', 14 * 1024 * 1024) });
        await SendAsync(client, HttpMethod.Post, sarifs, sent with { @ref = "refs/heads/nothing" });
        await forge.Server.Administration.SetCodeScanningAsync("octo/hello", enabled: false);
        await SendAsync(client, HttpMethod.Post, sarifs, sent);
        await SendAsync(client, HttpMethod.Get, $"{sarifs}/{good["id"]}");
    }

    private static string Compress(string text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return Convert.ToBase64String(compressed.ToArray());
    }

    private static async Task DriveHooksAsync(HttpClient client, WebhookReceiver receiver)
    {
        var hooks = $"{TestForge.Hello}/hooks";
        var config = new { url = receiver.Url, content_type = "json", secret = "s", insecure_ssl = "0" };
        var hook = await SendAsync(client, HttpMethod.Post, hooks, new { name = "web", active = true, events = new[] { "push" }, config });
        await SendAsync(client, HttpMethod.Post, hooks, new { config });
        await receiver.NextAsync("ping");
        var one = $"{hooks}/{hook!["id"]}";
        await SendAsync(client, HttpMethod.Get, hooks);
        await SendAsync(client, HttpMethod.Get, one);
        await SendAsync(client, HttpMethod.Patch, one, new { add_events = new[] { "pull_request" } });
        await SendAsync(client, HttpMethod.Post, $"{one}/pings");
        await receiver.NextAsync("ping");
        JsonNode? log;
        do
        {
            log = await SendAsync(client, HttpMethod.Get, $"{one}/deliveries");
        }
        while (log!.AsArray().Count == 0);
        await SendAsync(client, HttpMethod.Get, $"{one}/deliveries/{log[0]!["id"]}");
        await SendAsync(client, HttpMethod.Post, $"{one}/deliveries/{log[0]!["id"]}/attempts");
        await SendAsync(client, HttpMethod.Delete, one);
    }

    private static async Task<JsonNode?> SendAsync(HttpClient client, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    private static bool Matches(string pattern, string path)
    {
        var expected = pattern.Split('/');
        var actual = path.Split('/');
        var rest = expected[^1].StartsWith("{**", StringComparison.Ordinal);
        return (rest ? actual.Length >= expected.Length : actual.Length == expected.Length)
            && expected.Zip(actual).All(pair => pair.First.StartsWith('{') || pair.First == pair.Second);
    }

    private static string ContractDirectory([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "contract");

    private static void RequireTools(string contract)
    {
        if (Directory.Exists(Path.Combine(contract, "node_modules")))
        {
            return;
        }

        const string Missing = "GitHub's OpenAPI description is not installed: run `npm ci` in tests/LocalForge.Tests/contract.";
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail(Missing);
        }

        Assert.Skip(Missing);
    }

    private static async Task<(int ExitCode, string Output)> ValidateAsync(string contract, string file)
    {
        var start = new ProcessStartInfo("node") { WorkingDirectory = contract, RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add("validate.mjs");
        start.ArgumentList.Add(file);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}

/// <summary>Remembers every request that passes, with its answer.</summary>
internal sealed class ExchangeRecorder : DelegatingHandler
{
    public ExchangeRecorder(ExchangeRecorder? into = null) => Exchanges = into?.Exchanges ?? [];

    public List<JsonObject> Exchanges { get; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var sent = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        var response = await base.SendAsync(request, cancellationToken);
        await response.Content.LoadIntoBufferAsync(cancellationToken);
        var received = await response.Content.ReadAsStringAsync(cancellationToken);
        Exchanges.Add(new JsonObject
        {
            ["method"] = request.Method.Method,
            ["path"] = request.RequestUri!.AbsolutePath,
            ["status"] = (int)response.StatusCode,
            ["request"] = sent is null ? null : JsonNode.Parse(sent),
            ["response"] = received.Length == 0 ? null : JsonNode.Parse(received),
        });
        return response;
    }
}
