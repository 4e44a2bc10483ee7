using AtomicDevOps.Activities.Packages.Versions;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Packages.Versions;

public sealed class PythonVersionTests
{
    /// <summary>In the order that the specification gives, release by release.</summary>
    private static readonly string[] Ordered =
    [
        "0.dev0", "0", "0.0.1.dev1", "0.9", "1.0.dev0", "1.0.dev456", "1.0a0.dev1", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2",
        "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1", "1.0", "1.0+abc.5", "1.0+abc.7", "1.0+5", "1.0+5.0", "1.0.post456.dev34", "1.0.post456",
        "1.0.15", "1.1.dev1", "1.1", "2012.2", "1!0.1.dev0", "1!0.1", "2!0",
    ];

    [Fact]
    public void Versions_are_in_the_order_of_the_specification()
    {
        var versions = Ordered.Select(PythonVersion.Parse).ToArray();

        for (var one = 0; one < versions.Length; one++)
        {
            for (var other = 0; other < versions.Length; other++)
            {
                Math.Sign(versions[one].CompareTo(versions[other])).ShouldBe(Math.Sign(one - other), $"{Ordered[one]} against {Ordered[other]}");
            }
        }
    }

    [Theory]
    [InlineData("1.0", "1", "1.0.0", "v1.0", " 1.0 ", "01.0", "0!1.0")]
    [InlineData("1.0a1", "1.0.a1", "1.0-alpha1", "1.0_ALPHA.1", "1.0alpha-1")]
    [InlineData("1.0a0", "1.0a", "1.0.alpha", "1.0-a")]
    [InlineData("1.0rc2", "1.0c2", "1.0-pre2", "1.0.preview_2", "1.0RC02")]
    [InlineData("1.0.post4", "1.0-4", "1.0post4", "1.0-r4", "1.0.rev4", "1.0_post.4")]
    [InlineData("1.0.post0", "1.0post", "1.0.r")]
    [InlineData("1.0.dev3", "1.0dev3", "1.0-dev-3", "1.0_DEV3")]
    [InlineData("1.0+ubuntu.1", "1.0+ubuntu-1", "1.0+Ubuntu_01")]
    public void Spellings_of_one_version_are_equal_and_written_in_the_normal_one(string normal, params string[] others)
    {
        var version = PythonVersion.Parse(normal);

        version.ToString().ShouldBe(normal);
        foreach (var other in others.Select(PythonVersion.Parse))
        {
            other.ShouldBe(version);
            other.GetHashCode().ShouldBe(version.GetHashCode());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("french toast")]
    [InlineData("1.0+")]
    [InlineData("1.0+_foobar")]
    [InlineData("1.0+foo&asd")]
    [InlineData("1.0+1+1")]
    [InlineData("1..0")]
    [InlineData("1.0.")]
    [InlineData("1!")]
    [InlineData("1.0.post1.post2")]
    [InlineData("1.0dev1a1")]
    [InlineData("１.0")]
    public void What_is_no_version_is_refused(string text)
    {
        PythonVersion.TryParse(text, out _).ShouldBeFalse();
        Should.Throw<FormatException>(() => PythonVersion.Parse(text)).Message.ShouldContain("right would be");
    }

    [Fact]
    public void Numbers_are_as_large_as_they_are_written_and_texts_as_long_as_is_allowed()
    {
        PythonVersion.Parse("1.99999999999999999999999999").ShouldBeGreaterThan(PythonVersion.Parse("1.99999999999999999999999998"));
        PythonVersion.TryParse(new string('1', 256), out _).ShouldBeTrue();
        PythonVersion.TryParse(new string('1', 257), out _).ShouldBeFalse();
    }

    [Fact]
    public void Any_text_is_a_version_that_reads_as_itself_or_none()
    {
        var text = Gen.Elements("1", "0", "23", ".", "-", "_", "!", "+", "a", "b", "c", "rc", "pre", "post", "rev", "r", "dev", "v", "alpha", "x", " ", "é").ListOf().Select(static parts => string.Concat(parts));

        Prop.ForAll(text.ToArbitrary(), static each => !PythonVersion.TryParse(each, out var version)
            || (PythonVersion.TryParse(version.ToString(), out var again) && again == version && string.Equals(again.ToString(), version.ToString(), StringComparison.Ordinal)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void The_order_is_total()
    {
        var number = Gen.Choose(0, 3).Select(static n => $"{n}");
        var version =
            from epoch in Gen.Elements("", "", "1!")
            from release in number.NonEmptyListOf()
            from pre in Gen.Elements("", "", "a1", "b2", "rc1")
            from post in Gen.Elements("", "", ".post1")
            from development in Gen.Elements("", "", ".dev1")
            from local in Gen.Elements("", "", "+a", "+1", "+a.1")
            select PythonVersion.Parse($"{epoch}{string.Join('.', release)}{pre}{post}{development}{local}");

        Prop.ForAll(Gen.Three(version).ToArbitrary(), static three =>
        {
            var (a, b, c) = three;
            return Math.Sign(a.CompareTo(b)) == -Math.Sign(b.CompareTo(a))
                && (a.CompareTo(b) > 0 || b.CompareTo(c) > 0 || a.CompareTo(c) <= 0)
                && a == b == (a.CompareTo(b) == 0)
                && (a != b || a.GetHashCode() == b.GetHashCode());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }
}
