using System.Text;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Packages.Manifests;

public sealed class HostileDependencyFilesTests
{
    private static readonly string[] Paths =
    [
        "requirements.txt", "pyproject.toml", "Pipfile", "poetry.lock", "uv.lock", "pylock.toml", "Pipfile.lock", "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml",
        "pnpm-workspace.yaml", "A.csproj", "packages.lock.json", "packages.config", "go.mod", "go.sum", "Cargo.toml", "Cargo.lock", "pom.xml", "var/lib/dpkg/status", "etc/os-release",
    ];

    private static readonly string[] Pieces =
    [
        "[", "]", "[[", "]]", "{", "}", "\"", "'", "=", "==", ">=1.0", ",", ":", "\n", "\r\n", " ", "#", "\\", "\0", "é", "\u2028", "a", "1", "name", "version", "package", "project",
        "dependencies", "tool.poetry", "default", "packages", "-r ", "--hash=sha256:aa", "requirements.txt", ".", "*", "|", "^", "~", "\"\"\"", "true", "null", "source", "\uD800",
        "dependencies\": {", "lockfileVersion: '9.0'\n", "packages:\n", "  ", "a@1.0.0", "@", "/", "npm:", "catalog:", "__metadata:\n", "- ", "&a ", "*a", "require ", "(", ")", "=>", "v1.0.0", "// indirect",
        "<", ">", "</", "/>", "<Project>", "</Project>", "<project>", "</project>", "<dependencies><dependency>", "<groupId>g</groupId><artifactId>a</artifactId>", "<version>", "</version>", "${a}", "$(a)", "&amp;",
        "<!--", "-->", "<![CDATA[", "]]>", "<ItemGroup><PackageReference Include='a' Version='", "' /></ItemGroup>", "Package: a\n", "Version: 1.0-1\n", "Source: b (1)\n", "workspace = true\n", "[workspace.dependencies]\n",
    ];

    public static TheoryData<string> EveryPath => [.. Paths];

    [Theory]
    [MemberData(nameof(EveryPath))]
    public void Any_text_is_read_or_reported(string path)
    {
        var text = Gen.Elements(Pieces).ListOf().Select(static parts => string.Concat(parts));

        Prop.ForAll(text.ToArbitrary(), each => Read(path, Encoding.UTF8.GetBytes(each)).Files.Count == 1).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Theory]
    [MemberData(nameof(EveryPath))]
    public void Any_bytes_are_read_or_reported(string path)
    {
        var bytes = ArbMap.Default.GeneratorFor<byte>().ArrayOf();

        Prop.ForAll(bytes.ToArbitrary(), each => Read(path, each).Files.Count == 1).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
    }

    [Theory]
    [MemberData(nameof(EveryPath))]
    public void Depth_has_an_end(string path)
    {
        foreach (var open in new[] { "[", "{\"a\":", "a = [", "a = {a=", "a.", "(", "[[a", "\\\n", "-r ", "\"\"\"", "<a>", "- ", "a: {", "&a [", "( " })
        {
            var report = Read(path, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(open, 50_000))));

            (report.Problems.Count > 0 || report.Dependencies.Count == 0).ShouldBeTrue(open);
        }
    }

    [Theory]
    [MemberData(nameof(EveryPath))]
    public void Size_has_an_end(string path) =>
        Read(path, new byte[(20 * 1024 * 1024) + 1]).Problems.ShouldHaveSingleItem().Message.ShouldContain("20 MiB");

    [Theory]
    [InlineData("pom.xml")]
    [InlineData("A.csproj")]
    [InlineData("packages.config")]
    public void A_document_type_is_refused_with_its_entities(string path)
    {
        var bomb = string.Concat(Enumerable.Range(1, 20).Select(static level => $"<!ENTITY a{level} \"&a{level - 1};&a{level - 1};&a{level - 1};\">"));

        foreach (var type in new[] { $"[<!ENTITY a0 \"x\">{bomb}]", "[<!ENTITY a20 SYSTEM \"file:///etc/passwd\">]", "SYSTEM \"http://127.0.0.1/a.dtd\"" })
        {
            var report = Read(path, Encoding.UTF8.GetBytes($"<!DOCTYPE project {type}><project><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>&a20;</version></dependency></dependencies></project>"));

            report.Dependencies.ShouldBeEmpty();
            report.Problems.ShouldHaveSingleItem().Message.ShouldContain("document type");
        }
    }

    [Theory]
    [InlineData("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: &a\n  b@1.0.0: *a\n")]
    [InlineData("pnpm-workspace.yaml", "catalog: &a {x: 1.0.0}\ncatalogs: {b: *a}\n")]
    [InlineData("yarn.lock", "__metadata: &a\n  version: 8\nx: *a\n")]
    public void An_alias_is_refused(string path, string text) => Read(path, Encoding.UTF8.GetBytes(text)).Problems.ShouldHaveSingleItem().Message.ShouldContain("alias");

    [Fact]
    public void A_directory_has_at_most_so_many_levels()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory.Combine(string.Join('/', Enumerable.Repeat("a", 200))));

        Should.Throw<IOException>(() => new DirectoryRepositoryFiles(directory.Path)).Message.ShouldContain("levels");
    }

    [Fact]
    public void A_directory_has_at_most_so_many_files()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.Combine("a"), string.Empty);
        File.WriteAllText(directory.Combine("b"), string.Empty);

        new DirectoryRepositoryFiles(directory.Path, mostFiles: 2).Paths.Count.ShouldBe(2);
        Should.Throw<IOException>(() => new DirectoryRepositoryFiles(directory.Path, mostFiles: 1)).Message.ShouldContain("more than 1 files");
    }

    [Fact]
    public void Encodings_are_known_by_their_marks()
    {
        foreach (var encoding in new Encoding[] { new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32 })
        {
            Read("requirements.txt", [.. encoding.GetPreamble(), .. encoding.GetBytes("é # no\ndjango==3.2\n")]).Dependencies.ShouldContain(static each => each.Name == "django" && each.Version == "3.2" && each.Line == 2);
        }

        Read("requirements.txt", [0x61, 0xFF, 0x0A]).Problems.ShouldHaveSingleItem().Message.ShouldContain("Byte 1");
        Read("requirements.txt", [0xFF, 0xFE, 0x61]).Problems.ShouldHaveSingleItem().Message.ShouldContain("UTF-8");
    }

    [Fact]
    public void A_directory_is_read_without_its_links()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory.Combine("api"));
        File.WriteAllText(directory.Combine("api/requirements.txt"), "django==3.2");
        Directory.CreateDirectory(directory.Combine("node_modules"));
        File.WriteAllText(directory.Combine("node_modules/requirements.txt"), "flask==1.0");
        File.CreateSymbolicLink(directory.Combine("requirements.txt"), "/etc/passwd");
        Directory.CreateSymbolicLink(directory.Combine("loop"), directory.Path);

        DependencyFiles.Read(new DirectoryRepositoryFiles(directory.Path)).Dependencies.ShouldHaveSingleItem().Path.ShouldBe("api/requirements.txt");
    }

    private static DependencyReport Read(string path, byte[] bytes) =>
        DependencyFiles.Read(new InMemoryRepositoryFiles(new Dictionary<string, byte[]>(StringComparer.Ordinal) { [path] = bytes }));
}
