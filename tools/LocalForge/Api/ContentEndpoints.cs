using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.PullRequests;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api;

/// <summary>Files: read, written and deleted one by one, or fetched all at once as an archive.</summary>
internal static class ContentEndpoints
{
    public static void Map(IEndpointRouteBuilder repository)
    {
        repository.MapGet("/contents/{**path}", GetAsync);
        repository.MapPut("/contents/{**path}", PutAsync);
        repository.MapDelete("/contents/{**path}", DeleteAsync);
        repository.MapGet("/tarball/{**revision}", call => RedirectAsync(call, "tar.gz"));
        repository.MapGet("/zipball/{**revision}", call => RedirectAsync(call, "zip"));
    }

    /// <summary>The archives themselves, where the API's redirects lead.</summary>
    public static void MapArchives(IEndpointRouteBuilder root)
    {
        root.MapGet("/{owner}/{repo}/legacy.tar.gz/{**revision}", http => SendArchiveAsync(http, "tar.gz", "application/x-gzip"));
        root.MapGet("/{owner}/{repo}/legacy.zip/{**revision}", http => SendArchiveAsync(http, "zip", "application/zip"));
    }

    private static JsonRenderer Show(ApiCall call) => new(call.Forge, call.Links);

    private static void MapGet(this IEndpointRouteBuilder repository, string pattern, Func<RepositoryCall, Task<IResult>> handler) =>
        EndpointRouteBuilderExtensions.MapGet(repository, pattern, handler);

    private static async Task<IResult> GetAsync(RepositoryCall call)
    {
        var path = call.Route("path").TrimEnd('/');
        var revision = call.Query("ref") ?? call.Repository.DefaultBranch;
        var commit = await call.Git.ResolveCommitAsync(revision, call.Aborted)
            ?? throw new ApiException(StatusCodes.Status404NotFound, $"No commit found for the ref {revision}");
        var entry = path.Length == 0 ? null : await call.Git.FindEntryAsync(commit, path, call.Aborted) ?? throw ApiException.NotFound();
        var show = Show(call);
        if (entry is null or { Type: "tree" })
        {
            var entries = await call.Git.ListTreeAsync(commit, path, recursive: false, call.Aborted);
            return ApiCall.Json(GitHubJson.Array(entries, child => show.Entry(call.Repository, child, revision, content: null)));
        }

        var content = entry.Type == "blob" ? await call.Git.ReadBlobAsync(entry.Sha, call.Aborted) : [];
        return call.Http.Request.Headers.Accept.ToString().Contains("raw", StringComparison.Ordinal)
            ? Results.Bytes(content, "application/vnd.github.v3.raw; charset=utf-8")
            : ApiCall.Json(show.Entry(call.Repository, entry, revision, content));
    }

    private static async Task<IResult> PutAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var body = await call.ReadAsync<WriteContent>();
        var message = body.Message ?? throw ApiException.Invalid(ApiError.Missing("Content", "message"));
        byte[] content;
        try
        {
            content = Convert.FromBase64String(body.Content ?? throw ApiException.Invalid(ApiError.Missing("Content", "content")));
        }
        catch (FormatException)
        {
            throw ApiException.Unprocessable("content is not valid Base64");
        }

        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var (branch, head, existing) = await FindTargetAsync(call, body);
        if (existing is not null && body.Sha is null)
        {
            throw ApiException.Unprocessable("Invalid request.\n\n\"sha\" wasn't supplied.");
        }

