using AtomicDevOps.Activities.Packages.Versions;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Packages.Versions;

/// <summary>The examples of https://packaging.python.org/en/latest/specifications/version-specifiers/, and those between them.</summary>
public sealed class PythonVersionSpecifierTests
{
    [Theory]
    [InlineData("~=2.2", "2.2 2.3 2.2.post3 2.99", "2.1 3.0 2.2rc1 1!2.3")]
    [InlineData("~=1.4.5", "1.4.5 1.4.6 1.4.5.post1", "1.4.4 1.5 1.5.0")]
    [InlineData("~=2.2.post3", "2.2.post3 2.3 2.2.post4", "2.2 2.2.post2 3.0")]
    [InlineData("~=1.4.5a4", "1.4.5a4 1.4.5 1.4.9", "1.4.5a3 1.5.0")]
    [InlineData("~=2.2.0", "2.2.0 2.2.9", "2.3")]
    [InlineData("==1.1", "1.1 1.1.0 1.1+local.1", "1.1.post1 1.1a1 1.1.dev1 1.1.1")]
    [InlineData("==1.1.post1", "1.1.post1", "1.1 1.1.post2")]
    [InlineData("==1.1.*", "1.1 1.1.post1 1.1.5 1.1+x", "1.2 1.10 1.1a1")]
    [InlineData("==1.1.*,>=1.1a0", "1.1a1 1.1", "1.1.dev1 1.2")]
    [InlineData("==1.1a1", "1.1a1", "1.1 1.1a2")]
    [InlineData("==1.1+local.1", "1.1+local.1 1.1+LOCAL-1", "1.1 1.1+local.2")]
    [InlineData("!=1.1", "1.1.post1 1.2", "1.1 1.1.0 1.1+local")]
    [InlineData("!=1.1.*", "1.2 1.0", "1.1 1.1.post1 1.1.3")]
    [InlineData("!=1.1.post1", "1.1", "1.1.post1")]
    [InlineData(">1.7", "1.7.1 1.8", "1.7 1.7.0.post1 1.7.post2 1.7+local 1.6")]
    [InlineData(">1.7.post2", "1.7.1 1.7.0.post3", "1.7.0 1.7.post2")]
    [InlineData("<3.1", "3.0 3.0.post9", "3.1.dev1 3.1a1 3.1")]
    [InlineData("<3.1rc1", "3.0", "3.1rc1 3.1")]
    [InlineData("<=1.5", "1.5 1.4 1.5+local", "1.5.1 1.6")]
    [InlineData(">=1.5", "1.5 1.5+local 2", "1.4 1.5.dev1")]
    [InlineData("===1.0.0", "1.0.0", "1.0 1.0.0.1")]
    [InlineData("~=0.9,>=1.0,!=1.3.4.*,<2.0", "", "0.9 1.3.4 2.0")]
    [InlineData(">= 0.9, < 2.0, != 1.3.4.*", "0.9 1.0 1.3.5", "2.0 1.3.4 1.3.4.7")]
    [InlineData("", "1.0 2!3", "1.0a1 1.0.dev1")]
    [InlineData(">=1.0 ,", "1.0", "0.9")]
    public void A_specifier_admits_what_the_specification_says(string specifier, string admitted, string refused)
    {
        var read = PythonVersionSpecifier.Parse(specifier);

        admitted.Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldAllBe(version => read.Admits(PythonVersion.Parse(version), false));
        refused.Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldAllBe(version => !read.Admits(PythonVersion.Parse(version), false));
    }

    [Fact]
    public void Pre_releases_are_admitted_where_they_are_named_or_asked_for()
    {
        var plain = PythonVersionSpecifier.Parse(">=1.0");

        plain.Admits(PythonVersion.Parse("1.1rc1")).ShouldBeFalse();
        plain.Admits(PythonVersion.Parse("1.1rc1"), withPrereleases: true).ShouldBeTrue();
        PythonVersionSpecifier.Parse(">=1.0.dev0").Admits(PythonVersion.Parse("1.1rc1")).ShouldBeTrue();
        PythonVersionSpecifier.Parse("<2.0rc1").Admits(PythonVersion.Parse("1.1rc1")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("1.0")]
    [InlineData("=1.0")]
    [InlineData("==")]
    [InlineData(">=1.0.*")]
    [InlineData("~=1")]
    [InlineData("==1.0.dev1.*")]
    [InlineData("==1.0+local.*")]
    [InlineData(">=1.0+local")]
    [InlineData(">=1.0,,<2")]
    [InlineData("=> 1.0")]
    [InlineData("===a b")]
    [InlineData("^1.0")]
    public void What_says_no_versions_is_refused(string text) =>
        Should.Throw<FormatException>(() => PythonVersionSpecifier.Parse(text)).Message.ShouldContain("right would be");

    [Fact]
    public void Any_text_is_a_specifier_or_none()
    {
        var text = Gen.Elements("==", "===", "!=", "~=", "<", ">", "=", "1", ".0", ".*", "a1", ",", " ", "+x", "!", "^", "é").ListOf().Select(static parts => string.Concat(parts));
        var version = PythonVersion.Parse("1.0");

        Prop.ForAll(text.ToArbitrary(), each => !PythonVersionSpecifier.TryParse(each, out var specifier) || specifier.Admits(version) || !specifier.Admits(version))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
        PythonVersionSpecifier.TryParse(string.Join(',', Enumerable.Repeat("==1", 2_000)), out _).ShouldBeFalse();
    }
}
