using AtomicDevOps.Activities.Packages.Manifests;

namespace AtomicDevOps.Activities.Tests.Packages.Manifests;

/// <summary>Manifests and locks of NuGet, Go, Cargo, Maven and Debian.</summary>
public sealed class EcosystemDependencyFilesTests
{
    private const string Csproj = """
        <Project Sdk="Microsoft.NET.Sdk">
          <ItemGroup Condition="'$(X)' == '1'">
            <PackageReference Include="Central" />
            <PackageReference Include="Overridden" VersionOverride="3.0.0" />
            <PackageReference Include="Of.Property" Version="$(OfProperty)" PrivateAssets="all" />
            <PackageReference Include="Exact">
              <Version>[2.0]</Version>
            </PackageReference>
            <PackageReference Include="Floating" Version="1.*" />
            <PackageReference Update="Exact" Version="9.0.0" />
          </ItemGroup>
        </Project>
        """;

    private const string Central = """
        <Project>
          <PropertyGroup><CentralVersion>1.2.3</CentralVersion></PropertyGroup>
          <ItemGroup>
            <PackageVersion Include="central" Version="$(CentralVersion)" />
            <PackageVersion Include="Overridden" Version="1.0.0" />
            <PackageVersion Include="Unused" Version="1.0.0" />
            <GlobalPackageReference Include="Everywhere" Version="4.0.0" />
          </ItemGroup>
        </Project>
        """;

    private const string GoMod = """
        module example.com/mine

        go 1.22

        require github.com/pkg/errors v0.8.0 // why
        require (
            golang.org/x/text v0.3.0 // indirect
            "github.com/old/thing" v1.0.0
            github.com/local/part v1.0.0
            github.com/docker/docker v20.10.0+incompatible
            github.com/bad/one v1.1.0
        )
        exclude github.com/bad/one v1.1.0
        replace (
            github.com/old/thing => github.com/new/thing v1.4.0
            github.com/local/part v1.0.0 => ./part
        )
        """;

    private const string Workspace = """
        [workspace]
        members = ["a"]
        [workspace.dependencies]
        serde = { version = "1.0.100", features = ["derive"] }
        mine = { path = "mine" }
        renamed = { package = "real-name", version = "=0.3.1" }
        """;

    private const string Member = """
        [package]
        name = "a"
        [dependencies]
        serde = { workspace = true }
        renamed.workspace = true
        mine.workspace = true
        log = "0.4"
        [dev-dependencies]
        rand = "=0.7.0"
        [target.'cfg(windows)'.dependencies]
        winapi = "0.3"
        """;

    private const string Parent = """
        <project>
          <groupId>com.mine</groupId><artifactId>parent</artifactId><version>1.0</version>
          <properties><jackson.version>2.9.0</jackson.version></properties>
          <dependencyManagement><dependencies>
            <dependency><groupId>org.managed</groupId><artifactId>lib</artifactId><version>3.0</version></dependency>
          </dependencies></dependencyManagement>
        </project>
        """;

    private const string Child = """
        <project xmlns="http://maven.apache.org/POM/4.0.0">
          <parent><groupId>com.mine</groupId><artifactId>parent</artifactId><version>1.0</version></parent>
          <artifactId>child</artifactId>
          <dependencies>
            <dependency>
              <groupId>com.fasterxml.jackson.core</groupId>
              <artifactId>jackson-databind</artifactId>
              <version>${jackson.version}</version>
            </dependency>
            <dependency><groupId>org.managed</groupId><artifactId>lib</artifactId></dependency>
            <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.12</version><scope>test</scope></dependency>
            <dependency><groupId>${project.groupId}</groupId><artifactId>parent</artifactId><version>${project.version}</version></dependency>
          </dependencies>
        </project>
        """;

