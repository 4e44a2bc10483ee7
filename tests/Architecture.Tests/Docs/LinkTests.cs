using System.Text.RegularExpressions;

namespace AtomicDevOps.Architecture.Tests.Docs;

public sealed partial class LinkTests
{
    public static TheoryData<string> Pages { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.md"),
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories),
    ];

    [Theory, MemberData(nameof(Pages))]
    public void Every_link_leads_somewhere(string page)
    {
        var broken = from Match link in Link.Matches(File.ReadAllText(page))
                     let target = link.Groups["path"].Value
                     let path = target.Length == 0 ? page : Path.GetFullPath(target, Path.GetDirectoryName(page)!)
                     let anchor = link.Groups["anchor"].Value
                     where !(File.Exists(path) || (Directory.Exists(path) && anchor.Length == 0))
                        || (anchor.Length > 0 && !AnchorsOf(path).Contains(anchor, StringComparer.Ordinal))
                     select link.Value;

        broken.ShouldBeEmpty(Path.GetRelativePath(Repository.Root, page));
    }

    [Theory, MemberData(nameof(Pages))]
    public void Every_path_in_code_exists(string page)
    {
        var missing = from Match code in CodePath.Matches(File.ReadAllText(page))
                      let path = code.Groups["path"].Value
                      where !File.Exists(Path.Combine(Repository.Root, path)) && !Directory.Exists(Path.Combine(Repository.Root, path))
                      select path;

        missing.ShouldBeEmpty(Path.GetRelativePath(Repository.Root, page));
    }

    private static IEnumerable<string> AnchorsOf(string page) =>
        from Match heading in Heading.Matches(File.ReadAllText(page))
        select NoAnchor.Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\((?!https?:|mailto:)(?<path>[^)#\s]*)(?:#(?<anchor>[^)\s]+))?\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Link { get; }

    [GeneratedRegex("""[`\s](?:\./)?(?<path>(?:\.ci|bench|docs|eng|infra|samples|src|tests|tools)(?:/[A-Za-z0-9_.-]+)+)(?=[`\s/])""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex CodePath { get; }

    [GeneratedRegex("^#+ (?<text>.+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Heading { get; }

    [GeneratedRegex("[^a-z0-9 _-]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex NoAnchor { get; }
}
