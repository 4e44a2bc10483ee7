using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tests.Tools.Blobs;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Primitives.Agents;
using Azure.Identity;

namespace AtomicDevOps.Activities.Tests.Tools.Artifacts;

public sealed class BlobArtifactStoreTests(Azurite azurite) : ArtifactStoreContract, IAsyncDisposable
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
    public async Task What_one_instance_writes_another_one_reads()
    {
        var one = await OpenAsync();
        var other = Open(_container!).Artifacts;
        await WriteAsync(one, "run/a.bin", [1]);

        (await ReadAsync(other, "run/a.bin")).ShouldBe([1]);
    }

    [Fact]
    public async Task A_busy_account_is_left_alone_for_as_long_as_it_says()
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        faults.Add(request => request.IsWrite, new BlobFault(503, "ServerBusy") { RetryAfter = "17" });

        await WriteAsync(stores.Artifacts, "run/a.bin", [1]);

        stores.Clock.Waits.ShouldContain(TimeSpan.FromSeconds(17));
        faults.Requests.Count(request => request.IsWrite).ShouldBe(2);
    }

    [Fact]
    public async Task An_account_that_is_busy_for_long_is_unavailable_and_says_until_when()
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        faults.Add(request => request.IsWrite, new BlobFault(503, "ServerBusy") { RetryAfter = "600" });

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => WriteAsync(stores.Artifacts, "run/a.bin", [1]));

        failure.RetryAfter.ShouldBe(TimeSpan.FromSeconds(600));
        faults.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(500, "OperationTimedOut")]
    [InlineData(503, "ServerBusy")]
    public async Task A_trouble_that_lasts_ends_after_four_requests_in_all(int status, string code)
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        faults.Add(request => request.IsWrite, new BlobFault(status, code), times: 100);

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => WriteAsync(stores.Artifacts, "run/a.bin", [1]));

        failure.Message.ShouldContain("run/a.bin");
        failure.Message.ShouldContain(code);
        faults.Requests.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Who_is_not_let_in_is_told_which_role_and_which_setting_it_takes()
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        faults.Add(_ => true, new BlobFault(403, "AuthorizationPermissionMismatch"), times: 100);

        foreach (var failure in new[]
        {
            await Should.ThrowAsync<ToolException>(() => WriteAsync(stores.Artifacts, "run/a.bin", [1])),
            await Should.ThrowAsync<ToolException>(() => stores.Artifacts.OpenReadAsync("run/a.bin", Token)),
            await Should.ThrowAsync<ToolException>(() => stores.Artifacts.DeleteAsync("run", Token)),
            await Should.ThrowAsync<ToolException>(() => stores.Artifacts.CheckAsync(Token)),
        })
        {
            failure.ShouldBeOfType<ToolException>();
            failure.Message.ShouldContain("AuthorizationPermissionMismatch");
            failure.Message.ShouldContain("Storage Blob Data Contributor");
            failure.Message.ShouldContain("Artifacts:Container");
        }

        faults.Requests.Count.ShouldBe(4, "a refusal is not tried again");
    }

    [Fact]
    public async Task A_container_that_is_missing_is_no_missing_artifact()
    {
        var store = Open(await azurite.NoContainerAsync()).Artifacts;

        foreach (var failure in new[]
        {
            await Should.ThrowAsync<ToolException>(() => WriteAsync(store, "run/a.bin", [1])),
            await Should.ThrowAsync<ToolException>(() => store.OpenReadAsync("run/a.bin", Token)),
            await Should.ThrowAsync<ToolException>(() => store.DeleteAsync("run", Token)),
            await Should.ThrowAsync<ToolException>(() => store.CheckAsync(Token)),
        })
        {
            failure.ShouldBeOfType<ToolException>();
            failure.Message.ShouldContain("no such container");
            failure.Message.ShouldContain("Artifacts:Container");
        }
    }

    [Fact]
    public async Task The_probe_of_who_checks_out_names_a_container_that_is_missing()
    {
        using var directory = new TemporaryDirectory();
        var git = RealTools.Git(directory);
        var there = await new GitCoreExpertProbe(git, await OpenAsync()).ProbeAsync(Token);
        var missing = await new GitCoreExpertProbe(git, Open(await azurite.NoContainerAsync()).Artifacts).ProbeAsync(Token);

        there.Health.ShouldBe(AgentHealth.Healthy);
        missing.Health.ShouldBe(AgentHealth.Unhealthy);
        missing.Detail.ShouldContain("Artifacts:Container");
    }

    [Fact]
    public async Task Nobody_there_is_unavailable_and_named()
    {
        var store = Open(new Uri("http://127.0.0.1:1/devstoreaccount1/artifacts")).Artifacts;

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => WriteAsync(store, "run/a.bin", [1]));

        failure.Message.ShouldContain("127.0.0.1:1 cannot be reached");
    }

    [Fact]
    public async Task A_read_that_breaks_off_is_tried_again_by_one_layer_only()
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        var content = new byte[5 * 1024 * 1024];
        new Random(1).NextBytes(content);
        await WriteAsync(stores.Artifacts, "run/a.bin", content);
        faults.Add(request => request.IsRead, new BlobFault(0) { AnswerBytes = 70_000 }, times: 3);

        (await ReadAsync(stores.Artifacts, "run/a.bin")).AsSpan().SequenceEqual(content).ShouldBeTrue();
        faults.Requests.Count(request => request.IsRead).ShouldBe(5, "two ranges, and three that broke off");

        faults.Add(request => request.IsRead, new BlobFault(0) { AnswerBytes = 70_000 }, times: 100);
        await Should.ThrowAsync<ToolUnavailableException>(() => ReadAsync(stores.Artifacts, "run/a.bin"));
        faults.Requests.Count(request => request.IsRead).ShouldBe(9);
    }

    [Fact]
    public async Task A_write_that_breaks_off_is_tried_again_and_where_that_lasts_leaves_the_old_content()
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        var content = new byte[5 * 1024 * 1024];
        new Random(2).NextBytes(content);
        faults.Add(request => request.IsWrite, new BlobFault(0) { RequestBytes = 70_000 });
        await WriteAsync(stores.Artifacts, "run/a.bin", content);
        (await ReadAsync(stores.Artifacts, "run/a.bin")).AsSpan().SequenceEqual(content).ShouldBeTrue();

        faults.Add(request => request.IsWrite, new BlobFault(0) { RequestBytes = 70_000 }, times: 100);
        await Should.ThrowAsync<ToolUnavailableException>(() => WriteAsync(stores.Artifacts, "run/a.bin", new byte[5 * 1024 * 1024]));
        await Should.ThrowAsync<ToolUnavailableException>(() => WriteAsync(stores.Artifacts, "run/b.bin", new byte[5 * 1024 * 1024]));

        (await ReadAsync(stores.Artifacts, "run/a.bin")).AsSpan().SequenceEqual(content).ShouldBeTrue();
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_written()
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        faults.Add(request => request.IsCommit, new BlobFault(0) { AnswerBytes = 0 });
        var content = new byte[5 * 1024 * 1024];

        await WriteAsync(stores.Artifacts, "run/a.bin", content);

        (await ReadAsync(stores.Artifacts, "run/a.bin")).Length.ShouldBe(content.Length);
    }

    [Fact]
    public async Task What_is_replaced_or_deleted_while_it_is_read_is_an_error_and_no_mixture()
    {
        var store = await OpenAsync();
        await WriteAsync(store, "run/a.bin", new byte[5 * 1024 * 1024]);
        await using var replaced = await store.OpenReadAsync("run/a.bin", Token);
        (await replaced.ReadAtLeastAsync(new byte[10], 10, cancellationToken: Token)).ShouldBe(10);
        await WriteAsync(store, "run/a.bin", new byte[5 * 1024 * 1024]);
        await using var deleted = await store.OpenReadAsync("run/a.bin", Token);

        await Should.ThrowAsync<ToolUnavailableException>(() => replaced.CopyToAsync(Stream.Null, Token));
        await store.DeleteAsync("run", Token);
        await Should.ThrowAsync<ToolException>(() => deleted.CopyToAsync(Stream.Null, Token));
    }

    [Fact]
    public async Task An_account_of_Azure_is_told_the_identity_and_never_a_key()
    {
        await using var azure = await BlobFaults.StartAsync(new Uri("http://127.0.0.1:1/stdevops/artifacts"));
        azure.Add(_ => true, new BlobFault(403, "AuthorizationPermissionMismatch"), times: 100);
        var stores = Open(azure.Container);

        await Should.ThrowAsync<ToolException>(() => stores.Artifacts.OpenReadAsync("run/a.bin", Token));

        var request = azure.Requests.ShouldHaveSingleItem();
        request.Target.ShouldBe("/stdevops/artifacts/run/a.bin");
        request.Authorization.ShouldBe($"Bearer {ArmStandIn.Token}");
        stores.Credential.Asked.ShouldHaveSingleItem().Scopes.ShouldBe(["https://storage.azure.com/.default"]);
    }

    [Fact]
    public async Task Without_a_credential_the_error_names_the_setting_that_chooses_it()
    {
        await using var azure = await BlobFaults.StartAsync(new Uri("http://127.0.0.1:1/stdevops/artifacts"));
        var stores = Open(azure.Container);
        stores.Credential.Failure = new CredentialUnavailableException("No identity here.");

        (await Should.ThrowAsync<ToolException>(() => stores.Artifacts.CheckAsync(Token))).Message.ShouldContain("Azure:Credential");

        azure.Requests.ShouldBeEmpty();
    }

    private protected override async Task<IArtifactStore> OpenAsync() => Open(_container ??= await azurite.NewContainerAsync()).Artifacts;

    private protected override async Task<int> CountAsync() => (await Azurite.NamesAsync(_container!)).Count;

    private BlobStores Open(Uri container)
    {
        var stores = new BlobStores(container);
        _opened.Add(stores);
        return stores;
    }

    private async Task<(BlobStores Stores, BlobFaults Faults)> OpenBeforeFaultsAsync()
    {
        var faults = await BlobFaults.StartAsync(_container = await azurite.NewContainerAsync());
        _opened.Add(faults);
        return (Open(faults.Container), faults);
    }
}
