namespace AtomicDevOps.Activities.Security.Remediation.Rules;

/// <summary>Lets the image run as a user without rights: the one that the last stage had before, or else <c>nobody</c> by its number.</summary>
internal sealed class DockerfileUserRule : RewriteRule
{
    private const string Nobody = "65534:65534";
    private static readonly string[] Roots = ["root", "0", "root:root", "0:0", "root:0", "0:root"];

    public override string Title => "run the image as a user without rights";

    public override bool Fits(Finding finding) => finding.Kind == FindingKind.Infrastructure && finding.Evidence.Any(static evidence => evidence is { Tool: "Trivy", Rule: "DS002" });

    public override bool TryRewrite(List<string> lines, Finding finding)
    {
        var instructions = Instructions(lines).ToArray();
        var stage = Array.FindLastIndex(instructions, static each => each.Is("FROM"));
        if (stage < 0 || lines.Exists(static line => line.Contains("<<", StringComparison.Ordinal) || line.AsSpan().TrimStart().StartsWith("# escape", StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        var users = instructions.Skip(stage + 1).Where(static each => each.Is("USER")).ToArray();
        if (users is [.., var last])
        {
            if (!Roots.Contains(last.Argument, StringComparer.OrdinalIgnoreCase) || last.Lines != 1)
            {
                return false;
            }

            var other = users.Select(static each => each.Argument).LastOrDefault(static user => !Roots.Contains(user, StringComparer.OrdinalIgnoreCase)) ?? Nobody;
            lines[last.Line] = $"USER {other}";
            return true;
        }

        var start = Array.FindIndex(instructions, stage + 1, static each => each.Is("CMD") || each.Is("ENTRYPOINT"));
        var isLast = start >= 0 && !Array.Exists(instructions[start..], static each => each.Is("RUN"));
        lines.Insert(isLast ? instructions[start].Line : LastFilled(lines), $"USER {Nobody}");
        return true;
    }

    private static int LastFilled(List<string> lines) => lines.FindLastIndex(static line => line.Trim().Length > 0) + 1;

    private static IEnumerable<Instruction> Instructions(List<string> lines)
    {
        for (var index = 0; index < lines.Count; index++)
        {
            var first = index;
            var text = lines[index].Trim();
            if (text.Length == 0 || text.StartsWith('#'))
            {
                continue;
            }

            // Comments and empty lines within an instruction do not end it.
            for (var goesOn = text.EndsWith('\\'); goesOn && index + 1 < lines.Count;)
            {
                var next = lines[++index].Trim();
                goesOn = next.Length == 0 || next.StartsWith('#') || next.EndsWith('\\');
            }

            var end = text.AsSpan().IndexOfAny(' ', '\t');
            yield return new Instruction(first, index - first + 1, end < 0 ? text : text[..end], end < 0 ? string.Empty : text[(end + 1)..].Trim());
        }
    }

    private sealed record Instruction(int Line, int Lines, string Name, string Argument)
    {
        public bool Is(string name) => string.Equals(Name, name, StringComparison.OrdinalIgnoreCase);
    }
}
