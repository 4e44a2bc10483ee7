using AtomicDevOps.Orchestrations.Pipelines;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Orchestrations.Tests.Pipelines;

public sealed class PullRequestCommentTests
{
    private const string Hostile = "@team #1 GH-2 [x](http://evil.example) ![i](//e) <img src=x> www.evil.example https://evil.example `c` *b* _i_ ~s~ | a | $x$ \\\n- list\n```";

    private static Gen<string> Texts => Gen.OneOf(
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get),
        from pieces in Gen.Elements("@a", "#1", "gh-3", "[", "]", "(", ")", "`", "```", "````", "|", "<b>", "</details>", "http://x.y", "www.x.y", "\n", "\r", "- ", "1. ", "\\", "~~", "**", "\u202e", " ", "word", "&amp;").ArrayOf()
        select string.Concat(pieces));

    [Fact]
    public void Text_of_strangers_stays_text_in_one_cell_of_the_table() => Prop.ForAll(Texts.ToArbitrary(), text =>
    {
        var body = PullRequestComment.Render(Result(text, details: null), runUrl: null);
        var row = body.Split('\n').Single(line => line.StartsWith("| tests |", StringComparison.Ordinal));
        Unescaped(row, '|').ShouldBe(5);
        ShouldBeInert(row[row.IndexOf("tests", StringComparison.Ordinal)..]);
        body.Split('\n').Count(line => line.Length > 0).ShouldBeInRange(4, 5);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Output_cannot_close_its_fence() => Prop.ForAll(Texts.ToArbitrary(), text =>
    {
        var fence = Markdown.Fence(text);
        fence.ShouldMatch("^`{3,}$");
        text.ShouldNotContain(fence);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_people_read_is_what_was_written()
    {
        var body = PullRequestComment.Render(Result("Failed: 1 of 5 tests.", "assert 1 == 2"), new Uri("https://devops.example/api/pipelines/x"));
        body.ShouldStartWith("### ❌ Failed · `1111111`\n\nFailed: 1 of 5 tests.\n\n| stage | result | time | |\n");
        body.ShouldContain("| tests | ❌ failed | 2.0 s | Failed: 1 of 5 tests. |");
        body.ShouldContain("```text\nassert 1 == 2\n```");
        body.ShouldEndWith("\n[The run](https://devops.example/api/pipelines/x)\n");
    }

    [Fact]
    public void The_known_ways_out_are_closed() => ShouldBeInert(Markdown.Plain(Hostile));

    [Fact]
    public void However_much_there_is_the_comment_keeps_to_github_s_limit()
    {
        var stages = Enumerable.Range(0, 8).Select(i => Stage($"stage{i}", new string('&', 2_000), new string('`', 100_000))).ToArray();
        PullRequestComment.Render(new PipelineResult(PipelineVerdict.Failed, new string('<', 5_000), null, stages), null).Length.ShouldBeLessThan(65_536);
    }

    private static void ShouldBeInert(string markdown)
    {
        markdown.ShouldNotContain("://");
        markdown.ShouldNotContain("www.", Case.Insensitive);
        markdown.ShouldNotContain("<");
        markdown.ShouldNotMatch("@[A-Za-z0-9]");
        markdown.ShouldNotMatch("#[0-9]");
        markdown.ShouldNotMatch("(?i)gh-[0-9]");
        markdown.ShouldNotContain('\n');
        foreach (var mark in "[]`*_~")
        {
            Unescaped(markdown, mark).ShouldBe(0, $"{mark} in {markdown}");
        }
    }

    private static int Unescaped(string text, char character)
    {
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == character)
            {
                count++;
            }
        }

        return count;
    }

    private static PipelineResult Result(string summary, string? details) =>
        new(PipelineVerdict.Failed, summary, "1111111111111111111111111111111111111111", [Stage("tests", summary, details)]);

    private static StageStatus Stage(string name, string summary, string? details) => new(name, StageState.Failed, summary)
    {
        StartedAt = DateTimeOffset.UnixEpoch,
        CompletedAt = DateTimeOffset.UnixEpoch.AddSeconds(2),
        Details = details,
    };
}
