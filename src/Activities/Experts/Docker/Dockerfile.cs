using System.Text;

namespace AtomicDevOps.Activities.Experts.Docker;

/// <param name="Line">The line that it starts on, from 1.</param>
/// <param name="LastLine">The line that it ends on.</param>
/// <param name="Keyword">In upper case, for example <c>RUN</c>.</param>
internal readonly record struct DockerfileInstruction(int Line, int LastLine, string Keyword);

/// <summary>A Dockerfile with a label at the beginning of each of its stages.</summary>
internal sealed class LabelledDockerfile
{
    private readonly HashSet<int> _added = [];

    /// <param name="original">As its author wrote it.</param>
    /// <param name="name">The label's name; it and the value need no quotes or escapes.</param>
    public LabelledDockerfile(byte[] original, string name, string value)
    {
        var label = Encoding.ASCII.GetBytes($"LABEL {name}={value}\n");
        var stages = Dockerfile.Parse(Encoding.UTF8.GetString(original))
            .Where(instruction => instruction.Keyword is "FROM")
            .Select(instruction => instruction.LastLine)
            .ToHashSet();
        using var content = new MemoryStream(original.Length + (stages.Count * (label.Length + 1)));
        var line = 0;
        for (var start = 0; start < original.Length;)
        {
            var length = original.AsSpan(start).IndexOf((byte)'\n') + 1;
            var rest = original.AsSpan(start, length > 0 ? length : original.Length - start);
            content.Write(rest);
            start += rest.Length;
            line++;
            if (stages.Contains(line))
            {
                if (length == 0)
                {
                    content.WriteByte((byte)'\n');
                }

                content.Write(label);
                _added.Add(line + _added.Count + 1);
            }
        }

        Content = content.ToArray();
        Instructions = Dockerfile.Parse(Encoding.UTF8.GetString(Content));
    }

    /// <summary>What to build.</summary>
    public byte[] Content { get; }

    /// <summary>Those of <see cref="Content"/>, with its lines.</summary>
    public IReadOnlyList<DockerfileInstruction> Instructions { get; }

    /// <summary>The line of the original that a line of <see cref="Content"/> comes from; for a label, the one before it.</summary>
    public int OriginalLine(int line) => line - _added.Count(added => added <= line);
}

/// <summary>
/// Finds the instructions of a Dockerfile (https://docs.docker.com/reference/dockerfile/#format), so that a step's number can be told as a line:
/// comments and empty lines are none, a line that ends in the escape character goes on in the next.
/// </summary>
internal static class Dockerfile
{
    public static IReadOnlyList<DockerfileInstruction> Parse(string text)
    {
        var instructions = new List<DockerfileInstruction>();
        var escape = '\\';
        var directives = true;
        var continued = false;
        var line = 0;
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n'))
        {
            line++;
            var content = raw.AsSpan().Trim();
            if (content.Length > 0 && content[0] == '#')
            {
                directives = directives && TryReadDirective(content[1..], ref escape);
                continue;
            }

            directives = false;
            if (content.Length == 0)
            {
                continue;
            }

            if (!continued)
            {
                var end = content.IndexOfAny([' ', '\t', escape]);
                instructions.Add(new DockerfileInstruction(line, line, (end < 0 ? content : content[..end]).ToString().ToUpperInvariant()));
            }

            instructions[^1] = instructions[^1] with { LastLine = line };
            continued = content[^1] == escape;
        }

        return instructions;
    }

    /// <returns>Whether it is a parser directive, after which more may come.</returns>
    private static bool TryReadDirective(ReadOnlySpan<char> comment, ref char escape)
    {
        var equals = comment.IndexOf('=');
        if (equals < 0)
        {
            return false;
        }

        var name = comment[..equals].Trim();
        var value = comment[(equals + 1)..].Trim();
        if (name.Equals("escape", StringComparison.OrdinalIgnoreCase) && value is "`" or "\\")
        {
            escape = value[0];
            return true;
        }

        return name.Equals("syntax", StringComparison.OrdinalIgnoreCase) || name.Equals("check", StringComparison.OrdinalIgnoreCase);
    }
}
