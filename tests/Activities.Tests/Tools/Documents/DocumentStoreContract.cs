using System.Globalization;
using System.Text;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Documents;

namespace AtomicDevOps.Activities.Tests.Tools.Documents;

/// <summary>What holds for every place where documents are kept.</summary>
public abstract class DocumentStoreContract
{
    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_read_back_and_a_new_one_has_another_version()
    {
        var store = await OpenAsync();
        (await store.ReadAsync("a/b", Token)).ShouldBeNull();

        (await WriteAsync(store, "a/b", "one", version: null)).ShouldBeTrue();
        var one = await ReadAsync(store, "a/b");
        (await WriteAsync(store, "a/b", "two", one.Version)).ShouldBeTrue();
        var two = await ReadAsync(store, "a/b");

        (Text(one), Text(two)).ShouldBe(("one", "two"));
        two.Version.ShouldNotBe(one.Version);
    }

    [Fact]
    public async Task A_writer_that_read_an_older_version_changes_nothing()
    {
        var store = await OpenAsync();
        await WriteAsync(store, "a", "one", version: null);
        var read = await ReadAsync(store, "a");
        await WriteAsync(store, "a", "two", read.Version);

        (await WriteAsync(store, "a", "late", read.Version)).ShouldBeFalse();
        (await WriteAsync(store, "a", "first", version: null)).ShouldBeFalse();
        Text(await ReadAsync(store, "a")).ShouldBe("two");
    }

    [Fact]
    public async Task A_writer_whose_document_was_deleted_changes_nothing()
    {
        var store = await OpenAsync();
        await WriteAsync(store, "a", "one", version: null);
        var read = await ReadAsync(store, "a");
        await store.DeleteAsync("a", Token);
        await store.DeleteAsync("a", Token);
        await store.DeleteAsync("never/there", Token);

        (await WriteAsync(store, "a", "two", read.Version)).ShouldBeFalse();
        (await store.ReadAsync("a", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_write_that_is_done_already_counts_as_done()
    {
        var store = await OpenAsync();
        await WriteAsync(store, "a", "one", version: null);

        (await WriteAsync(store, "a", "one", version: null)).ShouldBeTrue();
    }

    [Fact]
    public async Task Of_many_writers_at_once_each_counts_once()
    {
        var store = await OpenAsync();
        const int Writers = 8;
        const int Times = 5;

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(
            async () =>
            {
                for (var time = 0; time < Times;)
                {
                    var read = await store.ReadAsync("a", Token);
                    var count = read is null ? 0 : int.Parse(Text(read), CultureInfo.InvariantCulture);
                    time += await WriteAsync(store, "a", (count + 1).ToString(CultureInfo.InvariantCulture) + new string(' ', Random.Shared.Next(1, 100_000)), read?.Version) ? 1 : 0;
                }
            },
            Token)));

        int.Parse(Text(await ReadAsync(store, "a")), CultureInfo.InvariantCulture).ShouldBe(Writers * Times);
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_list_has_what_is_below_a_key_and_not_what_only_begins_like_it()
    {
        var store = await OpenAsync();
        foreach (var key in new[] { "x/b/2", "x/b", "x/b/1", "x/b/c/d.", "x/bc", "x/b.e/3", "y/b/1", "x/b/c" })
        {
            await WriteAsync(store, key, key, version: null);
        }

        (await store.ListAsync("x/b", Token).ToListAsync(Token)).ShouldBe(["x/b/1", "x/b/2", "x/b/c", "x/b/c/d."]);
        (await store.ListAsync("none", Token).ToListAsync(Token)).ShouldBeEmpty();
        foreach (var key in await store.ListAsync("x", Token).ToListAsync(Token))
        {
            Text(await ReadAsync(store, key)).ShouldBe(key);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../x")]
    [InlineData("a/../b")]
    [InlineData("a b")]
    [InlineData("a=.json")]
    public async Task Keys_that_break_the_rules_are_refused(string key)
    {
        var store = await OpenAsync();

        await Should.ThrowAsync<ToolException>(() => WriteAsync(store, key, "x", version: null));
        await Should.ThrowAsync<ToolException>(() => store.ReadAsync(key, Token));
        await Should.ThrowAsync<ToolException>(() => store.DeleteAsync(key, Token));
        await Should.ThrowAsync<ToolException>(async () => await store.ListAsync(key, Token).ToListAsync(Token));
    }

    [Fact]
    public async Task A_store_that_is_there_passes_its_check() => await (await OpenAsync()).CheckAsync(Token);

    private protected abstract Task<IDocumentStore> OpenAsync();

    /// <summary>How many documents there are, with everything that a write left behind.</summary>
    private protected abstract Task<int> CountAsync();

    private protected static Task<bool> WriteAsync(IDocumentStore store, string key, string text, string? version) =>
        store.TryWriteAsync(key, Encoding.UTF8.GetBytes(text), version, Token);

    private protected static async Task<StoredDocument> ReadAsync(IDocumentStore store, string key) => (await store.ReadAsync(key, Token)).ShouldNotBeNull();

    private protected static string Text(StoredDocument document) => Encoding.UTF8.GetString(document.Content.Span);
}
