using static AtomicDevOps.Activities.Tools.GitHub.GitHubAddress;

namespace AtomicDevOps.Activities.Tools.GitHub;

internal sealed partial class GitHubRestClient
{
    public async Task<string> UploadSarifAsync(RepositoryName repository, SarifUpload upload, CancellationToken cancellationToken)
    {
        var body = new
        {
            upload.CommitSha,
            Ref = upload.Reference,
            Sarif = upload.CompressedLog,
            upload.ToolName,
            StartedAt = upload.StartedAt?.ToUniversalTime(),
            upload.CheckoutUri,
        };
        var request = Post($"{Repo(repository)}/code-scanning/sarifs", body) with { IsRepeatable = true };
        return (await GetAsync<WireSarifReceipt>(request, cancellationToken)).Id;
    }

    public async Task<SarifUploadStatus> GetSarifUploadAsync(RepositoryName repository, string id, CancellationToken cancellationToken)
        => (await GetAsync<WireSarifStatus>(Get($"{Repo(repository)}/code-scanning/sarifs/{Segment(id)}"), cancellationToken)).ToStatus();
}
