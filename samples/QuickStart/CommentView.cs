using System.Net;
using System.Text;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Spectre.Console;
using Spectre.Console.Rendering;
using MarkdownTable = Markdig.Extensions.Tables.Table;
using MarkdownTableRow = Markdig.Extensions.Tables.TableRow;
using Table = Spectre.Console.Table;

namespace AtomicDevOps.QuickStart;

/// <summary>A comment as a forge would show it, as far as a terminal can.</summary>
internal static class CommentView
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().Build();

    public static IRenderable Render(string author, string markdown) =>
        new Panel(new Rows(Markdown.Parse(markdown, Pipeline).SelectMany(Render)))
            .Header($"{Spectre.Console.Markup.Escape(author)} commented")
            .RoundedBorder()
            .Expand();

    private static IEnumerable<IRenderable> Render(Block block) => block switch
    {
        HeadingBlock heading => [new Text(TextOf(heading.Inline), new Style(decoration: Decoration.Bold)), Text.Empty],
        ParagraphBlock paragraph => [new Text(TextOf(paragraph.Inline)), Text.Empty],
        MarkdownTable table => [Render(table), Text.Empty],
        FencedCodeBlock code => [new Panel(new Text(code.Lines.ToString())).SquareBorder().Expand()],
        HtmlBlock html => TextOf(html) is { Length: > 0 } text ? [new Text(text, new Style(decoration: Decoration.Bold))] : [],
        ContainerBlock container => container.SelectMany(Render),
        LeafBlock leaf => [new Text(leaf.Lines.ToString())],
        _ => [],
    };

    private static Table Render(MarkdownTable source)
    {
        var table = new Table().SimpleBorder();
        foreach (var row in source.OfType<MarkdownTableRow>())
        {
            var cells = row.OfType<TableCell>().Select(cell => TextOf(cell.Descendants<ParagraphBlock>().FirstOrDefault()?.Inline)).ToArray();
            if (row.IsHeader)
            {
                foreach (var cell in cells)
                {
                    table.AddColumn(new TableColumn(new Text(cell)));
                }
            }
            else
            {
                table.AddRow(cells.Take(table.Columns.Count).Select(cell => new Text(cell)));
            }
        }

        return table;
    }

    /// <summary>Markup and hidden remarks are left out; what stands between is shown.</summary>
    private static string TextOf(HtmlBlock html)
    {
        var source = html.Lines.ToString();
        var text = new StringBuilder(source.Length);
        for (var at = 0; at < source.Length; at++)
        {
            if (source[at] != '<')
            {
                text.Append(source[at]);
                continue;
            }

            var end = source[at..].StartsWith("<!--", StringComparison.Ordinal) ? source.IndexOf("-->", at, StringComparison.Ordinal) + 2 : source.IndexOf('>', at);
            at = end < at ? source.Length : end;
        }

        return WebUtility.HtmlDecode(text.ToString()).Trim();
    }

    private static string TextOf(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        foreach (var inline in inlines?.Descendants() ?? [])
        {
            text.Append(inline switch
            {
                LiteralInline literal => literal.Content.ToString(),
                CodeInline code => code.Content,
                HtmlEntityInline entity => entity.Transcoded.ToString(),
                LineBreakInline => "\n",
                _ => "",
            });
        }

        return text.ToString().Replace("\u200b", "", StringComparison.Ordinal);
    }
}
