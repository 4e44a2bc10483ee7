using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Security.Sarif;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.FunctionApp.GitHubWebhook;
using AtomicDevOps.Orchestrations.Pipelines;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.FunctionApp.Tests.GitHubWebhook;

public sealed class AlertEventsTests
{
    /// <summary>Stands for half of a surrogate pair, which only the payload's text can hold.</summary>
    private const string Lone = "\"(half a pair)\"";

    private const string Delivery = "0b989ba4242f11e581e1c7b6966d2516";

    public static TheoryData<string, string> Starting => new()
    {
        { "dependabot_alert", "created" },
        { "dependabot_alert", "reopened" },
        { "dependabot_alert", "reintroduced" },
        { "dependabot_alert", "auto_reopened" },
        { "code_scanning_alert", "created" },
        { "code_scanning_alert", "reopened" },
        { "code_scanning_alert", "reopened_by_user" },
        { "code_scanning_alert", "appeared_in_branch" },
        { "secret_scanning_alert", "created" },
        { "secret_scanning_alert", "reopened" },
        { "secret_scanning_alert", "publicly_leaked" },
    };

    [Theory, MemberData(nameof(Starting))]
    public void An_alert_starts_a_sweep_of_the_default_branch(string eventName, string action)
    {
        var (runId, work) = Read(eventName, Payload(action)).ShouldBeOfType<WebhookReaction.Start>().Runs.ShouldHaveSingleItem();

        runId.ShouldBe($"pipeline:octo:hello:sweep:{Delivery}");
        work.ShouldBe(new WorkItem(WorkKind.Sweep, new RepositoryName("octo", "hello"), eventName) { Branch = "main" });
    }

    [Theory, MemberData(nameof(Starting))]
    public void Each_delivery_is_a_run_of_its_own_and_a_redelivery_the_same_one(string eventName, string action)
    {
        RunOf(Delivery).ShouldBe(RunOf(Delivery));
        RunOf(Delivery).ShouldNotBe(RunOf("1c989ba4242f11e581e1c7b6966d2516"));

        string RunOf(string delivery) => Read(eventName, Payload(action), delivery).ShouldBeOfType<WebhookReaction.Start>().Runs[0].RunId;
    }

    [Theory]
    [InlineData("dependabot_alert", "fixed")]
    [InlineData("dependabot_alert", "dismissed")]
    [InlineData("dependabot_alert", "auto_dismissed")]
    [InlineData("code_scanning_alert", "fixed")]
    [InlineData("code_scanning_alert", "closed_by_user")]
    [InlineData("secret_scanning_alert", "resolved")]
    [InlineData("secret_scanning_alert", "validated")]
    [InlineData("secret_scanning_alert_location", "created")]
    public void What_tells_of_nothing_new_is_ignored(string eventName, string action) =>
        Read(eventName, Payload(action)).ShouldBeOfType<WebhookReaction.Ignore>();

    [Theory]
    [InlineData(SarifWriter.PlatformTool)]
    [InlineData("atomic devops")]
    public void An_alert_about_the_platform_s_own_upload_starts_nothing(string tool) =>
        Read("code_scanning_alert", Payload("created", tool: tool)).ShouldBeOfType<WebhookReaction.Ignore>().Reason.ShouldContain("uploaded itself");

    [Theory]
    [InlineData("refs/heads/feature")]
    [InlineData("refs/heads/main/2")]
    [InlineData("refs/pull/7/merge")]
    public void An_alert_of_another_branch_is_ignored(string reference) =>
        Read("code_scanning_alert", Payload("created", reference)).ShouldBeOfType<WebhookReaction.Ignore>().Reason.ShouldContain("pull requests");

    [Theory]
    [InlineData("refs/heads/main", "open", true)]
    [InlineData("refs/heads/main", null, true)]
    [InlineData("refs/heads/feature", null, false)]
    [InlineData(null, "open", true)]
    [InlineData(null, null, false)]
    public void An_alert_that_a_person_reopened_names_its_branch_elsewhere(string? instance, string? state, bool starts)
    {
        var payload = Payload("reopened_by_user", reference: "");
        payload["alert"]!["state"] = state;
        payload["alert"]!["most_recent_instance"] = instance is null ? null : new JsonObject { ["ref"] = instance };

        (Read("code_scanning_alert", payload) is WebhookReaction.Start).ShouldBe(starts);
    }

    [Fact]
    public void Nothing_of_an_alert_s_own_words_is_passed_on()
    {
        var payload = Payload("created");
        payload["alert"]!["secret"] = "ghp_0123456789";
        payload["alert"]!["rule"] = new JsonObject { ["description"] = "<script>" };

        var work = Read("secret_scanning_alert", payload).ShouldBeOfType<WebhookReaction.Start>().Runs[0].Work;

        JsonSerializer.Serialize(work).ShouldNotContain("ghp_");
        JsonSerializer.Serialize(work).ShouldNotContain("script");
    }

