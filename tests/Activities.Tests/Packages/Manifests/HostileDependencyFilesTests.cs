using System.Text;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Packages.Manifests;

public sealed class HostileDependencyFilesTests
{
    private static readonly string[] Paths = ["requirements.txt", "pyproject.toml", "Pipfile", "poetry.lock", "uv.lock", "pylock.toml", "Pipfile.lock"];

    private static readonly string[] Pieces =
    [
        "[", "]", "[[", "]]", "{", "}", "\"", "'", "=", "==", ">=1.0", ",", ":", "\n", "\r\n", " ", "#", "\\", "\0", "é", "\u2028", "a", "1", "name", "version", "package", "project",
        "dependencies", "tool.poetry", "default", "packages", "-r ", "--hash=sha256:aa", "requirements.txt", ".", "*", "|", "^", "~", "\"\"\"", "true", "null", "source", "\uD800",
    ];

    public static TheoryData<string> EveryPath => [.. Paths];

    [Theory]
    [MemberData(nameof(EveryPath))]
    public void Any_text_is_read_or_reported(string path)
    {
        var text = Gen.Elements(Pieces).ListOf().Select(static parts => string.Concat(parts));

        Prop.ForAll(text.ToArbitrary(), each => Read(path, Encoding.UTF8.GetBytes(each)).Files.Count == 1).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    [Theory]
    [MemberData(nameof(EveryPath))]
    public void Any_bytes_are_read_or_reported(string path)
    {
        var bytes = ArbMap.Default.GeneratorFor<byte>().ArrayOf();

        Prop.ForAll(bytes.ToArbitrary(), each => Read(path, each).Files.Count == 1).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Theory]
    [MemberData(nameof(EveryPath))]
    public void Depth_has_an_end(string path)
    {
        foreach (var open in new[] { "[", "{\"a\":", "a = [", "a = {a=", "a.", "(", "[[a", "\\\n", "-r ", "\"\"\"" })
        {
            var report = Read(path, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(open, 50_000))));

            (report.Problems.Count > 0 || report.Dependencies.Count == 0).ShouldBeTrue(open);
        }
    }

    [Theory]
    [MemberData(nameof(EveryPath))]
    public void Size_has_an_end(string path) =>
        Read(path, new byte[(20 * 1024 * 1024) + 1]).Problems.ShouldHaveSingleItem().Message.ShouldContain("20 MiB");

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
