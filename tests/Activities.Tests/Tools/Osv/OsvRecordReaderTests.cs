using AtomicDevOps.Activities.Tools.Osv;

namespace AtomicDevOps.Activities.Tests.Tools.Osv;

public sealed class OsvRecordReaderTests
{
    [Fact]
    public void A_record_reads_the_same_in_JSON_and_in_YAML()
    {
        var json = OsvRecordReader.Read("""
            {"schema_version":"1.7.0","id":"A-1","summary":"s","aliases":["B-2"],"modified":"2024-01-01T00:00:00Z","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}],
             "affected":[{"package":{"ecosystem":"PyPI","name":"p","purl":"pkg:pypi/p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"last_affected":"1.0"}]}],"versions":["0.9"]}],
             "references":[{"type":"WEB","url":"https://example.com"}],"database_specific":{"any":[1,2]}}
            """);
        var yaml = OsvRecordReader.Read("""
            schema_version: 1.7.0
            id: A-1
            summary: s
            aliases: [B-2]
            modified: 2024-01-01T00:00:00Z
            severity:
            - {type: CVSS_V3, score: "CVSS:3.1/AV:N"}
            affected:
            - package: {ecosystem: PyPI, name: p, purl: "pkg:pypi/p"}
              ranges:
              - type: ECOSYSTEM
                events:
                - introduced: "0"
                - last_affected: 1.0
              versions: [0.9]
            references:
            - {type: WEB, url: https://example.com}
            """);

        yaml.ShouldBeEquivalentTo(json);
        json.Affected.ShouldHaveSingleItem().Ranges.ShouldHaveSingleItem().Events[1].LastAffected.ShouldBe("1.0");
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("just text", "")]
    [InlineData("{\"id\":", "")]
    [InlineData("{}", "id")]
    [InlineData("id: ''", "id")]
    [InlineData("id: A-1\nid: A-2", "second time")]
    [InlineData("id: A-1\naffected: 7", "affected")]
    [InlineData("{\"id\":\"A-1\",\"affected\":[{\"package\":{\"name\":\"p\"}}]}", "ecosystem")]
    [InlineData("id: &a A-1\nsummary: *a", "alias")]
    public void What_is_no_record_is_refused_with_the_reason(string text, string named) =>
        Should.Throw<FormatException>(() => OsvRecordReader.Read(text)).Message.ShouldContain(named);

    [Fact]
    public void Depth_and_size_have_an_end()
    {
        Should.Throw<FormatException>(() => OsvRecordReader.Read($"id: A-1\ndetails: {new string('[', 1000)}{new string(']', 1000)}")).Message.ShouldContain("levels");
        Should.Throw<FormatException>(() => OsvRecordReader.Read($"{{\"id\":\"A-1\",\"x\":{new string('[', 1000)}{new string(']', 1000)}}}"));
        Should.Throw<FormatException>(() => OsvRecordReader.Read(new string(' ', (16 * 1024 * 1024) + 1))).Message.ShouldContain("at most");
    }
}
