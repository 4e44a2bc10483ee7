namespace AtomicDevOps.Activities.Experts.Docker;

/// <param name="Line">The line that it starts on, from 1.</param>
/// <param name="Keyword">In upper case, for example <c>RUN</c>.</param>
internal readonly record struct DockerfileInstruction(int Line, string Keyword);

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
                instructions.Add(new DockerfileInstruction(line, (end < 0 ? content : content[..end]).ToString().ToUpperInvariant()));
            }

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
