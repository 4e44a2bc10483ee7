using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Security.CycloneDx;

namespace AtomicDevOps.Activities.Tests.Security.CycloneDx;

public sealed class PackageUrlTests
{
    /// <summary>The specification's examples.</summary>
    [Theory]
    [InlineData("pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=debian-12", "Debian:12", "curl", "7.50.3-1")]
    [InlineData("pkg:golang/google.golang.org/genproto#googleapis/api/annotations", "Go", "google.golang.org/genproto", null)]
    [InlineData("pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?packaging=sources", "Maven", "org.apache.xmlgraphics:batik-anim", "1.9.1")]
    [InlineData("pkg:npm/%40angular/animation@12.3.1", "npm", "@angular/animation", "12.3.1")]
    [InlineData("pkg:npm/foobar@12.3.1", "npm", "foobar", "12.3.1")]
    [InlineData("pkg:nuget/EnterpriseLibrary.Common@6.0.1304", "NuGet", "EnterpriseLibrary.Common", "6.0.1304")]
    [InlineData("pkg:pypi/django@1.11.1", "PyPI", "django", "1.11.1")]
    [InlineData("pkg:gem/ruby-advisory-db-check@0.12.4", "RubyGems", "ruby-advisory-db-check", "0.12.4")]
    [InlineData("pkg:docker/customer/dockerimage@sha256:244fd47e07d1004f0aed9c?repository_url=gcr.io", null, "customer/dockerimage", "sha256:244fd47e07d1004f0aed9c")]
    public void A_package_url_tells_ecosystem_name_and_version_and_is_written_as_it_was(string text, string? ecosystem, string name, string? version)
    {
        var url = PackageUrl.Parse(text);

        (url.Ecosystem, url.PackageName, url.Version).ShouldBe((ecosystem, name, version));
        url.ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData("PKG:PyPI/Django_Filter@1.0", "pkg:pypi/django-filter@1.0")]
    [InlineData("pkg://npm//@angular/core@1?b=2&A=1&c=", "pkg:npm/%40angular/core@1?a=1&b=2")]
    [InlineData("pkg:golang/a/b#/x/../y/./", "pkg:golang/a/b#x/y")]
    [InlineData("pkg:github/Package-Url/Purl-Spec@1%2B2", "pkg:github/package-url/purl-spec@1%2B2")]
    public void Spellings_of_one_package_are_written_in_the_normal_one(string text, string normal)
    {
        PackageUrl.Parse(text).ToString().ShouldBe(normal);
    }

    [Theory]
    [InlineData("", "no package URL")]
    [InlineData("npm/foobar", "no package URL")]
    [InlineData("pkg:foobar", "names no type")]
    [InlineData("pkg:1x/foobar", "names no type")]
    [InlineData("pkg:npm/", "names no type")]
    [InlineData("pkg:npm/@1", "names no package")]
    [InlineData("pkg:npm/a?=1", "'=1' in")]
    [InlineData("pkg:npm/a?x=1&X=2", "x twice")]
    public void What_is_no_package_url_is_refused_and_told_why(string text, string part)
    {
        Should.Throw<FormatException>(() => PackageUrl.Parse(text)).Message.ShouldContain(part);
        PackageUrl.TryParse(text, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("PyPI", "Django_Filter", "4.2", "pkg:pypi/django-filter@4.2")]
    [InlineData("npm", "@angular/core", "12.3.1", "pkg:npm/%40angular/core@12.3.1")]
    [InlineData("NuGet", "Newtonsoft.Json", "13.0.1", "pkg:nuget/Newtonsoft.Json@13.0.1")]
    [InlineData("Maven", "org.apache.commons:commons-text", "1.9", "pkg:maven/org.apache.commons/commons-text@1.9")]
    [InlineData("Go", "golang.org/x/net", "v0.1.0", "pkg:golang/golang.org/x/net@v0.1.0")]
    [InlineData("crates.io", "serde_json", "1.0.0+x", "pkg:cargo/serde_json@1.0.0%2Bx")]
    [InlineData("Debian:12", "glibc", "1:2.36-9", "pkg:deb/debian/glibc@1:2.36-9?arch=source&distro=debian-12")]
    [InlineData("Ubuntu:22.04:LTS", "curl", null, "pkg:deb/ubuntu/curl?arch=source&distro=ubuntu-22.04")]
    [InlineData("Ubuntu:23.04", "curl", null, "pkg:deb/ubuntu/curl?arch=source&distro=ubuntu-23.04")]
    [InlineData("Debian", "curl", null, "pkg:deb/debian/curl?arch=source")]
    public void A_package_of_an_ecosystem_has_a_URL_that_tells_the_same(string ecosystem, string name, string? version, string text)
    {
        var url = PackageUrl.Of(ecosystem, name, version).ShouldNotBeNull();

        url.ToString().ShouldBe(text);
        var read = PackageUrl.Parse(text);
        (read.Ecosystem, VersionScheme.Find(ecosystem)!.NormalName(read.PackageName), read.Version).ShouldBe((ecosystem, VersionScheme.Find(ecosystem)!.NormalName(name), version));
    }

    [Fact]
    public void An_ecosystem_that_is_not_known_has_no_URL() => PackageUrl.Of("Hackage", "x", "1").ShouldBeNull();
}
