using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>What arrives at the door: only what the forge signed comes in, each delivery once.</summary>
public sealed class WebhookTests(SharedInstallation shared) : EndToEndTest
{
    private static string Payload(string repository) => new JsonObject
    {
        ["action"] = "opened",
        ["repository"] = new JsonObject { ["full_name"] = repository, ["default_branch"] = "main" },
        ["sender"] = new JsonObject { ["login"] = "ada" },
        ["pull_request"] = new JsonObject { ["number"] = 1, ["head"] = new JsonObject { ["sha"] = new string('a', 40) } },
    }.ToJsonString();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256=")]
    [InlineData("sha256=0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("sha1=0000000000000000000000000000000000000000")]
    public async Task A_delivery_without_the_right_signature_is_refused_and_starts_nothing(string? signature)
    {
        var installation = Use(await shared.GetAsync());
        var repository = $"octo/unsigned-{Guid.NewGuid():N}";

        using var answer = await installation.Client.DeliverAsync("pull_request", Guid.NewGuid(), Payload(repository), _ => signature);

        (await ProblemAsync(answer, HttpStatusCode.Unauthorized)).ShouldContain("X-Hub-Signature-256");
        (await installation.Client.RunsAsync(repository)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_signature_of_another_body_is_refused_and_starts_nothing()
    {
        var installation = Use(await shared.GetAsync());
        var repository = $"octo/altered-{Guid.NewGuid():N}";
        var signed = Encoding.UTF8.GetBytes(Payload("octo/another"));

        using var answer = await installation.Client.DeliverAsync("pull_request", Guid.NewGuid(), Payload(repository), _ => PlatformClient.Sign(signed));

        await ProblemAsync(answer, HttpStatusCode.Unauthorized);
        (await installation.Client.RunsAsync(repository)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{\"action\":", "not JSON")]
    [InlineData("", "not JSON")]
    [InlineData("[]", "action")]
    [InlineData("{\"action\":\"opened\"}", "repository")]
    [InlineData("{\"action\":7,\"repository\":{\"full_name\":\"octo/hello\"}}", "action")]
    public async Task A_malformed_payload_is_a_bad_request_that_says_what_is_wrong(string body, string named)
    {
        var installation = Use(await shared.GetAsync());

        using var answer = await installation.Client.DeliverAsync("pull_request", Guid.NewGuid(), body);

        (await ProblemAsync(answer, HttpStatusCode.BadRequest)).ShouldContain(named);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("pull_request", false)]
    public async Task A_delivery_without_its_headers_is_a_bad_request_and_starts_nothing(string eventName, bool withId)
    {
        var installation = Use(await shared.GetAsync());
        var repository = $"octo/headless-{Guid.NewGuid():N}";

        using var answer = await installation.Client.DeliverAsync(eventName, withId ? Guid.NewGuid() : null, Payload(repository));

        (await ProblemAsync(answer, HttpStatusCode.BadRequest)).ShouldContain("X-GitHub-Delivery");
        (await installation.Client.RunsAsync(repository)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_25_MiB_is_too_large_whether_its_length_is_told_or_not(bool lengthTold)
    {
        var installation = Use(await shared.GetAsync());
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/github/webhook");
        request.Content = new StreamContent(new MemoryStream(new byte[25 * 1024 * 1024 + 1]));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TransferEncodingChunked = !lengthTold;
        request.Headers.ExpectContinue = true;

        using var answer = await installation.Client.Anonymous.SendAsync(request, Cancelled);

        (await ProblemAsync(answer, HttpStatusCode.RequestEntityTooLarge)).ShouldContain("26214400");
    }

    [Theory]
    [InlineData("ping", "{\"zen\":\"Keep it logically awesome.\"}")]
    [InlineData("watch", "{\"action\":\"started\"}")]
    public async Task Events_of_no_interest_are_acknowledged(string eventName, string body)
    {
        var installation = Use(await shared.GetAsync());

        using var answer = await installation.Client.DeliverAsync(eventName, Guid.NewGuid(), body);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_same_delivery_sent_ten_times_five_at_once_is_one_run()
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        var delivery = await Eventually.ReadAsync(
            async () => (await repository.DeliveriesAsync()).FirstOrDefault(each => each.Event is "pull_request"), each => each is { StatusCode: > 0 }, "the forge's own delivery");

        for (var i = 0; i < 2; i++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => installation.Client.DeliverAsync("pull_request", delivery!.Id, delivery.Payload)));
            answers.ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.Accepted);
        }

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);
        run.Verdict.ShouldBe("Merged", run.Report);
        using var late = await installation.Client.DeliverAsync("pull_request", delivery!.Id, delivery.Payload);
        late.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await installation.Client.RunsAsync(repository.FullName, opened.Number)).ShouldHaveSingleItem();
        (await repository.CommentsAsync(opened.Number)).ShouldHaveSingleItem();
        (await repository.CheckRunsAsync(opened.Head.Sha)).Select(check => check.Stage).ShouldBeUnique();
    }
}
