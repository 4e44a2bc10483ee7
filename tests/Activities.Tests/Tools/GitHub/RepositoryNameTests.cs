using System.Text.Json;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

public sealed class RepositoryNameTests
{
    [Theory]
    [InlineData("octo/hello")]
    [InlineData("Octo-Org/.github")]
    [InlineData("a/b.c_d-e")]
    [InlineData("short_enterprise/x")]
    public void What_GitHub_allows_is_parsed_and_printed_the_same(string text)
        => RepositoryName.Parse(text).ToString().ShouldBe(text);

    [Theory]
    [InlineData("")]
    [InlineData("octo")]
    [InlineData("octo/")]
    [InlineData("/hello")]
    [InlineData("octo/hello/more")]
    [InlineData("octo/..")]
    [InlineData("octo/.")]
    [InlineData("-octo/hello")]
    [InlineData("octo/he llo")]
    [InlineData("octo/hello?x=1")]
    [InlineData("octo/hello\n")]
    [InlineData("öcto/hello")]
    public void What_could_leave_its_place_in_an_address_is_refused(string text)
    {
        RepositoryName.TryParse(text, out _).ShouldBeFalse();
        Should.Throw<FormatException>(() => RepositoryName.Parse(text)).Message.ShouldContain("owner/name");
    }

    [Fact]
    public void A_part_beyond_100_characters_is_refused()
        => RepositoryName.TryParse($"octo/{new string('x', 101)}", out _).ShouldBeFalse();

    [Fact]
    public void Case_makes_no_difference()
    {
        RepositoryName.Parse("Octo/Hello").ShouldBe(RepositoryName.Parse("octo/hELLO"));
        RepositoryName.Parse("Octo/Hello").GetHashCode().ShouldBe(RepositoryName.Parse("octo/hELLO").GetHashCode());
    }

    [Fact]
    public void Json_holds_it_as_one_string()
    {
        var json = JsonSerializer.Serialize(RepositoryName.Parse("octo/hello"), JsonDefaults.Options);
        json.ShouldBe("\"octo/hello\"");
        JsonSerializer.Deserialize<RepositoryName>(json, JsonDefaults.Options).ShouldBe(RepositoryName.Parse("octo/hello"));
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize<RepositoryName>("\"octo\"", JsonDefaults.Options));
    }
}
