using Spectre.Console;
using Spectre.Console.Rendering;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>A table whose last column takes what the others leave of the terminal's width.</summary>
/// <param name="headers">The columns.</param>
/// <param name="shortens">Whether the last column is shortened at a terminal rather than wrapped.</param>
internal sealed class TableView(IReadOnlyList<string> headers, bool shortens = true)
{
    private const int SmallestLastColumn = 20;

    /// <summary>What stands behind each column.</summary>
    private const int Gap = 2;

    private readonly List<TableCell[]> _rows = [];

    public void Add(params TableCell[] cells) => _rows.Add(cells);

    public Table Render(int? width)
    {
        var table = new Table { Border = TableBorder.None };
        var last = width is { } available ? Math.Max(SmallestLastColumn, available - Others()) : int.MaxValue;
        for (var i = 0; i < headers.Count; i++)
        {
            var column = new TableColumn(new Text(headers[i], width is null ? Style.Plain : new Style(decoration: Decoration.Bold)));
            column.PadLeft(0).PadRight(Gap);
            column.NoWrap = width is null || shortens || i < headers.Count - 1;
            column.Width = column.NoWrap ? null : last;
            table.AddColumn(column);
        }

        foreach (var row in _rows)
        {
            table.AddRow(row.Select((cell, i) =>
                (IRenderable)new Text(shortens && i == row.Length - 1 ? Shorten(cell.Text, last) : cell.Text, width is null ? Style.Plain : cell.Style)));
        }

        return table;
    }

    /// <summary>Cells, of which a wide character takes two.</summary>
    private static int Length(string text) => new Segment(text).CellCount();

    private static string Shorten(string text, int length)
    {
        if (length == int.MaxValue || Length(text) <= length)
        {
            return text;
        }

        var end = Math.Min(text.Length, length - 1);
        while (end > 0 && (Length(text[..end]) > length - 1 || char.IsHighSurrogate(text[end - 1])))
        {
            end--;
        }

        return text[..end] + "…";
    }

    private int Others()
    {
        var taken = Gap * headers.Count;
        for (var i = 0; i < headers.Count - 1; i++)
        {
            taken += _rows.Select(row => Length(row[i].Text)).Append(Length(headers[i])).Max();
        }

        return taken;
    }
}

/// <summary>One line of text; control characters in it are shown as escapes.</summary>
internal sealed class TableCell(string? text, Style? style = null)
{
    public string Text { get; } = CommandOutput.Printable(text ?? "");

    public Style Style { get; } = style ?? Style.Plain;

    public static implicit operator TableCell(string? text) => new(text);

    public static TableCell OfStatus(string status) => new(status, status switch
    {
        "Completed" => new Style(Color.Green),
        "Failed" => new Style(Color.Red),
        "Running" => new Style(Color.Blue),
        "Suspended" => new Style(Color.Yellow),
        _ => new Style(Color.Grey),
    });
}
