using System.Security.Cryptography;
using System.Text;

namespace AtomicDevOps.LocalForge.Tests;

public sealed class WebhookTests
{
    private const string Secret = "It's a secret to everybody";

    [Fact]
    public async Task Each_step_of_a_pull_request_is_delivered_signed_and_in_order()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var forge = await TestForge.StartAsync();
        await HookAsync(forge, receiver, "pull_request", "push", "issue_comment", "check_run", "check_suite");
        await forge.CommitAsync("feature", ("a.txt", "1\n"));
        await forge.OpenPullAsync("feature");
        var head = await forge.CommitAsync("feature", ("a.txt", "2\n"));
        await forge.PostAsync($"{TestForge.Hello}/check-runs", new { name = "build", head_sha = head, conclusion = "success" });
        await forge.PostAsync($"{TestForge.Hello}/issues/1/comments", new { body = "Looks good" });
        await forge.PatchAsync($"{TestForge.Hello}/pulls/1", new { state = "closed" });
        await forge.PatchAsync($"{TestForge.Hello}/pulls/1", new { state = "open" });
        await forge.PutAsync($"{TestForge.Hello}/pulls/1/merge", new { });

        string[] expected =
        [
            "ping", "push", "pull_request.opened", "push", "pull_request.synchronize", "check_run.created", "check_run.completed",
            "check_suite.completed", "issue_comment.created", "pull_request.closed", "pull_request.reopened", "pull_request.closed", "push",
        ];
        foreach (var name in expected)
        {
            var delivery = await receiver.NextAsync();
            (delivery.Action is null ? delivery.Event : $"{delivery.Event}.{delivery.Action}").ShouldBe(name);
            delivery.Headers["X-Hub-Signature-256"].ShouldBe(
                "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), delivery.Body)));
            delivery.Headers["User-Agent"].ShouldStartWith("GitHub-Hookshot/");
            Guid.TryParse(delivery.Headers["X-GitHub-Delivery"], out _).ShouldBeTrue();
            delivery.Headers["X-GitHub-Hook-ID"].ShouldNotBeEmpty();
            ((string?)delivery.Payload["repository"]!["full_name"]).ShouldBe("octo/hello");
            ((string?)delivery.Payload["sender"]!["login"]).ShouldBe("octo");
            if (name == "pull_request.synchronize")
            {
                ((string?)delivery.Payload["after"]).ShouldBe(head);
                ((string?)delivery.Payload["pull_request"]!["head"]!["sha"]).ShouldBe(head);
            }
        }
    }

    [Fact]
    public async Task A_redelivery_has_the_same_id_and_body_and_the_log_shows_both_attempts()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var forge = await TestForge.StartAsync();
        receiver.Answer = 500;
        var hook = await HookAsync(forge, receiver, "push");
        var first = await receiver.NextAsync("ping");
        var log = await WaitForDeliveriesAsync(forge, hook, 1);
        ((int)log[0]!["status_code"]!).ShouldBe(500);
        receiver.Answer = 202;

        using var response = await forge.PostAsync($"{hook}/deliveries/{log[0]!["id"]}/attempts", new { });

        await TestForge.ReadAsync(response, 202);
        var second = await receiver.NextAsync("ping");
        second.Headers["X-GitHub-Delivery"].ShouldBe(first.Headers["X-GitHub-Delivery"]);
        second.Body.ShouldBe(first.Body);
        log = await WaitForDeliveriesAsync(forge, hook, 2);
        ((bool)log[0]!["redelivery"]!).ShouldBeTrue();
        var detail = await forge.GetObjectAsync($"{hook}/deliveries/{log[0]!["id"]}");
        ((string?)detail["response"]!["payload"]).ShouldBe("received");
        detail.ToJsonString().ShouldNotContain(Secret);
    }

    [Fact]
    public async Task No_answer_shows_a_secret()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var forge = await TestForge.StartAsync();
        var hook = await HookAsync(forge, receiver, "push");
        var ping = await receiver.NextAsync("ping");

        (await forge.GetObjectAsync(hook)).ToJsonString().ShouldNotContain(Secret);
        Encoding.UTF8.GetString(ping.Body).ShouldNotContain(Secret);
    }

    [Fact]
    public async Task What_nobody_received_is_in_the_log_and_what_was_not_sent_is_sent_after_a_restart()
    {
        await using var forge = await TestForge.StartAsync();
        string url;
        await using (var receiver = await WebhookReceiver.StartAsync())
        {
            url = receiver.Url;
        }

        using var created = await forge.PostAsync($"{TestForge.Hello}/hooks", new { config = new { url, content_type = "json" } });
        var hook = new Uri((string)(await TestForge.ReadAsync(created, 201))["url"]!).AbsolutePath;
        var log = await WaitForDeliveriesAsync(forge, hook, 1);
        ((string?)log[0]!["status"]).ShouldBe("failed to connect to host");

        await forge.RestartAsync();

        (await forge.GetArrayAsync($"{hook}/deliveries")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_push_by_git_is_delivered_with_its_commits_and_files()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var forge = await TestForge.StartAsync();
        await HookAsync(forge, receiver, "push");
        var work = forge.NewDirectory("work");
        await GitCli.RunAsync(".", "clone", "--quiet", forge.CloneUrl("octo/hello"), work);
        var before = await GitCli.RunAsync(work, "rev-parse", "HEAD");
        await GitCli.RunAsync(work, "mv", "a.txt", "c.txt");
        await GitCli.RunAsync(work, "commit", "--quiet", "--message=Rename");
        await GitCli.RunAsync(work, "rm", "--quiet", "src/b.py");
        await GitCli.RunAsync(work, "commit", "--quiet", "--message=Remove");
        await GitCli.RunAsync(work, "push", "--quiet");

        var push = (await receiver.NextAsync("push")).Payload;

        ((string?)push["before"]).ShouldBe(before);
        ((string?)push["after"]).ShouldBe(await GitCli.RunAsync(work, "rev-parse", "HEAD"));
        ((bool)push["forced"]!).ShouldBeFalse();
        var commits = push["commits"]!.AsArray();
        commits.Select(commit => (string?)commit!["message"]).ShouldBe(["Rename", "Remove"]);
        commits[0]!["added"]!.AsArray().Select(path => (string?)path).ShouldBe(["c.txt"]);
        commits[0]!["removed"]!.AsArray().Select(path => (string?)path).ShouldBe(["a.txt"]);
        commits[1]!["removed"]!.AsArray().Select(path => (string?)path).ShouldBe(["src/b.py"]);
    }

    private static async Task<string> HookAsync(TestForge forge, WebhookReceiver receiver, params string[] events)
    {
        using var response = await forge.PostAsync(
            $"{TestForge.Hello}/hooks", new { events, config = new { url = receiver.Url, content_type = "json", secret = Secret } });
        return new Uri((string)(await TestForge.ReadAsync(response, 201))["url"]!).AbsolutePath;
    }

    /// <summary>The delivery log once it has so many entries.</summary>
    private static async Task<System.Text.Json.Nodes.JsonArray> WaitForDeliveriesAsync(TestForge forge, string hook, int count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var log = await forge.GetArrayAsync($"{hook}/deliveries");
            if (log.Count >= count)
            {
                return log;
            }

            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
