using AtomicDevOps.Activities.Packages.Versions;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Packages.Versions;

/// <summary>What holds for the versions of every ecosystem, and each one's published order.</summary>
public sealed class VersionSchemeTests
{
    private static readonly string[] Pieces = ["0", "1", "2", "10", "00", ".", "-", "_", "~", "+", ":", "v", "a", "b", "rc", "alpha", "final", "ga", "sp", "snapshot", "RC", "x", "*", " ", "é", "\0", "١"];

    public static TheoryData<string> Ecosystems => ["npm", "NuGet", "Go", "crates.io", "Maven", "Debian:12"];

    /// <summary>Ever later ones, those with a space between them equal.</summary>
    public static TheoryData<string, string[]> Ordered => new()
    {
        { "npm", ["0.0.0-0", "0.0.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0 1.0.0+build v1.0.0", "1.0.1-0", "1.2.0", "1.10.0", "99999999999999999999.0.0"] },
        { "crates.io", ["0.9.9", "1.0.0-alpha.1", "1.0.0", "1.0.1-rc.1+x", "1.0.1 1.0.1+y"] },
        { "Go", ["v0.0.0-20170915032832-14c0d48ead0c", "v0.0.0-20180101000000-abcdefabcdef", "v0.0.0", "v1.0.0-pre", "v1.0.0 1.0.0", "v1.0.1-0.20190101000000-abcdefabcdef", "v1.0.1", "v2.0.0+incompatible v2.0.0"] },
        { "NuGet", ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta 1.0.0-BETA", "1.0.0-beta.2", "1.0.0-beta.11", "1.0 1.0.0 1.0.0.0 1.0.0+meta", "1.0.0.1", "1.0.1", "2.0"] },
        { "Maven", ["1-alpha-1 1-a1", "1-alpha-2", "1-beta-1 1.0b1", "1-milestone-1 1-m1", "1-rc-1 1-cr-1", "1-SNAPSHOT 1.0-snapshot", "1 1.0 1.ga 1-ga 1-0 1.0.0-final", "1-sp", "1-foo2 1.foo2", "1-foo10", "1-1 1-ga-1", "1.0.1-rc", "1.0.1", "1.1", "1.2", "1.10"] },
        { "Debian:12", ["0~~", "0~~a", "0~", "0", "1.0~beta1~svn1245", "1.0~beta1", "1.0 1.0-0 0:1.0 1.00", "1.0-1~bpo1", "1.0-1", "1.0-1+deb12u1", "1.0-10", "1.0a", "1.0+b1", "1.0.1", "1.2.3-1", "1:0.1"] },
    };

    [Theory]
    [MemberData(nameof(Ordered))]
    public void Versions_are_in_their_ecosystem_s_order(string ecosystem, string[] ordered)
    {
        var scheme = VersionScheme.Find(ecosystem)!;
        var versions = ordered.SelectMany(static (texts, place) => texts.Split(' ').Select(text => (Text: text, Place: place)))
            .Select(each => (each.Text, each.Place, Version: scheme.Read(each.Text).ShouldNotBeNull(each.Text))).ToArray();

        foreach (var one in versions)
        {
            foreach (var other in versions)
            {
                Math.Sign(one.Version.CompareTo(other.Version)).ShouldBe(Math.Sign(one.Place - other.Place), $"{one.Text} against {other.Text}");
                one.Version.Equals(other.Version).ShouldBe(one.Place == other.Place, $"{one.Text} against {other.Text}");
            }
        }
    }

    /// <summary>The examples of https://maven.apache.org/pom.html#version-order-testing.</summary>
    [Theory]
    [InlineData("1", "<", "1.1")]
    [InlineData("1-snapshot", "<", "1")]
    [InlineData("1", "<", "1-sp")]
    [InlineData("1-foo2", "<", "1-foo10")]
    [InlineData("1.foo", "=", "1-foo")]
    [InlineData("1-foo", "<", "1-1")]
    [InlineData("1-1", "<", "1.1")]
    [InlineData("1.ga", "=", "1-ga")]
    [InlineData("1-ga", "=", "1-0")]
    [InlineData("1-0", "=", "1.0")]
    [InlineData("1.0", "=", "1")]
    [InlineData("1-sp", ">", "1-ga")]
    [InlineData("1-sp.1", ">", "1-ga.1")]
    [InlineData("1-sp-1", "<", "1-ga-1")]
    [InlineData("1-ga-1", "=", "1-1")]
    [InlineData("1-a1", "=", "1-alpha-1")]
    [InlineData("1.0-alpha1", "=", "1.0-ALPHA1")]
    [InlineData("1.7", ">", "1.K")]
    [InlineData("5.zebra", ">", "5.aardvark")]
    [InlineData("1.α", ">", "1.b")]
    [InlineData("1.0.RC2", "<", "1.0-RC3")]
    [InlineData("1.0-RC3", "<", "1.0.1")]
    [InlineData("1.0.0-foo.0.0", "=", "1-foo")]
    [InlineData("1.0.0-0.0.0", "=", "1")]
    public void Maven_s_own_examples_hold(string one, string sign, string other)
    {
        var order = VersionScheme.Find("Maven")!.Read(one)!.CompareTo(VersionScheme.Find("Maven")!.Read(other));

        (order < 0 ? "<" : order > 0 ? ">" : "=").ShouldBe(sign);
    }

    [Theory]
    [InlineData("npm", "1.2 1 01.2.3 1.2.3-01 1.2.3- 1.2.3-a..b 1.2.3+ 1.2.3.4 latest ^1.2.3 =v1.2.3")]
    [InlineData("crates.io", "1.2 1.2.3.4 a")]
    [InlineData("Go", "latest v1.2.3.4 master v1.x")]
    [InlineData("NuGet", "latest 1.*  1.0.0- [1.0] 99999999999.0.0")]
    [InlineData("Maven", "${x} [1,2) (,1]")]
    [InlineData("Debian:12", ":1 a:1 1- -1 1_0 1:")]
    public void What_is_no_version_is_none(string ecosystem, string texts)
    {
        VersionScheme.Find(ecosystem)!.Read(string.Empty).ShouldBeNull();
        foreach (var text in texts.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            VersionScheme.Find(ecosystem)!.Read(text).ShouldBeNull(text);
        }
    }

    [Theory]
    [MemberData(nameof(Ecosystems))]
    public void The_order_is_total(string ecosystem)
    {
        var scheme = VersionScheme.Find(ecosystem)!;

        // Semantic versions have three numbers without leading zeros: others are none, and making them would be in vain.
        var isSemantic = ecosystem is "npm" or "crates.io";
        var number = isSemantic ? Gen.Elements("0", "1", "2", "10") : Gen.Elements("0", "0", "1", "2", "10", "00");
        var rest = isSemantic ? Gen.Elements("", "", "-alpha", "-alpha.1", "-rc1", "-0", "-1", "+1", "-snapshot", "-0.1") : Gen.Elements("", "", "", "-alpha", "-alpha.1", "-rc1", "-0", "-1", ".rc", ".ga.1", "-sp", "-foo", "~1", "~", "+1", "-snapshot", ".x", "a", "a1", "-ga-1", "-ga.rc", "--1", "-0.1");
        var version =
            from numbers in isSemantic ? number.ListOf(3) : number.NonEmptyListOf()
            from tail in rest
            from more in rest
            select $"{string.Join('.', numbers.Take(4))}{tail}{more}";
        var readable = version.Select(text => scheme.Read(text)).Where(static each => each is not null).Select(static each => each!);

        Prop.ForAll(Gen.Three(readable).ToArbitrary(), static three =>
        {
            var (a, b, c) = three;
            return a.CompareTo(a) == 0
                && Math.Sign(a.CompareTo(b)) == -Math.Sign(b.CompareTo(a))
                && (a.CompareTo(b) > 0 || b.CompareTo(c) > 0 || a.CompareTo(c) <= 0)
                && (a.CompareTo(b) != 0 || Math.Sign(a.CompareTo(c)) == Math.Sign(b.CompareTo(c)))
                && a.Equals(b) == (a.CompareTo(b) == 0)
                && (!a.Equals(b) || a.GetHashCode() == b.GetHashCode());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    [Theory]
    [MemberData(nameof(Ecosystems))]
    public void Any_text_is_a_version_or_none(string ecosystem)
    {
        var scheme = VersionScheme.Find(ecosystem)!;
        var text = Gen.OneOf(Gen.Elements(Pieces).ListOf().Select(static parts => string.Concat(parts)), ArbMap.Default.GeneratorFor<string>().Select(static each => each ?? string.Empty));

        Prop.ForAll(text.ToArbitrary(), each => scheme.Read(each) is not { } version || (version.CompareTo(version) == 0 && scheme.IsPrerelease(version) == scheme.IsPrerelease(version))).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Theory]
    [MemberData(nameof(Ecosystems))]
    public void A_version_has_at_most_256_characters(string ecosystem)
    {
        foreach (var piece in (string[])["1", "1.", "a", "-", "~", "1a"])
        {
            VersionScheme.Find(ecosystem)!.Read(string.Concat(Enumerable.Repeat(piece, 1_000_000))).ShouldBeNull(piece);
        }
    }

    [Theory]
    [InlineData("npm", "@Scope/Name", "@Scope/Name")]
    [InlineData("NuGet", "Newtonsoft.Json", "newtonsoft.json")]
    [InlineData("crates.io", "Serde_Json", "serde-json")]
    [InlineData("Go", "github.com/BurntSushi/toml", "github.com/BurntSushi/toml")]
    [InlineData("Maven", "org.A:b", "org.A:b")]
    public void A_package_s_names_have_one_spelling_in_common(string ecosystem, string name, string normal) => VersionScheme.Find(ecosystem)!.NormalName(name).ShouldBe(normal);
}
