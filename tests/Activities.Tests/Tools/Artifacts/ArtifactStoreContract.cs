using System.Security.Cryptography;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Tools.Artifacts;

/// <summary>What holds for every place where artifacts are kept.</summary>
public abstract class ArtifactStoreContract
{
    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_read_back_and_can_be_replaced_and_deleted()
    {
        var store = await OpenAsync();
        byte[] content = [1, 2, 3];

        var stored = await WriteAsync(store, "run/a.bin", content);
        stored.ShouldBe(new StoredArtifact("run/a.bin", 3, Convert.ToHexStringLower(SHA256.HashData(content))));
        await WriteAsync(store, "run/a.bin", [4]);
        (await ReadAsync(store, "run/a.bin")).ShouldBe([4]);

        await store.DeleteAsync("run", Token);
        await store.DeleteAsync("run", Token);
        await Should.ThrowAsync<ToolNotFoundException>(() => store.OpenReadAsync("run/a.bin", Token));
        (await CountAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4 * 1024 * 1024)]
    [InlineData((9 * 1024 * 1024) + 7)]
    public async Task Content_of_any_size_comes_back_as_it_was(int size)
    {
        var store = await OpenAsync();
        var content = new byte[size];
        new Random(size).NextBytes(content);

        var stored = await WriteAsync(store, "run/a.bin", content);

        stored.Bytes.ShouldBe(size);
        stored.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(content)));
        (await ReadAsync(store, "run/a.bin")).AsSpan().SequenceEqual(content).ShouldBeTrue();
    }

    [Fact]
    public async Task Content_can_be_written_and_read_without_tasks_and_from_anywhere()
    {
        var store = await OpenAsync();
        await store.WriteAsync(
            "run/a.bin",
            (stream, _) =>
            {
                for (var value = 0; value < 100; value++)
                {
                    stream.WriteByte((byte)value);
                }

                stream.Dispose();
                return Task.CompletedTask;
            },
            Token);

        await using var content = await store.OpenReadAsync("run/a.bin", Token);
        content.Length.ShouldBe(100);
        content.Seek(-1, SeekOrigin.End);
        content.ReadByte().ShouldBe(99);
        content.ReadByte().ShouldBe(-1);
        content.Position = 42;
        content.ReadByte().ShouldBe(42);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(5 * 1024 * 1024)]
    public async Task A_write_that_fails_leaves_the_old_content_and_nothing_else(int written)
    {
        var store = await OpenAsync();
        await WriteAsync(store, "run/a.bin", [1]);

        foreach (var key in new[] { "run/a.bin", "run/b.bin" })
        {
            await Should.ThrowAsync<InvalidOperationException>(() => store.WriteAsync(
                key,
                async (stream, token) =>
                {
                    await stream.WriteAsync(new byte[written], token);
                    throw new InvalidOperationException();
                },
                Token));
        }

        (await ReadAsync(store, "run/a.bin")).ShouldBe([1]);
        await Should.ThrowAsync<ToolNotFoundException>(() => store.OpenReadAsync("run/b.bin", Token));
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_write_that_is_cancelled_leaves_nothing()
    {
        var store = await OpenAsync();
        using var cancellation = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(() => store.WriteAsync(
            "run/a.bin",
            async (stream, _) =>
            {
                await stream.WriteAsync(new byte[1000], Token);
                await cancellation.CancelAsync();
            },
            cancellation.Token));

        (await CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_delete_takes_what_is_below_its_prefix_and_not_what_only_begins_like_it()
    {
        var store = await OpenAsync();
        foreach (var key in new[] { "a/b/1", "a/b/c/2", "a/bc", "a/b.d/3", "a/b-", "b/4" })
        {
            await WriteAsync(store, key, [1]);
        }

        await store.DeleteAsync("a/b", Token);

        await Should.ThrowAsync<ToolNotFoundException>(() => store.OpenReadAsync("a/b/1", Token));
        await Should.ThrowAsync<ToolNotFoundException>(() => store.OpenReadAsync("a/b/c/2", Token));
        foreach (var key in new[] { "a/bc", "a/b.d/3", "a/b-", "b/4" })
        {
            (await ReadAsync(store, key)).ShouldBe([1], key);
        }

        await store.DeleteAsync("b/4", Token);
        (await CountAsync()).ShouldBe(3);
    }

    [Fact]
    public async Task Of_two_writers_at_once_one_wins_whole()
    {
        var store = await OpenAsync();
        byte[] sizes = [1, 2, 3, 4, 5, 6];

        await Task.WhenAll(sizes.Select(size => store.WriteAsync(
            "run/a.bin",
            async (stream, token) =>
            {
                for (var i = 0; i < size; i++)
                {
                    await stream.WriteAsync(Enumerable.Repeat(size, 1024 * 1024 + 1).ToArray(), token);
                    await Task.Yield();
                }
            },
            Token)));

        var content = await ReadAsync(store, "run/a.bin");
        content.Distinct().ShouldBe([content[0]]);
        content.Length.ShouldBe(content[0] * ((1024 * 1024) + 1));
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Keys_that_differ_in_dots_alone_are_different()
    {
        var store = await OpenAsync();
        string[] keys = ["a./b", "a/b.", "a/b..", "a/b~2e", "a/.b"];
        foreach (var (key, value) in keys.Select((key, i) => (key, (byte)i)))
        {
            await WriteAsync(store, key, [value]);
        }

        foreach (var (key, value) in keys.Select((key, i) => (key, (byte)i)))
        {
            (await ReadAsync(store, key)).ShouldBe([value], key);
        }
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
        var store = await OpenAsync();

        await Should.ThrowAsync<ToolException>(() => WriteAsync(store, key, [1]));
        await Should.ThrowAsync<ToolException>(() => store.OpenReadAsync(key, Token));
        await Should.ThrowAsync<ToolException>(() => store.DeleteAsync(key, Token));
    }

    [Fact]
    public async Task Whatever_the_pieces_the_content_is_the_same()
    {
        var store = await OpenAsync();
        Prop.ForAll(ArbMap.Default.ArbFor<byte[][]>(), pieces =>
        {
            var written = store.WriteAsync(
                "run/pieces",
                async (stream, token) =>
                {
                    foreach (var piece in pieces)
                    {
                        await stream.WriteAsync(piece, token);
                    }
                },
                Token).GetAwaiter().GetResult();
            var content = pieces.SelectMany(piece => piece).ToArray();
            return written.Bytes == content.Length
                && string.Equals(written.Sha256, Convert.ToHexStringLower(SHA256.HashData(content)), StringComparison.Ordinal)
                && ReadAsync(store, "run/pieces").GetAwaiter().GetResult().SequenceEqual(content);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));
    }

    [Fact]
    public async Task A_store_that_is_there_passes_its_check()
    {
        var store = await OpenAsync();

        await store.CheckAsync(Token);
    }

    private protected abstract Task<IArtifactStore> OpenAsync();

    /// <summary>How many artifacts there are, with everything that a write left behind.</summary>
    private protected abstract Task<int> CountAsync();

    private protected static Task<StoredArtifact> WriteAsync(IArtifactStore store, string key, byte[] content) =>
        store.WriteAsync(key, (stream, token) => stream.WriteAsync(content, token).AsTask(), Token);

    private protected static async Task<byte[]> ReadAsync(IArtifactStore store, string key)
    {
        await using var content = await store.OpenReadAsync(key, Token);
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, Token);
        return copy.ToArray();
    }
}
