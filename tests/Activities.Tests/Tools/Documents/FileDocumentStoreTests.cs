using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Documents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Documents;

public sealed class FileDocumentStoreTests : DocumentStoreContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Two_processes_on_one_directory_see_each_others_writes()
    {
        var one = Open(TimeProvider.System);
        var other = Open(TimeProvider.System);
        await WriteAsync(one, "a", "one", version: null);
        var read = await ReadAsync(other, "a");

        (await WriteAsync(other, "a", "two", read.Version)).ShouldBeTrue();
        (await WriteAsync(one, "a", "three", read.Version)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_lock_that_another_process_holds_is_waited_for()
    {
        var store = Open(TimeProvider.System);
        await WriteAsync(store, "a", "one", version: null);
        var read = await ReadAsync(store, "a");
        Task<bool> writing;
        using (new FileStream(Directory.GetFiles(_directory.Combine("locks")).ShouldHaveSingleItem(), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            writing = WriteAsync(store, "a", "two", read.Version);
            writing.IsCompleted.ShouldBeFalse();
            Text(await ReadAsync(store, "a")).ShouldBe("one");
        }

        (await writing).ShouldBeTrue();
    }

    [Fact]
    public async Task A_lock_that_is_never_given_back_makes_the_store_unavailable()
    {
        var store = Open(new SkippingTimeProvider());
        await WriteAsync(store, "a", "one", version: null);
        using var held = new FileStream(Directory.GetFiles(_directory.Combine("locks")).ShouldHaveSingleItem(), FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        (await Should.ThrowAsync<ToolUnavailableException>(() => WriteAsync(store, "a", "two", version: null))).Message.ShouldContain("'a'");
    }

    [Fact]
    public async Task What_a_killed_writer_left_is_no_document_and_goes_after_a_day()
    {
        await WriteAsync(Open(TimeProvider.System), "a", "one", version: null);
        var young = _directory.Combine("incoming", "young");
        var old = _directory.Combine("incoming", "old");
        await File.WriteAllTextAsync(young, "tw", Token);
        await File.WriteAllTextAsync(old, "tw", Token);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-2));

        var store = Open(TimeProvider.System);

        Text(await ReadAsync(store, "a")).ShouldBe("one");
        (await store.ListAsync("a", Token).ToListAsync(Token)).ShouldBeEmpty();
        (File.Exists(young), File.Exists(old)).ShouldBe((true, false));
    }

    private protected override Task<IDocumentStore> OpenAsync() => Task.FromResult<IDocumentStore>(Open(TimeProvider.System));

    private protected override Task<int> CountAsync() => Task.FromResult(
        Directory.GetFiles(_directory.Combine("content"), "*", SearchOption.AllDirectories).Length + Directory.GetFiles(_directory.Combine("incoming")).Length);

    private FileDocumentStore Open(TimeProvider timeProvider) => new FileDocumentStore(Options.Create(new FindingsOptions { Directory = _directory.Path }), timeProvider);
}
