using System.IO.Compression;
using System.Net;
using System.Text.Json;
using AtomicDevOps.Activities.Security.Sarif;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.GitHub;

public sealed partial class GitHubExpert
{
    private const int MaxCompressedSarif = 10 * 1024 * 1024;
    private const int MaxErrors = 20;

    /// <summary>What is read at all; no log within the other limits comes near it.</summary>
    private const long MaxSarif = 256 * 1024 * 1024;

    public static ActivityCall<UploadSarifRequest, UploadSarifResult> UploadSarif { get; } = new("GitHubExpert_UploadSarif");

    /// <summary>
    /// Hands a log to code scanning, without what is suppressed in it. GitHub reads it in the background: <see cref="GetSarifUpload"/> tells what became of it. A repeated call takes the
    /// first one's place.
    /// </summary>
    [Function("GitHubExpert_UploadSarif")]
    public async Task<UploadSarifResult> UploadSarifAsync([ActivityTrigger] UploadSarifRequest input, CancellationToken cancellationToken)
    {
        Require(input.CommitSha.Length is 40 or 64 && input.CommitSha.All(char.IsAsciiHexDigit), "The commit needs to be a whole commit id.");
        Require(
            IsScannedReference(input.Reference),
            "Code scanning takes 'refs/heads/BRANCH', 'refs/tags/TAG', 'refs/pull/NUMBER/head' and 'refs/pull/NUMBER/merge'.");

        if (await CompressAsync(input, cancellationToken) is not { } log)
        {
            return new UploadSarifResult(UploadSarifOutcome.TooLarge)
            {
                Errors = [$"The log is larger than {MaxCompressedSarif / 1024 / 1024} MB after compression, which is all that code scanning takes."],
            };
        }

        try
        {
            var upload = new SarifUpload(input.CommitSha, input.Reference, log) { ToolName = SarifWriter.PlatformTool, StartedAt = input.StartedAt };
            return new UploadSarifResult(UploadSarifOutcome.Uploaded, await github.UploadSarifAsync(input.Repository, upload, cancellationToken));
        }
        catch (GitHubRequestException exception) when (exception.Status != HttpStatusCode.Unauthorized)
        {
            var outcome = exception.Status switch
            {
                HttpStatusCode.RequestEntityTooLarge => UploadSarifOutcome.TooLarge,
                HttpStatusCode.Forbidden when IsAboutTheSwitch(exception.Reason) => UploadSarifOutcome.NotEnabled,
                _ => UploadSarifOutcome.Refused,
            };
            return new UploadSarifResult(outcome) { Errors = [exception.Reason] };
        }
        catch (ToolNotFoundException exception)
        {
            return new UploadSarifResult(UploadSarifOutcome.Refused) { Errors = [exception.Message] };
        }
    }

    public static ActivityCall<SarifUploadReference, SarifUploadResult> GetSarifUpload { get; } = new("GitHubExpert_GetSarifUpload");

    /// <summary>Looks once how far GitHub is with a log.</summary>
    [Function("GitHubExpert_GetSarifUpload")]
    public async Task<SarifUploadResult> GetSarifUploadAsync([ActivityTrigger] SarifUploadReference input, CancellationToken cancellationToken)
    {
        try
        {
            var status = await github.GetSarifUploadAsync(input.Repository, input.Id, cancellationToken);
            var state = status.Processing switch
            {
                SarifProcessing.Complete => SarifUploadState.Complete,
                SarifProcessing.Failed => SarifUploadState.Failed,
                _ => SarifUploadState.Pending,
            };
            return new SarifUploadResult(state) { Errors = [.. status.Errors.Take(MaxErrors).Select(error => GitHubText.CutLine(error, GitHubText.SarifError))] };
        }
        catch (ToolNotFoundException)
        {
            // An upload that GitHub has just taken may not be found for some seconds.
            return new SarifUploadResult(SarifUploadState.Unknown);
        }
    }

    private async Task<ReadOnlyMemory<byte>?> CompressAsync(UploadSarifRequest input, CancellationToken cancellationToken)
    {
        if (input.Log.Bytes > MaxSarif)
        {
            return null;
        }

        await using var stream = await artifacts.OpenReadAsync(input.Log.Key, cancellationToken);
        using var compressed = new MemoryStream();
        try
        {
            using var log = await JsonDocument.ParseAsync(stream, cancellationToken: cancellationToken);
            await using var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true);
            if (!CodeScanningLog.Write(log.RootElement, gzip, () => compressed.Length <= MaxCompressedSarif))
            {
                return null;
            }
        }
        catch (JsonException exception)
        {
            throw new ToolException("Artifacts", $"The artifact '{input.Log.Key}' is no SARIF log: {exception.Message}", exception);
        }

        return compressed.Length > MaxCompressedSarif ? null : compressed.ToArray();
    }

    private static bool IsScannedReference(string reference) => reference.Split('/') switch
    {
        ["refs", "heads" or "tags", _, ..] parts => parts.All(part => part.Length > 0),
        ["refs", "pull", var number, "head" or "merge"] => number.Length > 0 && number.All(char.IsAsciiDigit),
        _ => false,
    };

    /// <summary>GitHub has named what is to be enabled "Code scanning", "Advanced Security" and "Code Security" over time; a missing permission it words otherwise.</summary>
    private static bool IsAboutTheSwitch(string reason) => reason.Contains("enabled", StringComparison.OrdinalIgnoreCase);
}
