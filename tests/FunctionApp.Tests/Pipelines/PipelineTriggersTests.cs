using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.FunctionApp.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.FunctionApp.Tests.Pipelines;

public sealed partial class PipelineTriggersTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_started_shown_and_listed()
    {
        await using var app = await TestApp.StartAsync(ScriptedRun.Answers());
        var started = await app.PostAsync("/api/pipelines", """{"repository":"octo/hello","pullRequest":12}""", ("Idempotency-Key", "k1")).JsonAsync(HttpStatusCode.Accepted);
        var id = started.GetProperty("id").GetString().ShouldNotBeNull();
        id.ShouldBe("pipeline:octo:hello:12:k1");
        var self = started.GetProperty("links").GetProperty("self").GetString()!;

        (await app.PostAsync("/api/pipelines", """{"repository":"octo/hello","pullRequest":12}""", ("Idempotency-Key", "k1")).JsonAsync(HttpStatusCode.Accepted))
            .GetProperty("id").GetString().ShouldBe(id, "the same key is the same run");
        await app.Durable.WaitForInstanceCompletionAsync(id, Token);

        var shown = await app.Client.GetAsync(self, Token).JsonAsync(HttpStatusCode.OK);
        ShouldBeGolden("run.json", shown);
        var listed = await app.Client.GetAsync("/api/pipelines?repository=Octo/Hello&pullRequest=12", Token).JsonAsync(HttpStatusCode.OK);
        var item = listed.GetProperty("pipelines").EnumerateArray().ShouldHaveSingleItem();
        item.GetProperty("verdict").GetString().ShouldBe("Passed");
        item.TryGetProperty("agents", out _).ShouldBeFalse("lists go without the agents");
        (await app.Client.GetAsync("/api/pipelines?repository=octo/hello&pullRequest=1", Token).JsonAsync(HttpStatusCode.OK))
            .GetProperty("pipelines").GetArrayLength().ShouldBe(0, "12 is not 1");
        (await app.Client.DeleteAsync(self, Token).ProblemAsync(HttpStatusCode.Conflict)).ShouldBe($"The run {id} has ended: Passed.");
    }

    [Fact]
    public async Task A_gate_is_answered_through_the_api_once_it_waits()
    {
        await using var app = await TestApp.StartAsync(ScriptedRun.Answers("merge: { automatic: true, approval: true }"));
        var id = await StartAsync(app);
        var self = $"/api/pipelines/{Uri.EscapeDataString(id)}";
        await UntilAsync(app, self, "Waiting");

        (await app.PostAsync($"{self}/approvals/other", """{"approved":true,"by":"mona"}""").ProblemAsync(HttpStatusCode.Conflict))
            .ShouldBe($"No gate «other» of the run {id} waits for an answer: the run is Waiting.");
        (await app.PostAsync($"{self}/approvals/merge", """{"approved":true}""").ProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("«by»");
        var answer = await app.PostAsync($"{self}/approvals/merge", """{"approved":true,"by":"mona","comment":"Good"}""").JsonAsync(HttpStatusCode.Accepted);
        answer.GetProperty("approved").GetBoolean().ShouldBeTrue();
        await app.Durable.WaitForInstanceCompletionAsync(id, Token);
        var run = await app.Client.GetAsync(self, Token).JsonAsync(HttpStatusCode.OK);
        (run.GetProperty("verdict").GetString(), run.GetProperty("mergeSha").GetString()).ShouldBe(("Merged", ScriptedRun.MergeSha));
        await app.PostAsync($"{self}/approvals/merge", """{"approved":true,"by":"mona"}""").ProblemAsync(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_run_is_cancelled_through_the_api()
    {
        await using var app = await TestApp.StartAsync(ScriptedRun.Answers("merge: { automatic: true, approval: true }"));
        var id = await StartAsync(app);
        var self = $"/api/pipelines/{Uri.EscapeDataString(id)}";
        await UntilAsync(app, self, "Waiting");
        (await app.Client.DeleteAsync(self, Token).JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetString().ShouldBe(id);
        await app.Durable.WaitForInstanceCompletionAsync(id, Token);
        var run = await app.Client.GetAsync(self, Token).JsonAsync(HttpStatusCode.OK);
        (run.GetProperty("verdict").GetString(), run.GetProperty("summary").GetString()).ShouldBe(("Cancelled", "Cancelled through the API."));
    }

    [Fact]
    public async Task A_run_that_an_operator_terminated_is_broken_and_waits_no_more()
    {
        await using var app = await TestApp.StartAsync(ScriptedRun.Answers("merge: { automatic: true, approval: true }"));
        var id = await StartAsync(app);
        var self = $"/api/pipelines/{Uri.EscapeDataString(id)}";
        await UntilAsync(app, self, "Waiting");
        await app.Durable.TerminateInstanceAsync(id, cancellation: Token);
        await app.Durable.WaitForInstanceCompletionAsync(id, Token);
        (await app.Client.GetAsync(self, Token).JsonAsync(HttpStatusCode.OK)).GetProperty("state").GetString().ShouldBe("Broken");
    }

    [Theory]
    [InlineData("", "is not the JSON")]
    [InlineData("{", "is not the JSON")]
    [InlineData("null", "The body is null.")]
    [InlineData("[]", "is not the JSON")]
    [InlineData("""{"repository":"hello","pullRequest":1}""", "«repository» is «hello»")]
    [InlineData("""{"pullRequest":1}""", "«repository»")]
    [InlineData("""{"repository":"octo/hello"}""", "«pullRequest»")]
    [InlineData("""{"repository":"octo/hello","pullRequest":0}""", "«pullRequest»")]
    [InlineData("""{"repository":"octo/hello","pullRequest":"1x"}""", "is not the JSON")]
    [InlineData("""{"repository":"octo/hello","pullRequest":1,"headSha":"abc"}""", "«headSha»")]
    public async Task A_body_that_is_wrong_is_told_and_starts_nothing(string body, string detail)
    {
        await using var app = await TestApp.StartAsync();
        (await app.PostAsync("/api/pipelines", body).ProblemAsync(HttpStatusCode.BadRequest)).ShouldContain(detail);
        (await app.Client.GetAsync("/api/pipelines", Token).JsonAsync(HttpStatusCode.OK)).GetProperty("pipelines").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Requests_that_make_no_sense_are_told_so()
    {
        await using var app = await TestApp.StartAsync();
        foreach (var query in new[] { "limit=0", "limit=201", "limit=x", "repository=x", "pullRequest=1", "repository=a/b&pullRequest=x" })
        {
            var key = query[(query.LastIndexOf('&') + 1)..query.LastIndexOf('=')];
            (await app.Client.GetAsync($"/api/pipelines?{query}", Token).ProblemAsync(HttpStatusCode.BadRequest)).ShouldStartWith($"«{key}»");
        }

        (await app.Client.GetAsync("/api/pipelines/none", Token).ProblemAsync(HttpStatusCode.NotFound)).ShouldStartWith("There is no run «none».");
        await app.Client.DeleteAsync("/api/pipelines/none", Token).ProblemAsync(HttpStatusCode.NotFound);
        await app.PostAsync("/api/pipelines/none/approvals/merge", """{"approved":true,"by":"mona"}""").ProblemAsync(HttpStatusCode.NotFound);
        await app.Client.GetAsync("/api/pipelines/none/stages/tests/log", Token).ProblemAsync(HttpStatusCode.NotFound);
        await app.Client.GetAsync("/api/pipelines/system-health", Token).ProblemAsync(HttpStatusCode.NotFound);
        (await app.PostAsync("/api/pipelines", new string('x', 70_000)).ProblemAsync(HttpStatusCode.RequestEntityTooLarge)).ShouldContain("65536");
    }

    [Fact]
    public async Task Without_a_key_nothing_is_told_and_nothing_started()
    {
        await using var app = await TestApp.StartAsync();
        (await app.Anonymous.GetAsync("/api/pipelines", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await app.Anonymous.PostAsync("/api/pipelines", new StringContent("{}"), Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await app.Anonymous.DeleteAsync("/api/pipelines/x", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await app.Anonymous.GetAsync("/api/agents", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_stage_s_output_is_read_from_any_place_on()
    {
        await using var app = await TestApp.StartAsync(ScriptedRun.Answers());
        var id = await StartAsync(app);
        await app.Durable.WaitForInstanceCompletionAsync(id, Token);
        await app.Services.GetRequiredService<IStageLog>().AppendAsync(id, "tests", "one\ntwo\n", Token);
        var log = $"/api/pipelines/{Uri.EscapeDataString(id)}/stages/tests/log";
        (await app.Client.GetStringAsync(log, Token)).ShouldBe("one\ntwo\n");
        (await app.Client.GetStringAsync($"{log}?offset=4", Token)).ShouldBe("two\n");
        (await app.Client.GetStringAsync($"{log}?offset=400", Token)).ShouldBe(string.Empty);
        await app.Client.GetAsync($"{log}?offset=-1", Token).ProblemAsync(HttpStatusCode.BadRequest);
    }

    private static async Task<string> StartAsync(TestApp app) =>
        (await app.PostAsync("/api/pipelines", """{"repository":"octo/hello","pullRequest":12}""").JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetString()!;

    private static async Task UntilAsync(TestApp app, string self, string state)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var run = await app.Client.GetAsync(self, Token).JsonAsync(HttpStatusCode.OK);
            var now = run.GetProperty("state").GetString();
            if (string.Equals(now, state, StringComparison.Ordinal))
            {
                return;
            }

            now.ShouldNotBe("Completed", $"{run}");
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(20), $"{run}");
        }
    }

    private static void ShouldBeGolden(string file, JsonElement json)
    {
        var text = JsonSerializer.Serialize(json, Indented);
        text = Times().Replace(text, "TIME").ReplaceLineEndings("\n");
        text.ShouldBe(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Pipelines", file)).ReplaceLineEndings("\n").TrimEnd(), $"the answer is the API; where the change is meant, this is the new {file}:\n{text}");
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\\u002B00:00|\+00:00)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Times();
}
