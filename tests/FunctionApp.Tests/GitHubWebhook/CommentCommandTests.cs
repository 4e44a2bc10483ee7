using AtomicDevOps.FunctionApp.GitHubWebhook;
using AtomicDevOps.Orchestrations.Pipelines;

namespace AtomicDevOps.FunctionApp.Tests.GitHubWebhook;

public sealed class CommentCommandTests
{
    [Theory]
    [InlineData("/atomic rerun", CommandVerb.Rerun, null)]
    [InlineData("/atomic  cancel\r\nplease", CommandVerb.Cancel, null)]
    [InlineData("/atomic Approve", CommandVerb.Approve, null)]
    [InlineData("/atomic approve Merge\nlooks good", CommandVerb.Approve, "merge")]
    [InlineData("/atomic reject merge", CommandVerb.Reject, "merge")]
    public void Reads_the_first_line(string comment, CommandVerb verb, string? gate) =>
        CommentCommand.Parse(comment, "octocat").ShouldBe(new PipelineCommand(verb, "octocat", gate));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("please /atomic rerun")]
    [InlineData("/atomic")]
    [InlineData("/atomic 0")]
    [InlineData("/atomic deploy")]
    [InlineData("/atomic rerun now")]
    [InlineData("/atomic approve ../x")]
    [InlineData("/atomicrerun")]
    [InlineData("Thanks!\n/atomic approve")]
    public void Takes_nothing_else_for_a_command(string? comment) => CommentCommand.Parse(comment, "octocat").ShouldBeNull();
}
