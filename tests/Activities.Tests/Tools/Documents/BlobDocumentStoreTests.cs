using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.Blobs;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Documents;

namespace AtomicDevOps.Activities.Tests.Tools.Documents;

public sealed class BlobDocumentStoreTests(Azurite azurite) : DocumentStoreContract, IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _opened = [];
    private Uri? _container;

    public async ValueTask DisposeAsync()
    {
        foreach (var each in _opened)
        {
            await each.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_one_instance_writes_another_one_reads_and_their_writes_are_told_apart()
    {
        var one = await OpenAsync();
        var other = Open(_container!);
        await WriteAsync(one, "a", "one", version: null);
        var read = await ReadAsync(other, "a");

        (await WriteAsync(other, "a", "two", read.Version)).ShouldBeTrue();
        (await WriteAsync(one, "a", "three", read.Version)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_written_once_and_no_conflict()
    {
        var faults = await BlobFaults.StartAsync(_container = await azurite.NewContainerAsync());
        _opened.Add(faults);
        var store = Open(faults.Container);
        faults.Add(request => request.IsWrite, new BlobFault(0) { AnswerBytes = 0 });

        (await WriteAsync(store, "a", "one", version: null)).ShouldBeTrue();

        Text(await ReadAsync(store, "a")).ShouldBe("one");
        faults.Requests.Count(request => request.IsWrite).ShouldBe(2);
    }

    [Fact]
    public async Task Who_is_not_let_in_is_told_the_setting()
    {
        var faults = await BlobFaults.StartAsync(_container = await azurite.NewContainerAsync());
        _opened.Add(faults);
        var store = Open(faults.Container);
        faults.Add(_ => true, new BlobFault(403, "AuthorizationPermissionMismatch"), times: 3);

        (await Should.ThrowAsync<ToolException>(() => WriteAsync(store, "a", "one", version: null))).Message.ShouldContain("Findings:Container");
        (await Should.ThrowAsync<ToolException>(() => store.ReadAsync("a", Token))).Message.ShouldContain("Findings:Container");
        (await Should.ThrowAsync<ToolException>(() => store.CheckAsync(Token))).Message.ShouldContain("Findings:Container");
    }

    [Fact]
    public async Task A_container_that_is_missing_is_no_missing_document()
    {
        var store = Open(await azurite.NoContainerAsync());

        (await Should.ThrowAsync<ToolException>(() => store.ReadAsync("a", Token))).Message.ShouldContain("no such container");
        (await Should.ThrowAsync<ToolException>(() => WriteAsync(store, "a", "one", version: null))).Message.ShouldContain("no such container");
    }

    private protected override async Task<IDocumentStore> OpenAsync() => Open(_container ??= await azurite.NewContainerAsync());

    private protected override async Task<int> CountAsync() => (await Azurite.NamesAsync(_container!)).Count;

    private IDocumentStore Open(Uri container)
    {
        var stores = new BlobStores(container);
        _opened.Add(stores);
        return stores.Documents;
    }
}
