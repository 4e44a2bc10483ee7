using AtomicDevOps.Activities.Packages.Manifests;

namespace AtomicDevOps.Activities.Tests.Packages.Manifests;

public sealed class CycloneDxInventoryTests
{
    [Theory]
    [InlineData("bom.json", true)]
    [InlineData("dist/BOM.json", true)]
    [InlineData("image.cdx.json", true)]
    [InlineData("bom.xml", false)]
    [InlineData("sbom.json", false)]
    public void Inventories_are_known_by_their_names(string path, bool isRead) => DependencyFiles.IsRead(path).ShouldBe(isRead);

    [Fact]
    public void Every_package_URL_of_an_ecosystem_is_a_dependency_on_its_line()
    {
        var report = Read(
            """
            { "type": "library", "name": "django", "purl": "pkg:pypi/django@3.2.0", "bom-ref": "a" },
            { "type": "library", "name": "core", "version": "12.3.1", "purl": "pkg:npm/%40angular/core", "scope": "excluded" },
            { "type": "library", "name": "net", "purl": "pkg:golang/golang.org/x/net@v0.1.0", "scope": "required" },
            { "type": "library", "name": "libc6", "purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc" },
            { "type": "library", "name": "libx", "purl": "pkg:deb/ubuntu/libx@1-2?distro=ubuntu-22.04&upstream=x%401-1" },
            { "type": "file", "name": "LICENSE" }
            """);

        report.Problems.ShouldBeEmpty();
        report.Files.ShouldBe(["bom.json"]);
        report.Dependencies.Select(each => (each.Ecosystem, each.Name, each.Version, each.Line, each.Scope)).ShouldBe(
        [
            ("PyPI", "django", "3.2.0", 3, null),
            ("npm", "@angular/core", "12.3.1", 4, "excluded"),
            ("Go", "golang.org/x/net", "v0.1.0", 5, null),
            ("Debian:12", "glibc", "2.36-9", 6, null),
            ("Ubuntu:22.04:LTS", "x", "1-1", 7, null),
        ]);
        report.Dependencies.ShouldAllBe(each => each.IsDirect && each.Lock == new LockedAt("bom.json", each.Line));
    }

    [Fact]
    public void What_the_subject_itself_needs_is_direct()
    {
        var report = Read(
            """
            { "type": "library", "name": "a", "purl": "pkg:npm/a@1.0.0", "bom-ref": "a" },
            { "type": "library", "name": "b", "purl": "pkg:npm/b@1.0.0", "bom-ref": "b" }
            """,
            """, "metadata": { "component": { "type": "application", "name": "app", "bom-ref": "app" } }, "dependencies": [ { "ref": "app", "dependsOn": [ "a" ] }, { "ref": "a", "dependsOn": [ "b" ] } ]""");

        report.Dependencies.Select(each => (each.Name, each.IsDirect)).ShouldBe([("a", true), ("b", false)]);
    }

    [Fact]
    public void What_cannot_be_compared_is_counted_and_told_on_its_first_line()
    {
        var report = Read(
            """
            { "type": "library", "name": "a" },
            { "type": "library", "name": "b", "purl": "nonsense" },
            { "type": "library", "name": "c", "purl": "pkg:rpm/fedora/curl@7" },
            { "type": "library", "name": "d", "purl": "pkg:deb/debian/libc6@2.36-9?distro=debian-12" }
            """);

        report.Dependencies.ShouldHaveSingleItem().Name.ShouldBe("libc6");
        report.Problems.Select(problem => (problem.Line, problem.Message.Split(';')[0])).ShouldBe(
        [
            (3, "2 components without a package URL that can be read begin here"),
            (5, "1 components of the type rpm, whose versions are not compared, begin here"),
            (6, "1 components of a Debian package that do not tell their source package, which advisories are about, begin here"),
        ]);
    }

    [Fact]
    public void Another_file_of_the_same_name_names_nothing_and_one_that_says_it_is_an_inventory_has_to_be_one()
    {
        ReadText("bom.json", """{"weather":"fair"}""").Problems.ShouldBeEmpty();
        ReadText("x.cdx.json", """{"weather":"fair"}""").Problems.ShouldHaveSingleItem().Message.ShouldContain("bomFormat");
        ReadText("bom.json", """{"bomFormat":"CycloneDX","specVersion":"9"}""").Problems.ShouldHaveSingleItem().Message.ShouldContain("1.6");
        ReadText("bom.json", """{"bomFormat":"CycloneDX","specVersion":"1.6","compositions":[{"aggregate":"incomplete"}]}""").Problems.ShouldHaveSingleItem().Message.ShouldContain("incomplete");
    }

    private static DependencyReport Read(string components, string rest = "") => ReadText(
        "bom.json",
        $$"""
        { "bomFormat": "CycloneDX", "specVersion": "1.6",
          "components": [
        {{components}}
          ]{{rest}} }
        """);

    private static DependencyReport ReadText(string path, string text) => DependencyFiles.Read(InMemoryRepositoryFiles.OfText([new KeyValuePair<string, string>(path, text)]));
}
