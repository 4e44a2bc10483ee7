using System.Net;
using System.Net.Http.Json;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>The HTTP API without the right key, and with requests that make no sense.</summary>
public sealed class ApiTests(SharedInstallation shared) : EndToEndTest
{
    public static TheoryData<string, string> Guarded { get; } = new()
    {
        { "POST", "api/pipelines" },
        { "GET", "api/pipelines" },
        { "GET", "api/pipelines/any" },
        { "DELETE", "api/pipelines/any" },
        { "POST", "api/pipelines/any/approvals/merge" },
        { "GET", "api/pipelines/any/stages/tests/log" },
        { "GET", "api/agents" },
        { "POST", "api/health/probe" },
    };

    [Theory]
    [MemberData(nameof(Guarded))]
    public async Task Nothing_opens_without_a_key_or_with_a_wrong_one(string method, string path)
    {
        var installation = Use(await shared.GetAsync());
        await ShouldBeClosedAsync(installation, method, path);

        (await installation.Client.RunsAsync("octo/guarded")).ShouldBeEmpty();
    }

    [Theory]
    [Trait("Needs", "management API")]
    [InlineData("GET", "runtime/webhooks/durabletask/instances")]
    [InlineData("POST", "runtime/webhooks/durabletask/instances/system-health/terminate?reason=none")]
    public async Task The_management_API_does_not_open_without_a_key_or_with_a_wrong_one(string method, string path) =>
        await ShouldBeClosedAsync(Use(await shared.GetAsync()), method, path);

    [Fact]
    [Trait("Needs", "management API")]
    public async Task A_function_key_does_not_open_the_management_API()
    {
        var installation = Use(await shared.GetAsync());

        using var answer = await installation.Client.Http.GetAsync("runtime/webhooks/durabletask/instances", Cancelled);

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("{\"repository\":", "not the JSON")]
    [InlineData("{\"pullRequest\":1}", "repository")]
    [InlineData("{\"repository\":\"no-slash\",\"pullRequest\":1}", "owner/name")]
    [InlineData("{\"repository\":\"octo/hello\",\"pullRequest\":-1}", "pullRequest")]
    [InlineData("{\"repository\":\"octo/hello\",\"pullRequest\":\"one\"}", "pullRequest")]
    [InlineData("null", "repository")]
    public async Task A_request_that_makes_no_sense_is_told_what_would(string body, string named)
    {
        var installation = Use(await shared.GetAsync());
        using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));

        using var answer = await installation.Client.Http.PostAsync("api/pipelines", content, Cancelled);

        var detail = await ProblemAsync(answer, HttpStatusCode.BadRequest);
        detail.ShouldContain(named);
        detail.ShouldContain("{\"repository\":\"owner/name\",\"pullRequest\":12}");
    }

    [Fact]
    public async Task A_request_with_an_idempotency_key_starts_one_run_however_often_it_is_sent()
    {
        var installation = Use(await shared.GetAsync());
        var repository = $"octo/repeated-{Guid.NewGuid():N}"[..30];

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "api/pipelines");
            request.Content = JsonContent.Create(new { repository, pullRequest = 1 });
            request.Headers.Add("Idempotency-Key", "the-same-request");
            using var answer = await installation.Client.Http.SendAsync(request, Cancelled);
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
            return answer.Headers.Location!;
        }));

        var run = (await installation.Client.RunsAsync(repository)).ShouldHaveSingleItem();
        answers.Distinct().ShouldHaveSingleItem();
        using var shown = await installation.Client.Http.GetAsync(answers[0], Cancelled);
        shown.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await installation.Client.EndAsync(run.Id)).Verdict.ShouldBe("Refused");
    }

    [Fact]
    public async Task A_run_that_does_not_exist_is_not_found_whatever_is_asked_of_it()
    {
        var installation = Use(await shared.GetAsync());
        var client = installation.Client;

        using var shown = await client.Http.GetAsync("api/pipelines/pipeline:octo:none:1:x", Cancelled);
        using var cancelled = await client.CancelAsync("pipeline:octo:none:1:x");
        using var answered = await client.AnswerAsync("pipeline:octo:none:1:x", "merge", approved: true);
        using var foreign = await client.Http.GetAsync("api/pipelines/system-health", Cancelled);

        foreach (var answer in new[] { shown, cancelled, answered, foreign })
        {
            (await ProblemAsync(answer, HttpStatusCode.NotFound)).ShouldContain("There is no run");
        }
    }

    private static async Task ShouldBeClosedAsync(Installation installation, string method, string path)
    {
        foreach (var key in new[] { null, "wrong-key-of-a-plausible-length", Installation.WebhookSecret })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Content = method is "POST" ? JsonContent.Create(new { repository = "octo/guarded", pullRequest = 1 }) : null;
            if (key is not null)
            {
                request.Headers.Add("x-functions-key", key);
            }

            using var answer = await installation.Client.Anonymous.SendAsync(request, Cancelled);

            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }
    }
}
