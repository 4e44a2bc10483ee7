using AtomicDevOps.Activities.Tools.Osv;

namespace AtomicDevOps.Activities.Tests.Tools.Osv;

public sealed class OsvEvaluationTests
{
    private const string Yaml = """
        id: PYSEC-2021-1
        aliases:
        - CVE-2021-1
        severity:
        - type: CVSS_V3
          score: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
        affected:
        - package:
            name: Some_Package
            ecosystem: PyPI
          ranges:
          - type: GIT
            repo: https://github.com/octo/some-package
            events:
            - introduced: "0"
            - fixed: 3712a2d3455e6ccb924daa5724a3652a86f6b585
          - type: ECOSYSTEM
            events:
            - introduced: "2.0"
            - fixed: 2.5.2
            - introduced: "0"
            - fixed: 1.4.4
            - introduced: 3.0rc1
            - last_affected: 3.1
          versions:
          - 0.9
          - 5.0
        modified: "2021-12-09T06:35:45.274918Z"
        """;

    [Theory]
    [InlineData("0.dev0", true)]
    [InlineData("0.9", true)]
    [InlineData("1.4.3", true)]
    [InlineData("1.4.4rc1", true)]
    [InlineData("1.4.4.dev1", true)]
    [InlineData("1.4.4", false)]
    [InlineData("1.4.4.post1", false)]
    [InlineData("1.4.4+local", false)]
    [InlineData("1.4.3+local", true)]
    [InlineData("2.0rc1", false)]
    [InlineData("2", true)]
    [InlineData("2.5.1.post9", true)]
    [InlineData("2.5.2", false)]
    [InlineData("3.0b1", false)]
    [InlineData("3.0rc1", true)]
    [InlineData("3.1.0", true)]
    [InlineData("3.1.post1", false)]
    [InlineData("5", true)]
    [InlineData("5.0.0+cu113", true)]
    [InlineData("5.0.1", false)]
    [InlineData("1!0.5", false)]
    public void A_version_is_affected_where_a_range_or_the_list_holds_it(string version, bool isAffected) =>
        OsvEvaluation.Evaluate(OsvRecordReader.Read(Yaml), "PyPI", "some.package", version).ShouldBe(isAffected ? OsvVerdict.Affected : OsvVerdict.NotAffected);

    [Theory]
    [InlineData("0.9", "1.4.4")]
    [InlineData("2.1", "2.5.2")]
    [InlineData("3.0", null)]
    public void The_first_fix_is_the_one_of_the_version_s_own_range(string version, string? fix) =>
        OsvEvaluation.FirstFixed(OsvRecordReader.Read(Yaml), "PyPI", "some-package", version).ShouldBe(fix);

    [Fact]
    public void What_cannot_be_read_is_unknown_and_never_clean()
    {
        OsvEvaluation.Evaluate(OsvRecordReader.Read(Yaml), "PyPI", "some-package", "french toast").ShouldBe(OsvVerdict.Unknown);
        OsvEvaluation.Evaluate(OsvRecordReader.Read(Yaml.Replace("2.5.2", "one day", StringComparison.Ordinal)), "PyPI", "some-package", "1.0").ShouldBe(OsvVerdict.Unknown);
        OsvEvaluation.Evaluate(OsvRecordReader.Read(Yaml.Replace("PyPI", "Unheard", StringComparison.Ordinal)), "Unheard", "Some_Package", "1.0").ShouldBe(OsvVerdict.Unknown);
    }

    [Fact]
    public void Another_package_another_ecosystem_and_a_withdrawn_record_are_not_affected()
    {
        OsvEvaluation.Evaluate(OsvRecordReader.Read(Yaml), "PyPI", "another", "1.0").ShouldBe(OsvVerdict.NotAffected);
        OsvEvaluation.Evaluate(OsvRecordReader.Read(Yaml), "npm", "some-package", "1.0").ShouldBe(OsvVerdict.NotAffected);
        OsvEvaluation.Evaluate(OsvRecordReader.Read($"{Yaml}\nwithdrawn: \"2022-01-01T00:00:00Z\""), "PyPI", "some-package", "1.0").ShouldBe(OsvVerdict.NotAffected);
    }

    [Fact]
    public void A_part_of_a_range_may_begin_where_another_one_ends_in_any_order_of_the_record()
    {
        const string Json = """
            {"id":"X-1","affected":[{"package":{"ecosystem":"PyPI","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[
              {"introduced":"0"},{"fixed":"3.1.1"},{"introduced":"3.2.0"},{"fixed":"3.2.2"},{"introduced":"3.1.1"},{"fixed":"3.2"}]}]}]}
            """;
        var record = OsvRecordReader.Read(Json);

        OsvEvaluation.Evaluate(record, "PyPI", "p", "3.1.1").ShouldBe(OsvVerdict.Affected);
        OsvEvaluation.Evaluate(record, "PyPI", "p", "3.2.0").ShouldBe(OsvVerdict.Affected);
        OsvEvaluation.Evaluate(record, "PyPI", "p", "3.2.2").ShouldBe(OsvVerdict.NotAffected);
    }

    [Fact]
    public void Events_of_one_version_count_in_the_order_of_the_record()
    {
        const string Json = """
            {"id":"X-1","affected":[{"package":{"ecosystem":"PyPI","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[
              {"introduced":"0"},{"fixed":"1.0"},{"introduced":"1.0"},{"fixed":"2.0"},{"introduced":"3.0"},{"fixed":"3.0"}]}]}]}
            """;
        var record = OsvRecordReader.Read(Json);

        OsvEvaluation.Evaluate(record, "PyPI", "p", "1.0").ShouldBe(OsvVerdict.Affected);
        OsvEvaluation.Evaluate(record, "PyPI", "p", "2.0").ShouldBe(OsvVerdict.NotAffected);
        OsvEvaluation.Evaluate(record, "PyPI", "p", "3.0").ShouldBe(OsvVerdict.NotAffected);
    }
}
