using System.Text.RegularExpressions;

namespace AtomicDevOps.Architecture.Tests.Docs;

public sealed partial class DecisionTests
{
    public static TheoryData<string> Decisions { get; } = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "decisions"), "*.md")];

    [Theory, MemberData(nameof(Decisions))]
    public void A_decision_is_half_a_page_of_context_choice_and_consequence(string page)
    {
        var text = File.ReadAllText(page);

        Path.GetFileName(page).ShouldMatch("^[0-9]{4}-[a-z0-9-]+\\.md$");
        Parts.IsMatch(text).ShouldBeTrue(page);
        text.Split('\n').Length.ShouldBeLessThan(40, page);
    }

    [GeneratedRegex(@"^# .+?\*\*Context\.\*\*.+?\*\*Choice\.\*\*.+?\*\*Consequence\.\*\*", RegexOptions.Singleline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Parts { get; }
}
