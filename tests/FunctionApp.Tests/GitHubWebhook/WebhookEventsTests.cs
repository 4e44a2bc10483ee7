using System.Text.Json;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.FunctionApp.GitHubWebhook;
using AtomicDevOps.Orchestrations.Pipelines;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.FunctionApp.Tests.GitHubWebhook;

public sealed class WebhookEventsTests
{
    private const string Sha = "3f2a9c0000000000000000000000000000000001";
    private const string Repository =
        """ "repository":{"full_name":"Octo/Hello","default_branch":"main","clone_url":"https://forge.example/Octo/Hello.git"},"sender":{"login":"mona"} """;

    [Theory]
    [InlineData("opened")]
    [InlineData("synchronize")]
    [InlineData("reopened")]
    [InlineData("ready_for_review")]
    public void A_pull_request_that_changed_starts_a_run(string action)
    {
        var start = Read("pull_request", PullRequest(action)).ShouldBeOfType<WebhookReaction.Start>();

        var (runId, work) = start.Runs.ShouldHaveSingleItem();
        runId.ShouldBe("pipeline:octo:hello:12:d1");
        work.ShouldBe(new WorkItem(WorkKind.PullRequest, new RepositoryName("octo", "hello"), "mona") { PullRequest = 12, HeadSha = Sha });
    }

    [Fact]
    public void A_closed_pull_request_ends_its_runs()
    {
        var cancel = Read("pull_request", PullRequest("closed")).ShouldBeOfType<WebhookReaction.Cancel>();

        cancel.PullRequest.ShouldBe(12);
        cancel.Request.Verdict.ShouldBe(PipelineVerdict.Cancelled);
    }

    [Theory]
    [InlineData("""{"title":{"from":"a"}}""", false)]
    [InlineData("""{"base":{"ref":{"from":"a"}}}""", true)]
    [InlineData("""{"body":{"from":"a"}}""", true)]
    public void An_edit_counts_where_it_changes_what_is_checked(string changes, bool starts) =>
        (Read("pull_request", PullRequest("edited", changes)) is WebhookReaction.Start).ShouldBe(starts);

    [Fact]
    public void A_push_to_the_default_branch_starts_a_run()
    {
        var start = Read("push", $$"""{"ref":"refs/heads/main","after":"{{Sha}}",{{Repository}}}""").ShouldBeOfType<WebhookReaction.Start>();

        var (runId, work) = start.Runs.ShouldHaveSingleItem();
        runId.ShouldBe("pipeline:octo:hello:push:3f2a9c00000000000000");
        work.Branch.ShouldBe("main");
    }

    [Theory]
    [InlineData("refs/heads/feature", Sha)]
    [InlineData("refs/tags/v1", Sha)]
    [InlineData("refs/heads/main", "0000000000000000000000000000000000000000")]
    public void Other_pushes_are_ignored(string reference, string sha) =>
        Read("push", $$"""{"ref":"{{reference}}","after":"{{sha}}",{{Repository}}}""").ShouldBeOfType<WebhookReaction.Ignore>();

    [Theory]
    [InlineData("check_run")]
    [InlineData("check_suite")]
    public void A_request_to_check_again_starts_a_run_for_each_pull_request(string subject)
    {
        var payload = $$$"""{"action":"rerequested","{{{subject}}}":{"pull_requests":[{"number":3},{"number":4}]},{{{Repository}}}}""";

        Read(subject, payload).ShouldBeOfType<WebhookReaction.Start>().Runs.Select(run => run.Work.PullRequest).ShouldBe([3, 4]);
    }

    [Fact]
    public void A_comment_on_a_pull_request_can_be_a_command()
    {
        var payload = $$$"""{"action":"created","issue":{"number":5,"pull_request":{}},"comment":{"body":"/atomic approve","user":{"login":"ada"}},{{{Repository}}}}""";

        var (_, work) = Read("issue_comment", payload).ShouldBeOfType<WebhookReaction.Start>().Runs.ShouldHaveSingleItem();
        work.Command.ShouldBe(new PipelineCommand(CommandVerb.Approve, "ada"));
        work.PullRequest.ShouldBe(5);
    }

    [Theory]
    [InlineData("ping", "{}")]
    [InlineData("star", "{}")]
    [InlineData("issue_comment", """{"action":"created","issue":{"number":5},"comment":{"body":"/atomic approve","user":{"login":"ada"}}}""")]
    public void Everything_else_is_acknowledged_and_ignored(string eventName, string payload) =>
        Read(eventName, payload).ShouldBeOfType<WebhookReaction.Ignore>();

    [Fact]
    public void A_payload_that_lost_any_part_is_refused_or_read_but_never_breaks()
    {
        var whole = PullRequest("opened");
        Prop.ForAll(Gen.Choose(0, whole.Length - 1).Two().ToArbitrary(), range =>
        {
            var (from, to) = (Math.Min(range.Item1, range.Item2), Math.Max(range.Item1, range.Item2));
            JsonDocument document;
            try
            {
                document = JsonDocument.Parse(whole.Remove(from, to - from));
            }
            catch (JsonException)
            {
                return;
            }

            using (document)
            {
                try
                {
                    WebhookEvents.Read("pull_request", "d1", document.RootElement).ShouldNotBeNull();
                }
                catch (WebhookPayloadException exception)
                {
                    exception.Message.ShouldNotBeEmpty();
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("""{"action":7}""")]
    [InlineData("""{"action":"opened","repository":{"full_name":"no slash"},"pull_request":{"number":1}}""")]
    [InlineData("""{"action":"opened","repository":{"full_name":"a/b"},"pull_request":{"number":-1}}""")]
    public void A_payload_of_another_shape_says_what_is_missing(string payload) =>
        Should.Throw<WebhookPayloadException>(() => Read("pull_request", payload)).Message.ShouldContain("«");

    private static WebhookReaction Read(string eventName, string payload)
    {
        using var document = JsonDocument.Parse(payload);
        return WebhookEvents.Read(eventName, "d1", document.RootElement);
    }

    private static string PullRequest(string action, string changes = "{}") =>
        $$$"""{"action":"{{{action}}}","changes":{{{changes}}},"pull_request":{"number":12,"head":{"sha":"{{{Sha}}}"}},{{{Repository}}}}""";
}
