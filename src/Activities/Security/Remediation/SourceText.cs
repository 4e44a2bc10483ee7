using System.Text;

namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>A text by lines; each keeps how it ends, so that lines that are not changed stay as they are to the byte.</summary>
internal sealed class SourceText
{
    private SourceText(IReadOnlyList<SourceLine> lines) => Lines = lines;

    public IReadOnlyList<SourceLine> Lines { get; }

    public bool EndsWithLineBreak => Lines.Count > 0 && Lines[^1].Break.Length > 0;

    public static SourceText Parse(string text)
    {
        var lines = new List<SourceLine>();
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start);
            if (end < 0)
            {
                lines.Add(new SourceLine(text[start..], ""));
                break;
            }

            var isWindows = end > start && text[end - 1] == '\r';
            lines.Add(isWindows ? new SourceLine(text[start..(end - 1)], "\r\n") : new SourceLine(text[start..end], "\n"));
            start = end + 1;
        }

        return new SourceText(lines);
    }

    public static string Join(IEnumerable<SourceLine> lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.Append(line.Text).Append(line.Break);
        }

        return text.ToString();
    }

    public override string ToString() => Join(Lines);
}

/// <param name="Break">What ends it: a line feed, perhaps after a carriage return, or nothing at the text's end.</param>
internal readonly record struct SourceLine(string Text, string Break);
