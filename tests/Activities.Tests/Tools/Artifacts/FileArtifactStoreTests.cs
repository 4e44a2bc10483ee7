using System.Security.Cryptography;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Tools.Artifacts;

public sealed class FileArtifactStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FileArtifactStore _store;

    public FileArtifactStoreTests() => _store = RealTools.Artifacts(_directory);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_is_written_is_read_back_and_can_be_replaced_and_deleted()
    {
        byte[] content = [1, 2, 3];

        var stored = await WriteAsync("run/a.bin", content);
        stored.ShouldBe(new StoredArtifact("run/a.bin", 3, Convert.ToHexStringLower(SHA256.HashData(content))));
        await WriteAsync("run/a.bin", [4]);
        await using (var stream = await _store.OpenReadAsync("run/a.bin", Token))
        {
            stream.ReadByte().ShouldBe(4);
            stream.ReadByte().ShouldBe(-1);
        }

        await _store.DeleteAsync("run", Token);
        await _store.DeleteAsync("run", Token);
        await Should.ThrowAsync<ToolNotFoundException>(() => _store.OpenReadAsync("run/a.bin", Token));
    }

    [Fact]
    public async Task A_write_that_fails_leaves_the_old_content_and_nothing_else()
    {
        await WriteAsync("run/a.bin", [1]);

        await Should.ThrowAsync<InvalidOperationException>(() => _store.WriteAsync(
            "run/a.bin",
            async (stream, token) =>
            {
                await stream.WriteAsync(new byte[100_000], token);
                throw new InvalidOperationException();
            },
            Token));

        await using var content = await _store.OpenReadAsync("run/a.bin", Token);
        content.Length.ShouldBe(1);
        Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../x")]
    [InlineData("a/../b")]
    [InlineData("a//b")]
    [InlineData("a/.")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("a\0")]
    public async Task Keys_that_break_the_rules_are_refused(string key)
    {
        await Should.ThrowAsync<ToolException>(() => WriteAsync(key, [1]));
        await Should.ThrowAsync<ToolException>(() => _store.OpenReadAsync(key, Token));
        await Should.ThrowAsync<ToolException>(() => _store.DeleteAsync(key, Token));
    }

    [Fact]
    public void Every_text_makes_a_valid_segment_of_its_own() => Prop
        .ForAll(ArbMap.Default.ArbFor<NonEmptyString>(), ArbMap.Default.ArbFor<NonEmptyString>(), (first, second) =>
        {
            var (a, b) = (ArtifactKey.Segment(first.Get), ArtifactKey.Segment(second.Get));
            ArtifactKey.Validate($"{a}/{b}");
            return !a.Contains('/', StringComparison.Ordinal)
                && string.Equals(a, b, StringComparison.Ordinal) == string.Equals(first.Get, second.Get, StringComparison.Ordinal);
        })
        .QuickCheckThrowOnFailure();

    private Task<StoredArtifact> WriteAsync(string key, byte[] content) =>
        _store.WriteAsync(key, (stream, token) => stream.WriteAsync(content, token).AsTask(), Token);
}
