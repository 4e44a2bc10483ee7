namespace AtomicDevOps.Conformance.Tests.Harness;

public sealed class HostFeatureTests
{
    [Fact]
    public void The_page_says_of_each_feature_why_a_host_lacks_it()
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "embedded-host.md"));

        foreach (var feature in Enum.GetValues<HostFeature>())
        {
            page.ShouldContain($"\n| `{feature}` | ");
        }
    }
}
