using Octokit;
using static AtomicDevOps.Activities.Tools.GitHub.GitHubAddress;
using static AtomicDevOps.Activities.Tools.GitHub.OctokitMapping;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>Octokit has no calls for code scanning, so its connection asks.</summary>
internal sealed partial class OctokitGitHubClient
{
    public Task<string> UploadSarifAsync(RepositoryName repository, SarifUpload upload, CancellationToken cancellationToken)
    {
        var body = new
        {
            upload.CommitSha,
            Ref = upload.Reference,
            Sarif = Convert.ToBase64String(upload.CompressedLog.Span),
            upload.ToolName,
            upload.StartedAt,
            upload.CheckoutUri,
        };
        return CallAsync(
            github => new ApiConnection(github.Connection).Post<OctokitSarifReceipt>(Sarifs(repository), body),
            receipt => Required(receipt?.Id, "id"),
            cancellationToken,
            request => request with { IsRepeatable = true });
    }

    public Task<SarifUploadStatus> GetSarifUploadAsync(RepositoryName repository, string id, CancellationToken cancellationToken)
        => CallAsync(
            github => new ApiConnection(github.Connection).Get<OctokitSarifStatus>(new Uri($"{Sarifs(repository)}/{Segment(id)}", UriKind.Relative)),
            status => new WireSarifStatus(Required(status?.ProcessingStatus, "processing_status"), status!.Errors).ToStatus(),
            cancellationToken);

    private static Uri Sarifs(RepositoryName repository) => new($"repos/{repository.Owner}/{repository.Name}/code-scanning/sarifs", UriKind.Relative);
}

internal sealed class OctokitSarifReceipt
{
    public string? Id { get; set; }
}

internal sealed class OctokitSarifStatus
{
    public string? ProcessingStatus { get; set; }

    public IReadOnlyList<string>? Errors { get; set; }
}
