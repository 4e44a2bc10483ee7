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
}
