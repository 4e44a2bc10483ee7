using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Packages.Versions;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Packages.Versions;

/// <summary>The examples of https://github.com/npm/node-semver#ranges and https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html.</summary>
public sealed class SemanticRangeTests
{
    [Theory]
    [InlineData(">=1.2.7", "1.2.7 1.2.8 2.5.3 1.3.9", "1.2.6 1.1.0 2.0.0-rc")]
    [InlineData(">=1.2.7 <1.3.0", "1.2.7 1.2.8 1.2.99", "1.2.6 1.3.0 1.1.0")]
    [InlineData("1.2.7 || >=1.2.9 <2.0.0", "1.2.7 1.2.9 1.4.6", "1.2.8 2.0.0")]
    [InlineData(">1.2.3-alpha.3", "1.2.3-alpha.7 3.4.5 1.2.3", "3.4.5-alpha.9 1.2.3-alpha.3")]
    [InlineData("1.2.3 - 2.3.4", "1.2.3 2.3.4", "1.2.2 2.3.5")]
    [InlineData("1.2 - 2.3.4", "1.2.0", "1.1.9")]
    [InlineData("1.2.3 - 2.3", "2.3.9", "2.4.0 2.4.0-0")]
    [InlineData("1.2.3 - 2", "2.9.9", "3.0.0")]
    [InlineData("*", "0.0.0 9.9.9", "1.0.0-rc")]
    [InlineData("", "0.0.0 9.9.9", "1.0.0-rc")]
    [InlineData("1.x", "1.0.0 1.9.0", "2.0.0 0.9.0")]
    [InlineData("1.2.x", "1.2.0 1.2.9", "1.3.0")]
    [InlineData("=1.2", "1.2.0 1.2.9", "1.3.0")]
    [InlineData("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2 1.3.0-0")]
    [InlineData("~1.2", "1.2.0", "1.3.0")]
    [InlineData("~1", "1.9.9", "2.0.0")]
    [InlineData("~0.2.3", "0.2.3 0.2.9", "0.3.0")]
    [InlineData("~1.2.3-beta.2", "1.2.3-beta.4 1.2.4", "1.2.4-beta.2 1.2.3-beta.1")]
    [InlineData("~>1.2", "1.2.9", "1.3.0")]
    [InlineData("^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2 2.0.0-0")]
    [InlineData("^0.2.3", "0.2.3 0.2.9", "0.3.0")]
    [InlineData("^0.0.3", "0.0.3", "0.0.4")]
    [InlineData("^1.2.3-beta.2", "1.2.3-beta.4 1.8.1", "1.2.4-beta.2 2.0.0")]
    [InlineData("^0.0.3-beta", "0.0.3-pr.2 0.0.3", "0.0.4")]
    [InlineData("^1.2.x", "1.2.0 1.9.0", "2.0.0")]
    [InlineData("^0.0.x", "0.0.0 0.0.9", "0.1.0")]
    [InlineData("^0.0", "0.0.9", "0.1.0")]
    [InlineData("^0.x", "0.9.0", "1.0.0")]
    [InlineData(">1.2", "1.3.0", "1.2.9")]
    [InlineData("<=1.2", "1.2.9", "1.3.0")]
    [InlineData("<1.2", "1.1.9", "1.2.0 1.2.0-rc")]
    [InlineData(">*", "", "0.0.0 1.0.0")]
    [InlineData("v1.2.3", "1.2.3", "1.2.4")]
    [InlineData(">= 1.2.3  < 2", "1.9.0", "2.0.0")]
    [InlineData("^ 1.2", "1.9.0", "2.0.0")]
    public void A_range_of_npm_admits_what_node_s_rules_say(string range, string admitted, string refused)
    {
        var read = SemanticRange.ReadNpm(range).ShouldNotBeNull();

        admitted.Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldAllBe(version => read.Admits(SemanticVersion.Read(version)!, false));
        refused.Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldAllBe(version => !read.Admits(SemanticVersion.Read(version)!, false));
    }

    [Theory]
    [InlineData("1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2")]
    [InlineData("1.2", "1.2.0 1.9.0", "2.0.0")]
    [InlineData("1", "1.0.0 1.9.0", "2.0.0")]
    [InlineData("0.2.3", "0.2.3", "0.3.0")]
    [InlineData("0.0", "0.0.9", "0.1.0")]
    [InlineData("0", "0.9.0", "1.0.0")]
    [InlineData("~1.2.3", "1.2.9", "1.3.0")]
    [InlineData("~1.2", "1.2.0", "1.3.0")]
    [InlineData("~1", "1.9.0", "2.0.0")]
    [InlineData("*", "0.1.0 9.0.0", "1.0.0-rc.1")]
    [InlineData("1.*", "1.9.0", "2.0.0")]
    [InlineData("1.2.*", "1.2.9", "1.3.0")]
    [InlineData(">= 1.2.0", "1.2.0 9.0.0", "1.1.9")]
    [InlineData("< 2", "1.9.9", "2.0.0")]
    [InlineData("= 1.2.3", "1.2.3", "1.2.4")]
    [InlineData(">= 1.2, < 1.5", "1.4.9", "1.5.0 1.1.9")]
    public void A_requirement_of_Cargo_admits_what_its_book_says(string range, string admitted, string refused)
    {
        var read = SemanticRange.ReadCargo(range).ShouldNotBeNull();

        admitted.Split(' ').ShouldAllBe(version => read.Admits(SemanticVersion.Read(version)!, false));
        refused.Split(' ').ShouldAllBe(version => !read.Admits(SemanticVersion.Read(version)!, false));
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("1.2.3.4")]
    [InlineData("git+https://example.com/x.git")]
    [InlineData("==1.2.3")]
    [InlineData("><1")]
    [InlineData("1.2-beta")]
    [InlineData("01.2.3")]
    public void What_is_no_range_is_none(string text) => SemanticRange.ReadNpm(text).ShouldBeNull();

