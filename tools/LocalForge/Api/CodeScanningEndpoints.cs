using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.CodeScanning;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api;

internal static partial class CodeScanningEndpoints
{
    public static void Map(IEndpointRouteBuilder repository)
    {
        repository.MapPost("/code-scanning/sarifs", UploadAsync);
        repository.MapGet("/code-scanning/sarifs/{sarif_id}", GetAsync);
    }

    private static async Task<IResult> UploadAsync(RepositoryCall call)
    {
        call.Require(Permission.Write);
        RequireCodeScanning(call);
        var body = await call.ReadAsync<WriteSarif>();
        var sha = body.CommitSha is { } asked && CommitId().IsMatch(asked)
            ? asked
            : throw ApiException.Unprocessable("Invalid request.\n\ncommit_sha is not a commit id of 40 or 64 hexadecimal digits.");
        var reference = body.Ref is { } name && Reference().IsMatch(name)
            ? name
            : throw ApiException.Unprocessable("Invalid request.\n\nref is not of the form refs/heads/…, refs/tags/…, refs/pull/N/merge or refs/pull/N/head.");
        var log = Read(body.Sarif ?? throw ApiException.Unprocessable("Invalid request.\n\n\"sarif\" wasn't supplied."));
        if (await call.Git.ResolveCommitAsync(sha, call.Aborted) is null)
        {
            throw new ApiException(StatusCodes.Status404NotFound, "commit not found");
        }

        if (await call.Git.ResolveCommitAsync(reference, call.Aborted) is null)
        {
            throw new ApiException(StatusCodes.Status404NotFound, $"ref '{reference}' not found in this repository");
        }

        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var upload = write.Put(
            call.Store.SarifUploads,
            new SarifUpload(write.NextId(), call.Repository.Id, Guid.NewGuid(), sha, reference, body.Sarif, call.Forge.Now)
            {
                ToolName = body.ToolName,
                Errors = SarifLog.FindErrors(log),
                Processed = call.Forge.Options.SarifProcessing == SarifProcessingMode.AtOnce,
            });
        write.Commit();
        return ApiCall.Json(
            new JsonObject { ["id"] = upload.SarifId.ToString(), ["url"] = $"{call.Url}/code-scanning/sarifs/{upload.SarifId}" },
            StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> GetAsync(RepositoryCall call)
    {
        RequireCodeScanning(call);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var upload = Guid.TryParse(call.Route("sarif_id"), out var id)
            && call.Store.SarifUploads.FirstOrDefault(known => known.SarifId == id && known.RepositoryId == call.Repository.Id) is { } found
            ? found
            : throw ApiException.NotFound();
        if (!upload.Processed)
        {
            write.Put(call.Store.SarifUploads, upload with { Processed = true });
            write.Commit();
            return ApiCall.Json(new JsonObject { ["processing_status"] = "pending" });
        }

        var isComplete = upload.Errors.Count == 0;
        return ApiCall.Json(new JsonObject
        {
            ["processing_status"] = isComplete ? "complete" : "failed",
            ["analyses_url"] = isComplete ? $"{call.Url}/code-scanning/analyses?sarif_id={upload.SarifId}" : null,
            ["errors"] = isComplete ? null : GitHubJson.Array(upload.Errors, error => error),
        });
    }

    private static void RequireCodeScanning(RepositoryCall call)
    {
        if (!call.Repository.CodeScanning)
        {
            throw ApiException.Forbidden("Code Security must be enabled for this repository to use code scanning.");
        }
    }

    private static byte[] Read(string sarif)
    {
        try
        {
            var compressed = Convert.FromBase64String(sarif);
            return compressed.Length <= SarifLog.MostCompressedBytes
                ? SarifLog.Decompress(compressed)
                : throw new ApiException(StatusCodes.Status413PayloadTooLarge, "SARIF file is too large");
        }
        catch (Exception problem) when (problem is FormatException or InvalidDataException)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, "Invalid SARIF. It must be compressed with gzip and encoded in Base64");
        }
    }

    [GeneratedRegex("^[0-9a-fA-F]{40}([0-9a-fA-F]{24})?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CommitId();

    [GeneratedRegex("^refs/(heads/.+|tags/.+|pull/[0-9]+/(head|merge))$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Reference();

    private sealed record WriteSarif(string? CommitSha, string? Ref, string? Sarif, string? ToolName);
}