    [Fact]
    public void Projects_tell_versions_of_their_own_central_ones_and_properties()
    {
        var report = Read(("src/A/A.csproj", Csproj), ("Directory.Packages.props", Central), ("src/Directory.Build.props", "<Project><PropertyGroup><OfProperty>5.0.0</OfProperty></PropertyGroup></Project>"));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => (each.Name, each.Version, each.Line, each.Scope, each.Declaration?.Path)).ShouldBe(
        [
            ("Everywhere", "4.0.0", 7, "build", null), ("Central", "1.2.3", 3, null, "Directory.Packages.props"), ("Overridden", "3.0.0", 4, null, null),
            ("Of.Property", "5.0.0", 5, "build", "src/Directory.Build.props"), ("Exact", "2.0.0", 6, null, null), ("Floating", null, 9, null, null),
        ]);
        report.Dependencies[1].Marker.ShouldBe("'$(X)' == '1'");
    }

    [Fact]
    public void Projects_are_raised_where_their_versions_are_written()
    {
        var files = Files(("src/A/A.csproj", Csproj), ("Directory.Packages.props", Central), ("src/Directory.Build.props", "<Project><PropertyGroup><OfProperty> 5.0.0 </OfProperty></PropertyGroup></Project>"));
        var edit = DependencyEditor.Raise(files, [.. DependencyFiles.Read(files).Dependencies.Where(static each => each.Name is not "Floating").Select(static each => new DependencyRaise(each, "6.1.0"))]);

        edit.Results.ShouldAllBe(static result => result.Outcome == DependencyRaiseOutcome.Raised);
        edit.Files.Select(static file => file.Content).ShouldBe(
        [
            Central.Replace(">1.2.3<", ">6.1.0<").Replace("\"4.0.0\"", "\"6.1.0\""),
            Csproj.Replace("\"3.0.0\"", "\"6.1.0\"").Replace("[2.0]", "[6.1.0]"),
            "<Project><PropertyGroup><OfProperty> 6.1.0 </OfProperty></PropertyGroup></Project>",
        ]);
    }

    [Fact]
    public void A_lock_of_NuGet_tells_versions_and_needs_an_index()
    {
        const string Lock = """
            {"version": 2, "dependencies": {
              "net8.0": {
                "Central": {"type": "Direct", "requested": "[1.2.3, )", "resolved": "1.2.4", "contentHash": "aa=="},
                "Below": {"type": "Transitive", "resolved": "0.1.0", "contentHash": "bb=="},
                "mine": {"type": "Project"}},
              "net9.0": {"Below": {"type": "Transitive", "resolved": "0.1.0"}, "Central": {"type": "Direct", "resolved": "1.2.4"}}}}
            """;
        var files = Files(("A.csproj", """<Project><ItemGroup><PackageReference Include="central" Version="1.2.3" /></ItemGroup></Project>"""), ("packages.lock.json", Lock));
        var report = DependencyFiles.Read(files);
        var edit = DependencyEditor.Raise(files, new DependencyRaise(report.Dependencies[0], "2.0.0"));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => (each.Name, each.Version, each.IsDirect, each.Path)).ShouldBe([("central", "1.2.4", true, "A.csproj"), ("Below", "0.1.0", false, "packages.lock.json")]);
        edit.Results.ShouldHaveSingleItem().Outcome.ShouldBe(DependencyRaiseOutcome.NeedsIndex);
        edit.Files.ShouldHaveSingleItem().Content.ShouldContain("Version=\"2.0.0\"");
    }

    [Fact]
    public void Lists_of_unpacked_packages_tell_versions() =>
        Read(("packages.config", "<packages>\n<package id=\"jQuery\" version=\"1.4.0\" targetFramework=\"net48\"/>\n<package id=\"x\" />\n</packages>")).ShouldSatisfyAllConditions(
            static report => report.Dependencies.ShouldHaveSingleItem().Version.ShouldBe("1.4.0"),
            static report => report.Problems.ShouldHaveSingleItem().Line.ShouldBe(3));

    [Theory]
    [InlineData("1.2.3", "1.4.0", "1.4.0")]
    [InlineData("[1.2.3]", "1.4.0", "[1.4.0]")]
    [InlineData("[1.2.3,2.0)", "1.4.0", "[1.4.0,2.0)")]
    [InlineData("(1.2.3, 2.0]", "1.4.0", "[1.4.0, 2.0]")]
    [InlineData("(,2.0]", "1.4.0", "[1.4.0,2.0]")]
    [InlineData("[1.2.3,1.3)", "1.4.0", null)]
    [InlineData("1.*", "1.4.0", "1.4.0")]
    [InlineData("1.*", "0.4.0", null)]
    [InlineData("1.5.0", "1.4.0", null)]
    [InlineData("$(X)", "1.4.0", null)]
    public void A_range_of_NuGet_keeps_its_upper_end(string constraint, string version, string? expected) => ConstraintRules.Of(ConstraintSyntax.NuGet).Raise(constraint, version).ShouldBe(expected);

    [Fact]
    public void A_module_of_Go_tells_what_it_requires_with_replacements_and_exclusions()
    {
        var report = Read(("go.mod", GoMod));

        report.Dependencies.Select(static each => (each.Name, each.Version, each.IsDirect, each.Line)).ShouldBe(
            [("github.com/pkg/errors", "v0.8.0", true, 5), ("golang.org/x/text", "v0.3.0", false, 7), ("github.com/docker/docker", "v20.10.0+incompatible", true, 10), ("github.com/new/thing", "v1.4.0", true, 15)]);
        report.Problems.ShouldHaveSingleItem().ShouldSatisfyAllConditions(static problem => problem.Line.ShouldBe(11), static problem => problem.Message.ShouldContain("excluded"));
    }

    [Fact]
    public void A_module_of_Go_is_raised_and_its_sums_need_an_index()
    {
        var files = Files(("go.mod", GoMod), ("go.sum", "github.com/pkg/errors v0.8.0 h1:aa=\ngithub.com/pkg/errors v0.8.0/go.mod h1:bb=\n"));
        var edit = DependencyEditor.Raise(files, [.. DependencyFiles.Read(files).Dependencies.Select(static each => new DependencyRaise(each, each.Name.Contains("docker") ? "24.0.7" : each.Name.Contains("thing") ? "v1.5.0" : "0.9.1"))]);

        edit.Results.Select(static result => result.Outcome).ShouldBe([DependencyRaiseOutcome.NeedsIndex, DependencyRaiseOutcome.Raised, DependencyRaiseOutcome.Raised, DependencyRaiseOutcome.Raised]);
        edit.Files.ShouldHaveSingleItem().Content.ShouldBe(GoMod.Replace("errors v0.8.0", "errors v0.9.1").Replace("text v0.3.0", "text v0.9.1").Replace("v20.10.0+", "v24.0.7+").Replace("v1.4.0", "v1.5.0"));
    }

    [Theory]
    [InlineData("v1.2.3", "1.4.0", "v1.4.0")]
    [InlineData("v1.2.3", "v1.4.0", "v1.4.0")]
    [InlineData("v0.0.0-20200101000000-abcdefabcdef", "0.1.0", "v0.1.0")]
    [InlineData("v1.2.3", "2.0.0", null)]
    [InlineData("v2.2.3+incompatible", "3.0.0", "v3.0.0+incompatible")]
    [InlineData("v1.4.0", "1.4.0", null)]
    public void A_later_major_version_of_Go_is_another_module(string constraint, string version, string? expected) => ConstraintRules.Of(ConstraintSyntax.Go).Raise(constraint, version).ShouldBe(expected);

    [Fact]
    public void Crates_tell_versions_of_their_own_and_of_their_workspace()
    {
        var report = Read(("Cargo.toml", Workspace), ("a/Cargo.toml", Member), ("Cargo.lock", """
            version = 3
            [[package]]
            name = "a"
            version = "0.1.0"
            dependencies = ["log", "rand 0.7.0", "real-name", "serde", "winapi"]
            [[package]]
            name = "log"
            version = "0.4.1"
            source = "registry+https://example.com/index"
            checksum = "aa"
            [[package]]
            name = "rand"
            version = "0.7.0"
            source = "registry+https://example.com/index"
            [[package]]
            name = "rand"
            version = "0.8.0"
            source = "registry+https://example.com/index"
            [[package]]
            name = "real-name"
            version = "0.3.1"
            source = "registry+https://example.com/index"
            [[package]]
            name = "serde"
            version = "1.0.101"
            source = "registry+https://example.com/index"
            [[package]]
            name = "winapi"
            version = "0.3.9"
            source = "registry+https://example.com/index"
            """));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => (each.Name, each.Version, each.IsDirect, each.Path, each.Line, each.Scope)).ShouldBe(
        [
            ("rand", "0.8.0", false, "Cargo.lock", 16, null), ("serde", "1.0.101", true, "a/Cargo.toml", 4, null), ("real-name", "0.3.1", true, "a/Cargo.toml", 5, null),
            ("log", "0.4.1", true, "a/Cargo.toml", 7, null), ("rand", "0.7.0", true, "a/Cargo.toml", 9, "dev"), ("winapi", "0.3.9", true, "a/Cargo.toml", 11, null),
        ]);
        report.Dependencies[^1].Marker.ShouldBe("cfg(windows)");
        report.Dependencies[1].Declaration.ShouldBe(new DeclaredAt("Cargo.toml", 4, "serde"));
    }

    [Fact]
    public void Crates_are_raised_where_their_versions_are_written()
    {
        var files = Files(("Cargo.toml", Workspace), ("a/Cargo.toml", Member));
        var edit = DependencyEditor.Raise(files, [.. DependencyFiles.Read(files).Dependencies.Select(static each => new DependencyRaise(each, each.Name switch { "serde" => "1.0.200", "log" => "0.4.20", "winapi" => "0.3.9", _ => "0.9.0" }))]);

        edit.Results.ShouldAllBe(static result => result.Outcome == DependencyRaiseOutcome.Raised);
        edit.Files.Select(static file => file.Content).ShouldBe(
        [
            Workspace.Replace("1.0.100", "1.0.200").Replace("=0.3.1", "=0.9.0"),
            Member.Replace("\"0.4\"", "\"0.4.20\"").Replace("=0.7.0", "=0.9.0").Replace("\"0.3\"", "\"0.3.9\""),
        ]);
    }

    [Fact]
    public void What_a_workspace_does_not_have_is_a_problem() =>
        Read(("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"), ("a/Cargo.toml", "[dependencies]\nserde.workspace = true\n")).Problems.ShouldHaveSingleItem().Message.ShouldContain("workspace.dependencies");

    [Fact]
    public void Projects_of_Maven_tell_versions_with_properties_and_parents()
    {
        var report = Read(("pom.xml", Parent), ("child/pom.xml", Child));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => (each.Name, each.Version, each.Scope, each.Path, each.Line, each.Declaration?.Name)).ShouldBe(
        [
            ("com.fasterxml.jackson.core:jackson-databind", "2.9.0", null, "child/pom.xml", 5, "${jackson.version}"), ("org.managed:lib", "3.0", null, "child/pom.xml", 10, "org.managed:lib"),
            ("junit:junit", "4.12", "test", "child/pom.xml", 11, null),
        ]);
    }

    [Fact]
    public void Projects_of_Maven_are_raised_where_their_versions_are_written()
    {
        var files = Files(("pom.xml", Parent), ("child/pom.xml", Child));
        var edit = DependencyEditor.Raise(files, [.. DependencyFiles.Read(files).Dependencies.Select(static each => new DependencyRaise(each, "9.1"))]);

        edit.Results.ShouldAllBe(static result => result.Outcome == DependencyRaiseOutcome.Raised);
        edit.Files.Select(static file => file.Content).ShouldBe([Child.Replace(">4.12<", ">9.1<"), Parent.Replace(">2.9.0<", ">9.1<").Replace(">3.0<", ">9.1<")]);
    }

    [Fact]
    public void A_version_that_only_a_parent_elsewhere_knows_is_unknown_and_said()
    {
        var report = Read(("pom.xml", "<project>\n<parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>3.0.0</version></parent>\n<dependencies>\n<dependency><groupId>g</groupId><artifactId>a</artifactId></dependency></dependencies></project>"));

        report.Dependencies.ShouldHaveSingleItem().Version.ShouldBeNull();
        report.Problems.ShouldHaveSingleItem().ShouldSatisfyAllConditions(static problem => problem.Line.ShouldBe(4), static problem => problem.Message.ShouldContain("spring-boot-starter-parent"));
    }

    [Fact]
    public void Parents_and_properties_that_go_round_have_an_end()
    {
        var report = Read(
            ("a/pom.xml", "<project><parent><groupId>g</groupId><artifactId>b</artifactId><version>1</version><relativePath>../b</relativePath></parent><artifactId>a</artifactId><properties><x>${y}</x><y>${x}</y><z>${z}${z}</z></properties><dependencies><dependency><groupId>g</groupId><artifactId>c</artifactId><version>${x}</version></dependency><dependency><groupId>g</groupId><artifactId>d</artifactId><version>1.${z}</version></dependency></dependencies></project>"),
            ("b/pom.xml", "<project><parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version><relativePath>../a</relativePath></parent><artifactId>b</artifactId></project>"));

        report.Dependencies.ShouldAllBe(static each => each.Version == null);
        report.Problems.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("1.0", "1.4", "1.4")]
    [InlineData("[1.0]", "1.4", "[1.4]")]
    [InlineData("[1.0,2.0)", "1.4", "[1.4,2.0)")]
    [InlineData("(,2.0)", "1.4", "[1.4,2.0)")]
    [InlineData("[1.0,1.2],[1.3,)", "1.4", "[1.4,)")]
    [InlineData("[1.0,1.2)", "1.4", null)]
    [InlineData("2.0", "1.4", null)]
    [InlineData("${x}", "1.4", null)]
    public void A_requirement_of_Maven_keeps_its_upper_end(string constraint, string version, string? expected) => ConstraintRules.Of(ConstraintSyntax.Maven).Raise(constraint, version).ShouldBe(expected);

    [Theory]
    [InlineData("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n", "Debian:12")]
    [InlineData("usr/lib/os-release", "ID=ubuntu\nVERSION_ID=\"22.04\"\nVERSION=\"22.04.3 LTS (Jammy Jellyfish)\"\n", "Ubuntu:22.04:LTS")]
    public void An_image_tells_its_source_packages_and_its_distribution(string path, string release, string ecosystem)
    {
        var report = Read(("var/lib/dpkg/status", """
            Package: libssl3
            Status: install ok installed
            Source: openssl
            Version: 3.0.11-1~deb12u2
            Description: libraries
             Version: not this one

            Package: openssl
            Status: install ok installed
            Version: 3.0.11-1~deb12u2

            Package: gone
            Status: deinstall ok config-files
            Version: 1.0-1

            Package: libgcc-s1
            Status: install ok installed
            Source: gcc-12 (12.2.0-14)
            Version: 12.2.0-14+b1
            """), (path, release), ("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\n"));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => (each.Name, each.Version, each.Line)).ShouldBe([("openssl", "3.0.11-1~deb12u2", 1), ("gcc-12", "12.2.0-14", 16), ("base-files", "12.4", 1)]);
        report.Dependencies.ShouldAllBe(each => string.Equals(each.Ecosystem, ecosystem, StringComparison.Ordinal) && each.Lock != null);
    }

    [Fact]
    public void An_image_without_its_release_is_a_problem() =>
        Read(("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1.0\n")).Problems.ShouldHaveSingleItem().Message.ShouldContain("etc/os-release");

    private static DependencyReport Read(params (string Path, string Text)[] files) => DependencyFiles.Read(Files(files));

    private static InMemoryRepositoryFiles Files(params (string Path, string Text)[] files) =>
        InMemoryRepositoryFiles.OfText(files.Select(static file => KeyValuePair.Create(file.Path, file.Text)));
}
