using Tomlyn;
using Tomlyn.Parsing;

namespace AtomicDevOps.Activities.Packages.Manifests.Text;

/// <summary>Reads TOML 1.1, up to 64 levels deep.</summary>
internal static class TomlReader
{
    private static readonly TomlSerializerOptions Options = new() { MaxDepth = 64 };

    /// <exception cref="FormatException">It is no TOML; the message says where and why.</exception>
    public static DataTable Read(string text)
    {
        try
        {
            var parser = TomlParser.Create(text, Options);
            while (parser.MoveNext())
            {
                if (parser.Current.Kind is TomlParseEventKind.StartTable)
                {
                    var root = new DataTable(1, Span: null);
                    ReadTable(parser, root, text);
                    return root;
                }
            }

            return new DataTable(1, Span: null);
        }
        catch (TomlException exception)
        {
            throw new FormatException($"This is no TOML: {exception.Message}", exception);
        }
        catch (ArgumentException exception)
        {
            // Tomlyn 2.10 fails at its own message where the text ends within an escape.
            throw new FormatException("This is no TOML: a text ends within an escape; right would be a quote at its end.", exception);
        }
    }

    private static void ReadTable(TomlParser parser, DataTable table, string text)
    {
        while (parser.MoveNext() && parser.Current.Kind is not TomlParseEventKind.EndTable)
        {
            var key = parser.GetPropertyName();
            var line = Line(parser, 1);
            if (!parser.MoveNext())
            {
                return;
            }

            var before = table[key];
            var isHeader = parser.Current.Span is null;
            if (isHeader && parser.Current.Kind is TomlParseEventKind.StartTable && before is DataTable { Span: null } same)
            {
                ReadTable(parser, same, text);
            }
            else if (isHeader && parser.Current.Kind is TomlParseEventKind.StartArray && before is DataList { IsOpen: true } more)
            {
                ReadList(parser, more, line, text);
            }
            else
            {
                table.Add(key, line, ReadValue(parser, line, text));
            }
        }
    }

    private static void ReadList(TomlParser parser, DataList list, int line, string text)
    {
        while (parser.MoveNext() && parser.Current.Kind is not TomlParseEventKind.EndArray)
        {
            list.Items.Add(ReadValue(parser, Line(parser, line), text));
        }
    }

    private static DataNode ReadValue(TomlParser parser, int line, string text)
    {
        var at = Line(parser, line);
        TextSpan? span = parser.Current.Span is { } place ? new TextSpan(place.Start.Offset, Math.Min(place.End.Offset + 1, text.Length)) : null;
        switch (parser.Current.Kind)
        {
            case TomlParseEventKind.StartTable:
                var table = new DataTable(at, span);
                ReadTable(parser, table, text);
                return table;
            case TomlParseEventKind.StartArray:
                var list = new DataList(at, span) { IsOpen = span is null };
                ReadList(parser, list, at, text);
                return list;
            case TomlParseEventKind.String:
                return new DataScalar(parser.GetString(), IsString: true, at, span);
            default:
                return new DataScalar(span is { } where ? text[where.Start..where.End] : string.Empty, IsString: false, at, span);
        }
    }

    private static int Line(TomlParser parser, int otherwise) => parser.Current.Span is { } span ? span.Start.Line + 1 : otherwise;
}
