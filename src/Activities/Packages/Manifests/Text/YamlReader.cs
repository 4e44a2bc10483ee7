using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AtomicDevOps.Activities.Packages.Manifests.Text;

/// <summary>Reads the first document of YAML, without aliases and up to 64 levels deep.</summary>
internal static class YamlReader
{
    private const int MostLevels = 64;

    /// <exception cref="FormatException">It is no YAML mapping; the message says where and why.</exception>
    public static DataTable Read(string text)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _))
            {
                return new DataTable(1, Span: null);
            }

            parser.Consume<DocumentStart>();
            return ReadNode(parser, level: 1) switch
            {
                DataTable table => table,
                DataScalar { IsString: false, Value: "" } => new DataTable(1, Span: null),
                _ => throw new FormatException("This is no YAML mapping; right would be keys with values."),
            };
        }
        catch (Exception exception) when (exception is YamlException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"This is no YAML: {exception.Message}", exception);
        }
    }

    private static DataNode ReadNode(Parser parser, int level)
    {
        var line = (int)(parser.Current?.Start.Line ?? 1);
        if (level > MostLevels)
        {
            throw new FormatException($"Line {line} is more than {MostLevels} levels deep.");
        }

        if (parser.TryConsume<Scalar>(out var scalar))
        {
            var isNull = scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" };
            return new DataScalar(isNull ? string.Empty : scalar.Value, !isNull, line, new TextSpan((int)scalar.Start.Index, (int)scalar.End.Index));
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var list = new DataList(line, Span: null);
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                list.Items.Add(ReadNode(parser, level + 1));
            }

            return list;
        }

        if (parser.TryConsume<MappingStart>(out _))
        {
            var table = new DataTable(line, Span: null);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = parser.Consume<Scalar>();
                table.Add(key.Value, (int)key.Start.Line, ReadNode(parser, level + 1));
            }

            return table;
        }

        throw new FormatException($"Line {line} has an alias; right would be what it stands for.");
    }
}