    [Fact]
    public void Any_text_is_a_range_or_none()
    {
        var text = Gen.Elements("1", "0", ".", "2.3", "x", "*", "^", "~", ">", "<", "=", " ", "||", "|", " - ", "-", "a", "+b", "v", ",", "é").ListOf().Select(static parts => string.Concat(parts));
        var version = SemanticVersion.Read("1.0.0")!;

        Prop.ForAll(text.ToArbitrary(), each =>
        {
            SemanticRange.ReadNpm(each)?.Admits(version);
            SemanticRange.ReadCargo(each)?.Admits(version);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
        SemanticRange.ReadNpm(new string(' ', 4097)).ShouldBeNull();
    }

    [Theory]
    [InlineData("1.2.3", "1.4.0", "1.4.0")]
    [InlineData("=1.2.3", "2.0.0", "=2.0.0")]
    [InlineData("v1.2.3", "1.4.0", "1.4.0")]
    [InlineData("^1.2.3", "1.4.0", "^1.4.0")]
    [InlineData("^1.2.3", "2.0.0", null)]
    [InlineData("~1.2.3", "1.2.9", "~1.2.9")]
    [InlineData("~1.2.3", "1.3.0", null)]
    [InlineData("1.x", "1.4.0", "^1.4.0")]
    [InlineData("1.2.x", "1.2.9", "~1.2.9")]
    [InlineData("1", "1.4.0", "^1.4.0")]
    [InlineData("*", "1.4.0", ">=1.4.0")]
    [InlineData("", "1.4.0", ">=1.4.0")]
    [InlineData(">=1.2.3 <2", "1.4.0", ">=1.4.0 <2")]
    [InlineData(">1.2.3 <2", "1.4.0", ">=1.4.0 <2")]
    [InlineData("<2", "1.4.0", ">=1.4.0 <2")]
    [InlineData("1.2.3 - 1.9.0", "1.4.0", "1.4.0 - 1.9.0")]
    [InlineData("^1.2.3 || ^2.0.0", "2.3.0", "^2.3.0")]
    [InlineData("^1.2.3 || ^2.0.0", "1.4.0", "^1.4.0 || ^2.0.0")]
    [InlineData("^2.0.0", "1.4.0", null)]
    [InlineData("1.5.0", "1.4.0", null)]
    [InlineData("latest", "1.4.0", null)]
    [InlineData("^1.2.3", "not one", null)]
    public void A_range_of_npm_keeps_its_upper_end(string constraint, string version, string? expected) =>
        ConstraintRules.Of(ConstraintSyntax.Npm).Raise(constraint, version).ShouldBe(expected);

    [Theory]
    [InlineData("1.2", "1.4.0", "1.4.0")]
    [InlineData("1.2", "2.0.0", null)]
    [InlineData("=1.2.3", "2.0.0", "=2.0.0")]
    [InlineData("~1.2", "1.2.9", "~1.2.9")]
    [InlineData("1.*", "1.4.0", "^1.4.0")]
    [InlineData("*", "1.4.0", ">=1.4.0")]
    [InlineData(">= 1.2, < 2", "1.4.0", ">= 1.4.0, < 2")]
    [InlineData("<2", "1.4.0", ">=1.4.0, <2")]
    public void A_requirement_of_Cargo_keeps_its_upper_end(string constraint, string version, string? expected) =>
        ConstraintRules.Of(ConstraintSyntax.Cargo).Raise(constraint, version).ShouldBe(expected);

    [Fact]
    public void What_is_raised_admits_the_version_nothing_before_it_and_nothing_that_was_ruled_out()
    {
        var version = from a in Gen.Choose(0, 3) from b in Gen.Choose(0, 3) from c in Gen.Choose(0, 3) select $"{a}.{b}.{c}";
        var term = from sign in Gen.Elements("", "^", "~", ">=", ">", "<", "<=", "=") from v in Gen.OneOf(version, version.Select(static each => each[..3]), version.Select(static each => each[..1] + ".x"), Gen.Constant("*")) select sign + v;
        var alternative = Gen.OneOf(term, from one in term from other in term select $"{one} {other}", from low in version from high in version select $"{low} - {high}");
        var range = Gen.OneOf(alternative, from one in alternative from other in alternative select $"{one} || {other}");
        var all = (from a in Enumerable.Range(0, 5) from b in Enumerable.Range(0, 5) from c in Enumerable.Range(0, 5) select SemanticVersion.Read($"{a}.{b}.{c}")!).ToArray();

        Prop.ForAll(Gen.Zip(range, version).ToArbitrary(), each =>
        {
            var (constraint, to) = each;
            var before = SemanticRange.ReadNpm(constraint)!;
            if (ConstraintRules.Of(ConstraintSyntax.Npm).Raise(constraint, to) is not { } raised)
            {
                return true;
            }

            var after = SemanticRange.ReadNpm(raised)!;
            var target = SemanticVersion.Read(to)!;
            return after.Admits(target) && all.Where(one => after.Admits(one)).All(one => one >= target && (before.Pinned is not null || before.Admits(one)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }
}