    [Theory]
    [InlineData("""[]""")]
    [InlineData("""{"action":"created"}""")]
    [InlineData("""{"action":"created","alert":[]}""")]
    [InlineData("""{"action":7,"alert":{},"ref":"refs/heads/main","repository":{"full_name":"octo/hello","default_branch":"main"}}""")]
    [InlineData("""{"action":"created","alert":{},"ref":"refs/heads/main","repository":{"full_name":"../..","default_branch":"main"}}""")]
    [InlineData("""{"action":"created","alert":{},"ref":"refs/heads/main","repository":{"full_name":"octo/hello","default_branch":null}}""")]
    [InlineData("""{"action":"created","alert":{},"ref":"refs/heads/main"}""")]
    public void A_payload_of_another_shape_says_what_is_missing(string payload)
    {
        foreach (var eventName in new[] { "dependabot_alert", "code_scanning_alert", "secret_scanning_alert" })
        {
            Should.Throw<WebhookPayloadException>(() => Read(eventName, JsonNode.Parse(payload)!)).Message.ShouldContain("«");
        }
    }

    [Theory]
    [InlineData("dependabot_alert")]
    [InlineData("code_scanning_alert")]
    [InlineData("secret_scanning_alert")]
    public void A_payload_that_lost_any_part_or_has_another_in_its_place_is_refused_or_read_but_never_breaks(string eventName)
    {
        var paths = new[] { "action", "ref", "alert", "alert.tool", "alert.tool.name", "alert.state", "alert.most_recent_instance", "repository", "repository.full_name", "repository.default_branch" };
        string?[] values = [null, "null", "7", "[]", "{}", "\"\"", Lone, "\"../..\"", "true"];
        Prop.ForAll(Gen.ListOf(Gen.Elements(paths).Zip(Gen.Elements(values))).ToArbitrary(), changes =>
        {
            var payload = Payload("created");
            payload["alert"]!["most_recent_instance"] = new JsonObject { ["ref"] = "refs/heads/main" };
            foreach (var (path, value) in changes)
            {
                Change(payload, path.Split('.'), value);
            }

            try
            {
                Read(eventName, payload).ShouldNotBeNull();
            }
            catch (WebhookPayloadException exception)
            {
                exception.Message.ShouldNotBeEmpty();
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void GitHub_s_published_payloads_are_read_by_their_actions()
    {
        var examples = Published("code_scanning_alert").Concat(Published("dependabot_alert")).ToList();

        examples.Count.ShouldBeGreaterThan(5);
        foreach (var (eventName, payload) in examples)
        {
            var action = (string)payload["action"]!;
            var isOfDefaultBranch = eventName is "dependabot_alert"
                || string.Equals((string?)payload["ref"], $"refs/heads/{payload["repository"]!["default_branch"]}", StringComparison.Ordinal);
            var starts = action is "created" or "reopened" && isOfDefaultBranch;
            (Read(eventName, payload) is WebhookReaction.Start).ShouldBe(starts, $"{eventName}.{action} {payload["ref"]}");
        }

        examples.ShouldContain(example => Read(example.Event, example.Payload) is WebhookReaction.Start);
    }

    private static IEnumerable<(string Event, JsonNode Payload)> Published(string eventName)
    {
        var file = Path.Combine(ContractDirectory(), "node_modules", "@octokit", "webhooks-examples", "api.github.com", "index.json");
        if (!File.Exists(file))
        {
            const string Missing = "GitHub's published payloads are not installed: run `npm ci` in tests/LocalForge.Tests/contract.";
            if (Environment.GetEnvironmentVariable("CI") is "true")
            {
                Assert.Fail(Missing);
            }

            Assert.Skip(Missing);
        }

        return JsonNode.Parse(File.ReadAllText(file))!.AsArray()
            .Where(each => string.Equals((string?)each!["name"], eventName, StringComparison.Ordinal))
            .SelectMany(each => each!["examples"]!.AsArray(), (_, example) => (eventName, example!));
    }

    private static string ContractDirectory([CallerFilePath] string file = "") =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(file)))!, "LocalForge.Tests", "contract");

    private static void Change(JsonObject payload, string[] path, string? value)
    {
        var parent = path[..^1].Aggregate((JsonNode?)payload, (at, name) => (at as JsonObject)?[name]) as JsonObject;
        if (value is null)
        {
            parent?.Remove(path[^1]);
        }
        else if (parent is not null)
        {
            parent[path[^1]] = JsonNode.Parse(value);
        }
    }

    private static WebhookReaction Read(string eventName, JsonNode payload, string delivery = Delivery)
    {
        using var document = JsonDocument.Parse(payload.ToJsonString().Replace(Lone, "\"\\ud800\"", StringComparison.Ordinal));
        return WebhookEvents.Read(eventName, delivery, document.RootElement);
    }

    private static JsonObject Payload(string action, string reference = "refs/heads/main", string tool = "CodeQL") => new()
    {
        ["action"] = action,
        ["alert"] = new JsonObject
        {
            ["number"] = 7,
            ["state"] = "open",
            ["tool"] = new JsonObject { ["name"] = tool, ["version"] = null },
        },
        ["ref"] = reference,
        ["commit_oid"] = "3f2a9c0000000000000000000000000000000001",
        ["repository"] = new JsonObject { ["full_name"] = "octo/hello", ["default_branch"] = "main" },
        ["sender"] = new JsonObject { ["login"] = "github" },
    };
}
