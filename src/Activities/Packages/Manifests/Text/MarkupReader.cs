using System.Xml;

namespace AtomicDevOps.Activities.Packages.Manifests.Text;

/// <summary>An element of XML with its place in the text.</summary>
/// <param name="Name">Without its namespace.</param>
/// <param name="Line">From 1 on.</param>
internal sealed record MarkupElement(string Name, int Line)
{
    public List<MarkupElement> Children { get; } = [];

    public Dictionary<string, DataScalar> Attributes { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The text in it without white space around it; null where there is none, or elements are in it too.</summary>
    public DataScalar? Text { get; set; }

    public MarkupElement? Child(string name) => Children.Find(child => string.Equals(child.Name, name, StringComparison.Ordinal));

    /// <summary>The elements at the end of a path of elements.</summary>
    public IEnumerable<MarkupElement> All(params string[] path) =>
        path.Aggregate<string, IEnumerable<MarkupElement>>([this], static (elements, name) => elements.SelectMany(element => element.Children.Where(child => string.Equals(child.Name, name, StringComparison.Ordinal))));

    /// <summary>What an attribute or an element in it says.</summary>
    public DataScalar? Value(string name) => Attributes.GetValueOrDefault(name) ?? Child(name)?.Text;
}

/// <summary>Reads XML without a document type, so without entities of its own, up to 64 levels deep.</summary>
internal static class MarkupReader
{
    private const int MostLevels = 64;

    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true };

    /// <exception cref="FormatException">It is no XML; the message says where and why.</exception>
    public static MarkupElement Read(string text)
    {
        try
        {
            return Read(text, new Places(text));
        }
        catch (XmlException exception)
        {
            throw new FormatException($"This is no XML, or has a document type, which is not read: {exception.Message}", exception);
        }
    }

    private static MarkupElement Read(string text, Places places)
    {
        using var reader = XmlReader.Create(new StringReader(text), Settings);
        var position = (IXmlLineInfo)reader;
        var open = new Stack<MarkupElement>();
        MarkupElement? root = null;
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    if (open.Count == MostLevels)
                    {
                        throw new FormatException($"Line {position.LineNumber} is more than {MostLevels} levels deep.");
                    }

                    var isEmpty = reader.IsEmptyElement;
                    var element = new MarkupElement(reader.LocalName, position.LineNumber);
                    while (reader.MoveToNextAttribute())
                    {
                        element.Attributes[reader.LocalName] = new DataScalar(reader.Value.Trim(), IsString: true, position.LineNumber, places.OfAttribute(position, reader.Value));
                    }

                    root ??= element;
                    if (open.TryPeek(out var parent))
                    {
                        parent.Children.Add(element);
                        parent.Text = null;
                    }

                    if (!isEmpty)
                    {
                        open.Push(element);
                    }

                    break;
                case XmlNodeType.EndElement:
                    open.Pop();
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA when open.Peek() is { Children.Count: 0 } holder:
                    var value = reader.Value.Trim();
                    holder.Text = holder.Text is { } before
                        ? new DataScalar(before.Value + value, IsString: true, before.Line, Span: null)
                        : new DataScalar(value, IsString: true, position.LineNumber, places.OfText(position, reader.Value));
                    break;
                default:
                    break;
            }
        }

        return root ?? throw new FormatException("This is no XML: there is no element in it.");
    }

    /// <summary>Offsets of lines and columns.</summary>
    private sealed class Places
    {
        private readonly string _text;
        private readonly List<int> _lines = [0];

        public Places(string text)
        {
            _text = text;
            for (var at = 0; at < text.Length; at++)
            {
                if (text[at] is '\n' || (text[at] is '\r' && (at + 1 == text.Length || text[at + 1] is not '\n')))
                {
                    _lines.Add(at + 1);
                }
            }
        }

        /// <summary>Where the value of an attribute stands, whose name is here; null where it is not written as it reads.</summary>
        public TextSpan? OfAttribute(IXmlLineInfo position, string value)
        {
            var start = Offset(position);
            var quote = start < 0 ? -1 : _text.AsSpan(start).IndexOfAny('"', '\'');
            return quote < 0 ? null : Written(start + quote + 1, value);
        }

        /// <summary>Where a text stands that begins here.</summary>
        public TextSpan? OfText(IXmlLineInfo position, string value) => Offset(position) is >= 0 and var start ? Written(start, value) : null;

        private int Offset(IXmlLineInfo position)
        {
            var offset = position.LineNumber <= _lines.Count ? _lines[position.LineNumber - 1] + position.LinePosition - 1 : -1;
            return offset <= _text.Length ? offset : -1;
        }

        private TextSpan? Written(int start, string value)
        {
            var trimmed = value.AsSpan().Trim();
            var from = start + value.AsSpan().IndexOf(trimmed);
            return _text.AsSpan(start).StartsWith(value) || _text.AsSpan(Math.Min(from, _text.Length)).StartsWith(trimmed) ? new TextSpan(from, from + trimmed.Length) : null;
        }
    }
}
