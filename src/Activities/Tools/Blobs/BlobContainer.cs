using System.Runtime.CompilerServices;
using System.Xml;
using AtomicDevOps.Activities.Tools.AzureClients;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Blobs;

/// <summary>
/// A container of blobs that a setting names. Blobs have names of the same form as keys of artifacts. Every call may throw
/// <see cref="ToolUnavailableException"/> where it may succeed later, and <see cref="ToolException"/> with what would be right.
/// </summary>
internal sealed class BlobContainer
{
    private readonly string _tool;
    private readonly string _setting;
    private readonly BlobContainerAddress _address;
    private readonly AzureFailures _failures;
    private readonly BlobContainerClient _client;

    public BlobContainer(
        BlobContainerName name,
        IHttpClientFactory clients,
        TokenCredential credential,
        IOptions<AzureResourceManagerOptions> azure,
        TimeProvider timeProvider)
    {
        var (tool, _, address) = name;
        (_tool, _setting, _address) = name;
        _failures = new AzureFailures(tool, address.Uri, azure.Value);
        var options = new BlobClientOptions
        {
            Transport = new HttpClientTransport(clients.CreateClient(AzureFailures.ClientName)),
            RetryPolicy = new AzureRetryPolicy(tool, timeProvider, azure.Value.ThrottleWait),
        };
        options.Retry.NetworkTimeout = azure.Value.Timeout;
        options.Diagnostics.ApplicationId = "AtomicDevOps";
        options.Diagnostics.IsLoggingContentEnabled = false;
        options.AddPolicy(new WholeAnswersPolicy(), HttpPipelinePosition.PerCall);
        if (address.PublishedAccount is { } account)
        {
            _client = new BlobContainerClient(address.Uri, new StorageSharedKeyCredential(account.Name, account.Key), options);
            return;
        }

        var uri = address.Uri;
        if (uri.Scheme is "http")
        {
            options.AddPolicy(new LoopbackPolicy(), HttpPipelinePosition.BeforeTransport);
            uri = new UriBuilder(uri) { Scheme = Uri.UriSchemeHttps, Port = uri.Port }.Uri;
        }

        _client = new BlobContainerClient(uri, credential, options);
    }

    /// <summary>The name of a blob for a key: the key's, but that a segment that ends in a dot, which Azure may lose, gets an end that no key has.</summary>
    public static string NameOf(string key) => string.Join('/', key.Split('/').Select(segment => segment.EndsWith('.') ? $"{segment}=" : segment));

    public BlockBlobClient Blob(string key) => _client.GetBlockBlobClient(NameOf(key));

    /// <summary>Reads from the container, to know whether it is there and lets this platform in.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var options = new GetBlobsOptions();
        await using var pages = _client.GetBlobsAsync(options, cancellationToken).AsPages(pageSizeHint: 1).GetAsyncEnumerator(cancellationToken);
        await CallAsync("look into the container", async () => await pages.MoveNextAsync(), cancellationToken);
    }

    /// <summary>Deletes the blob of that key, and all below it.</summary>
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var what = $"delete '{key}'";
        await DeleteBlobAsync(what, NameOf(key), cancellationToken);
        await foreach (var name in NamesAsync(what, $"{NameOf(key)}/", cancellationToken))
        {
            await DeleteBlobAsync(what, name, cancellationToken);
        }
    }

    /// <summary>The keys below a key.</summary>
    public async IAsyncEnumerable<string> KeysBelowAsync(string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var name in NamesAsync($"list '{key}'", $"{NameOf(key)}/", cancellationToken))
        {
            yield return string.Join('/', name.Split('/').Select(segment => segment.EndsWith(".=", StringComparison.Ordinal) ? segment[..^1] : segment));
        }
    }

    /// <summary>Runs a call, and makes its failure a clear error.</summary>
    /// <exception cref="ToolNotFoundException">The container is there, and the blob is not.</exception>
    public async Task<T> CallAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (AzureFailures.IsFailure(exception, cancellationToken) || exception is XmlException)
        {
            throw exception switch
            {
                RequestFailedException { Status: > 0 } failure => Translate(what, failure),
                XmlException => new ToolException(_tool, $"{what} was answered with something that is not Azure Storage's; is {_setting} right?", exception),
                _ => _failures.Translate(what, exception),
            };
        }
    }

    private ToolException Translate(string what, RequestFailedException failure)
    {
        var answer = $"{what} in {_address} was answered with {failure.Status}{(failure.ErrorCode is { Length: > 0 } code ? $" {code}" : "")}.";
        return (failure.Status, failure.ErrorCode) switch
        {
            (401, _) => new ToolException(_tool, $"{answer} The credentials are not accepted here: check Azure:Credential, Azure:TenantId and {_setting}.", failure),
            (403, _) => new ToolException(
                _tool,
                $"{answer} The identity lacks the role Storage Blob Data Contributor on this container, or the account's network rules keep it out; see {_setting}.",
                failure),
            (404, "BlobNotFound") => new ToolNotFoundException(_tool, answer, failure),
            (404, _) => new ToolException(_tool, $"{answer} There is no such container: make it, or correct {_setting}.", failure),
            (412, "ConditionNotMet") => new ToolUnavailableException(_tool, $"{answer} Another one wrote it meanwhile; what is there now can be read.", failure),
            (408 or 429 or >= 500, _) => new ToolUnavailableException(_tool, answer, failure),
            _ => new ToolException(_tool, answer, failure),
        };
    }

    private Task<bool> DeleteBlobAsync(string what, string name, CancellationToken cancellationToken) => CallAsync(
        what,
        async () => (await _client.DeleteBlobIfExistsAsync(name, DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken)).Value,
        cancellationToken);

    private async IAsyncEnumerable<string> NamesAsync(string what, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var options = new GetBlobsOptions { Prefix = prefix };
        await using var blobs = _client.GetBlobsAsync(options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await CallAsync(what, async () => await blobs.MoveNextAsync(), cancellationToken))
        {
            yield return blobs.Current.Name;
        }
    }

    /// <summary>
    /// Has every answer read to its end before it counts, so that one that breaks off is tried again where all others are. No answer is larger than
    /// a block or a log.
    /// </summary>
    private sealed class WholeAnswersPolicy : HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(HttpMessage message) => message.BufferResponse = true;
    }
}

/// <param name="Tool">What the container is for, as errors say it.</param>
/// <param name="Setting">The setting with its address.</param>
internal sealed record BlobContainerName(string Tool, string Setting, BlobContainerAddress Address);
