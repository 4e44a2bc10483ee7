using System.Text.RegularExpressions;

namespace AtomicDevOps.Architecture.Tests.Docs;

/// <summary>Reads what a page of documentation says in a form that can be checked.</summary>
internal static partial class Page
{
    /// <summary>The content of each fenced block in one language.</summary>
    public static IReadOnlyList<string> BlocksOf(string path, string language) =>
        [.. from Match block in Fence.Matches(Repository.Read(path))
            where string.Equals(block.Groups["language"].Value, language, StringComparison.Ordinal)
            select block.Groups["content"].Value];

    /// <summary>The rows of the page's tables whose first cell is code: that code, and the other cells.</summary>
    public static IReadOnlyList<(string Code, IReadOnlyList<string> Cells)> RowsOf(string path) =>
        [.. from line in Repository.Read(path).Split('\n')
            where line.StartsWith("| `", StringComparison.Ordinal)
            let cells = line.Trim().Trim('|').Split(" | ").Select(cell => cell.Trim()).ToArray()
            select (cells[0].Trim('`'), (IReadOnlyList<string>)cells[1..])];

    [GeneratedRegex("^```(?<language>[a-z]+)\n(?<content>.*?)^```$", RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Fence { get; }
}