        CheckBlob(call, existing, body.Sha);
        var path = call.Route("path");
        var blob = await call.Git.WriteBlobAsync(content, call.Aborted);
        var commit = await CommitAsync(call, write, body, branch, head, path, (existing?.Mode ?? "100644", blob), message, user);
        var entry = new GitTreeEntry("100644", "blob", blob, content.Length, path);
        var json = new JsonObject
        {
            ["content"] = Show(call).Entry(call.Repository, entry, branch, content: null),
            ["commit"] = Show(call).GitCommit(call.Repository, commit),
        };
        return existing is null ? call.Created(json) : ApiCall.Json(json);
    }

    private static async Task<IResult> DeleteAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var body = await call.ReadAsync<WriteContent>();
        var message = body.Message ?? throw ApiException.Invalid(ApiError.Missing("Content", "message"));
        var sha = body.Sha ?? throw ApiException.Invalid(ApiError.Missing("Content", "sha"));
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var (branch, head, existing) = await FindTargetAsync(call, body);
        CheckBlob(call, existing ?? throw ApiException.NotFound(), sha);
        var commit = await CommitAsync(call, write, body, branch, head, call.Route("path"), (existing.Mode, null), message, user);
        return ApiCall.Json(new JsonObject { ["content"] = null, ["commit"] = Show(call).GitCommit(call.Repository, commit) });
    }

    private static async Task<(string Branch, string? Head, GitTreeEntry? Existing)> FindTargetAsync(RepositoryCall call, WriteContent body)
    {
        var branch = body.Branch ?? call.Repository.DefaultBranch;
        var head = await call.Git.ReadBranchAsync(branch, call.Aborted);
        var empty = (await call.Git.ListRefsAsync("refs/heads/", call.Aborted)).Count == 0;
        return head is null && !empty
            ? throw new ApiException(StatusCodes.Status404NotFound, $"Branch {branch} not found")
            : (branch, head, head is null ? null : await call.Git.FindEntryAsync(head, call.Route("path"), call.Aborted));
    }

    private static void CheckBlob(RepositoryCall call, GitTreeEntry? existing, string? sha)
    {
        if (sha is not null && existing?.Sha != sha)
        {
            throw new ApiException(StatusCodes.Status409Conflict, $"{call.Route("path")} does not match {sha}");
        }
    }

    private static async Task<GitCommit> CommitAsync(
        RepositoryCall call,
        ForgeWrite write,
        WriteContent body,
        string branch,
        string? head,
        string path,
        (string Mode, string? Blob) file,
        string message,
        User user)
    {
        string tree;
        try
        {
            tree = await call.Git.WriteTreeAsync(
                head, new Dictionary<string, (string, string?)>(StringComparer.Ordinal) { [path] = file }, call.Aborted);
        }
        catch (Exception problem) when (problem is ArgumentException or GitException)
        {
            throw ApiException.Unprocessable($"path contains a malformed path component: {path}");
        }

        var committer = Signature(call, body.Committer) ?? call.Forge.SignatureOf(user);
        var sha = await call.Git.CommitTreeAsync(
            tree, head is null ? [] : [head], message + "\n", Signature(call, body.Author) ?? committer, committer, call.Aborted);
        var change = new RefChange("refs/heads/" + branch, head ?? RefChange.Zero, sha);
        if (!await call.Git.UpdateRefAsync(change.Name, change.After, change.Before, call.Aborted))
        {
            throw new ApiException(StatusCodes.Status409Conflict, $"{branch} has moved. Try again.");
        }

        await call.Service<RefWatcher>().RefsChangedAsync(write, call.Repository, [change], user, call.Aborted);
        write.Commit();
        return await call.Git.ReadCommitAsync(sha, call.Aborted);
    }

    private static GitSignature? Signature(RepositoryCall call, WriteSignature? signature) =>
        signature is { Name: { Length: > 0 } name, Email: { Length: > 0 } email }
            ? new GitSignature(name, email, signature.Date ?? call.Forge.Now)
            : null;

    private static async Task<IResult> RedirectAsync(RepositoryCall call, string format)
    {
        var revision = call.Route("revision") is { Length: > 0 } asked ? asked : call.Repository.DefaultBranch;
        await call.ResolveCommitAsync(revision);
        var path = $"/{call.FullName}/legacy.{format}/{revision}";
        var query = call.Repository.Private ? QueryString.Create("token", Sign(call.Forge, path)).Value : "";
        return Results.Redirect(call.Forge.Address + path + query);
    }

    private static string Sign(Forge forge, string path) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(forge.SigningKey, Encoding.UTF8.GetBytes(path)));

    private static async Task SendArchiveAsync(HttpContext http, string format, string contentType)
    {
        var forge = http.RequestServices.GetRequiredService<Forge>();
        var repository = forge.FindRepository((string)http.GetRouteValue("owner")!, (string)http.GetRouteValue("repo")!);
        var revision = Uri.UnescapeDataString((string?)http.GetRouteValue("revision") ?? "");
        var path = repository is null ? "" : $"/{forge.FullName(repository)}/legacy.{format}/{revision}";
        var signature = Encoding.ASCII.GetBytes(http.Request.Query["token"].ToString());
        if (repository is null
            || (repository.Private && !CryptographicOperations.FixedTimeEquals(signature, Encoding.ASCII.GetBytes(Sign(forge, path))))
            || await forge.GitOf(repository).ResolveCommitAsync(revision, http.RequestAborted) is not { } commit)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var prefix = $"{forge.OwnerOf(repository).Login}-{repository.Name}-{commit[..7]}";
        http.Response.ContentType = contentType;
        http.Response.Headers.ContentDisposition = $"attachment; filename={prefix}.{format}";
        await forge.GitOf(repository).ArchiveAsync(commit, prefix, format, http.Response.Body, http.RequestAborted);
    }

    private sealed record WriteContent(
        string? Message, string? Content, string? Sha, string? Branch, WriteSignature? Committer, WriteSignature? Author);

    private sealed record WriteSignature(string? Name, string? Email, DateTimeOffset? Date);
}
