using Spectre.Console;

namespace AtomicDevOps.QuickStart.Tests;

public sealed class CommentViewTests
{
    [Fact]
    public void A_comment_shows_its_headline_its_table_and_its_fenced_output_without_markup()
    {
        var shown = Show("""
            <!-- pipeline -->
            ### ❌ Failed · `abc1234`

            Failed: tests &amp; more.

            | stage | result | time | |
            |---|---|---:|---|
            | [tests](http://localhost/1) | failed | 1.2 s | 1 of 2 \| tests\_passed |

            <details open><summary>tests</summary>

            ```text
            assert [red]2[/] == <b>3</b>
            ```

            </details>
            """);

        shown.ShouldContain("octo[bot] commented");
        shown.ShouldContain("❌ Failed · abc1234");
        shown.ShouldContain("Failed: tests & more.");
        shown.ShouldMatch(@"tests +failed +1\.2 s +1 of 2 \| tests_passed");
        shown.ShouldContain("assert [red]2[/] == <b>3</b>");
        shown.ShouldNotContain("pipeline -->");
        shown.ShouldNotContain("summary>");
        shown.ShouldNotContain("http://localhost");
    }

    [Theory]
    [InlineData("<details")]
    [InlineData("<!-- never closed")]
    [InlineData("")]
    [InlineData("| a |\n|---|\n| 1 | 2 | 3 |")]
    public void Anything_can_be_shown(string markdown) => Show(markdown).ShouldContain("commented");

    private static string Show(string markdown)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 100;
        console.Write(CommentView.Render("octo[bot]", markdown));
        return output.ToString();
    }
}
