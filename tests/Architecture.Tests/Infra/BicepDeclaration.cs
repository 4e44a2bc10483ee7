using System.Text.RegularExpressions;

namespace AtomicDevOps.Architecture.Tests.Infra;

/// <summary>A declaration of a file, or a member of an object or of a type.</summary>
/// <param name="Keyword">Such as <c>param</c>; empty for a member.</param>
/// <param name="Text">All of it, without its decorators.</param>
internal sealed partial record BicepDeclaration(string Keyword, string Name, string Text, string Decorators)
{
    public string? Description => DescriptionText.Match(Decorators) is { Success: true } match ? match.Groups["text"].Value : null;

    /// <summary>What follows the colon of a member, or the equals sign of another declaration; null without one.</summary>
    public string? Value
    {
        get
        {
            var mask = BicepText.Mask(Text);
            for (int at = 0, depth = 0; at < mask.Length; at++)
            {
                depth += BicepText.Depth(mask[at]);
                if (depth == 0 && mask[at] == (Keyword.Length == 0 ? ':' : '='))
                {
                    return Text[(at + 1)..].Trim();
                }
            }

            return null;
        }
    }

    /// <summary>What stands in the first pair of braces of its value.</summary>
    public IEnumerable<BicepDeclaration> Members
    {
        get
        {
            var mask = BicepText.Mask(Text);
            var start = mask.IndexOf('{', StringComparison.Ordinal);
            if (start < 0)
            {
                return [];
            }

            var depth = 0;
            var end = start;
            do
            {
                depth += BicepText.Depth(mask[end++]);
            }
            while (depth > 0);
            return In(Text[(start + 1)..(end - 1)]);
        }
    }

    public static IEnumerable<BicepDeclaration> In(string text)
    {
        var decorators = "";
        foreach (var statement in BicepText.Statements(text))
        {
            if (statement.StartsWith('@'))
            {
                decorators += statement + "\n";
                continue;
            }

            var head = Head.Match(statement);
            if (head.Success)
            {
                yield return new BicepDeclaration(head.Groups["keyword"].Value, head.Groups["name"].Value, statement, decorators);
            }

            decorators = "";
        }
    }

    [GeneratedRegex("^(?:(?<keyword>param|output|resource|module|var|type|func) )?(?<name>[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Head { get; }

    [GeneratedRegex("@description\\('(?<text>(?:[^'\\\\]|\\\\.)+)'\\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex DescriptionText { get; }
}
