using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.PullRequests;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api;

/// <summary>Branches, refs, commits and comparisons.</summary>
internal static class GitEndpoints
{
    private const int MostComparedFiles = 300;

    public static void Map(IEndpointRouteBuilder repository)
    {
        repository.MapGet("/branches", ListBranchesAsync);
        repository.MapGet("/branches/{**branch}", GetBranchAsync);
        repository.MapGet("/git/ref/{**name}", GetRefAsync);
        repository.MapGet("/git/matching-refs/{**name}", ListRefsAsync);
        repository.MapPost("/git/refs", CreateRefAsync);
        repository.MapPatch("/git/refs/{**name}", UpdateRefAsync);
        repository.MapDelete("/git/refs/{**name}", DeleteRefAsync);
        repository.MapGet("/git/commits/{sha}", GetGitCommitAsync);
        repository.MapGet("/commits", ListCommitsAsync);
        repository.MapGet("/compare/{**range}", CompareAsync);
    }

    /// <summary>One commit; reached by way of <see cref="CommitEndpoints"/>, since a ref's name may have slashes.</summary>
    public static async Task<IResult> GetCommitAsync(RepositoryCall call, string revision)
    {
        var sha = await call.ResolveCommitAsync(revision, StatusCodes.Status422UnprocessableEntity);
        var commit = await call.Git.ReadCommitAsync(sha, call.Aborted);
        var files = await call.Git.DiffOfCommitAsync(commit, call.Aborted);
        return ApiCall.Json(Show(call).Commit(call.Repository, commit, files));
    }

    private static JsonRenderer Show(ApiCall call) => new(call.Forge, call.Links);

    private static async Task<IResult> ListBranchesAsync(RepositoryCall call)
    {
        var branches = await call.Git.ListRefsAsync("refs/heads/", call.Aborted);
        var show = Show(call);
        return call.Page(branches, branch => show.Branch(call.Repository, branch.Name["refs/heads/".Length..], branch.Sha));
    }

    private static async Task<IResult> GetBranchAsync(RepositoryCall call)
    {
        var name = call.Route("branch");
        var sha = await call.Git.ReadBranchAsync(name, call.Aborted)
            ?? throw new ApiException(StatusCodes.Status404NotFound, "Branch not found");
        return ApiCall.Json(Show(call).FullBranch(call.Repository, name, await call.Git.ReadCommitAsync(sha, call.Aborted)));
    }

    private static async Task<IResult> GetRefAsync(RepositoryCall call)
    {
        var name = "refs/" + call.Route("name");
        var found = (await call.Git.ListRefsAsync(name, call.Aborted)).FirstOrDefault(reference => reference.Name == name)
            ?? throw ApiException.NotFound();
        return ApiCall.Json(Show(call).Reference(call.Repository, found));
    }

    private static async Task<IResult> ListRefsAsync(RepositoryCall call)
    {
        var prefix = "refs/" + call.Route("name");
        var matching = (await call.Git.ListRefsAsync("refs/", call.Aborted))
            .Where(reference => reference.Name.StartsWith(prefix, StringComparison.Ordinal));
        var show = Show(call);
        return call.Page([.. matching], reference => show.Reference(call.Repository, reference));
    }

    private static async Task<IResult> CreateRefAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var body = await call.ReadAsync<WriteRef>();
        var name = body.Ref ?? throw ApiException.Invalid(ApiError.Missing("Reference", "ref"));
        var sha = body.Sha ?? throw ApiException.Invalid(ApiError.Missing("Reference", "sha"));
        if (!IsWritable(name) || !await call.Git.IsValidRefNameAsync(name, call.Aborted))
        {
            throw ApiException.Unprocessable("Reference name is not valid: it must start with refs/heads/ or refs/tags/.");
        }

        var type = await RequireObjectAsync(call, name, sha);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        if (await call.Git.ReadRefAsync(name, call.Aborted) is not null)
        {
            throw ApiException.Unprocessable("Reference already exists");
        }

        await MoveAsync(call, write, new RefChange(name, RefChange.Zero, sha), user);
        var json = Show(call).Reference(call.Repository, new GitReference(name, sha, type));
        return call.Created(json, json["url"]!.GetValue<string>());
    }

    private static async Task<IResult> UpdateRefAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var body = await call.ReadAsync<WriteRef>();
        var name = "refs/" + call.Route("name");
        var sha = body.Sha ?? throw ApiException.Invalid(ApiError.Missing("Reference", "sha"));
        var type = await RequireObjectAsync(call, name, sha);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var before = await FindWritableRefAsync(call, name);
        if (body.Force != true && !await call.Git.IsAncestorAsync(before, sha, call.Aborted))
        {
            throw ApiException.Unprocessable("Update is not a fast forward");
        }

        await MoveAsync(call, write, new RefChange(name, before, sha), user);
        return ApiCall.Json(Show(call).Reference(call.Repository, new GitReference(name, sha, type)));
    }

    private static async Task<IResult> DeleteRefAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var name = "refs/" + call.Route("name");
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var before = await FindWritableRefAsync(call, name);
        if (name == "refs/heads/" + call.Repository.DefaultBranch)
        {
            throw ApiException.Unprocessable("Cannot delete the default branch");
        }

        await MoveAsync(call, write, new RefChange(name, before, RefChange.Zero), user);
        return Results.NoContent();
    }

    private static bool IsWritable(string name) =>
        name.StartsWith("refs/heads/", StringComparison.Ordinal) || name.StartsWith("refs/tags/", StringComparison.Ordinal);

    /// <summary>The type of an object that exists; a branch takes commits only.</summary>
    private static async Task<string> RequireObjectAsync(RepositoryCall call, string name, string sha)
    {
        var type = await call.Git.ObjectTypeAsync(sha, call.Aborted) ?? throw ApiException.Unprocessable("Object does not exist");
        return type == "commit" || !name.StartsWith("refs/heads/", StringComparison.Ordinal)
            ? type
            : throw ApiException.Unprocessable("Object is not a commit");
    }

    private static async Task<string> FindWritableRefAsync(RepositoryCall call, string name) =>
        (IsWritable(name) ? await call.Git.ReadRefAsync(name, call.Aborted) : null)
            ?? throw ApiException.Unprocessable("Reference does not exist");

    private static async Task MoveAsync(RepositoryCall call, ForgeWrite write, RefChange change, User user)
    {
        if (!await call.Git.UpdateRefAsync(change.Name, change.After, change.Before, call.Aborted))
        {
            throw ApiException.Unprocessable("Reference cannot be updated");
        }

        await call.Service<RefWatcher>().RefsChangedAsync(write, call.Repository, [change], user, call.Aborted);
        write.Commit();
    }

    private static async Task<IResult> GetGitCommitAsync(RepositoryCall call)
    {
        var sha = call.Route("sha");
        return await call.Git.ObjectTypeAsync(sha, call.Aborted) == "commit"
            ? ApiCall.Json(Show(call).GitCommit(call.Repository, await call.Git.ReadCommitAsync(sha, call.Aborted)))
            : throw ApiException.NotFound();
    }

    private static async Task<IResult> ListCommitsAsync(RepositoryCall call)
    {
        var start = await call.ResolveCommitAsync(call.Query("sha") ?? call.Repository.DefaultBranch);
        var selection = new List<string>();
        foreach (var (parameter, option) in new[] { ("since", "--since="), ("until", "--until="), ("author", "--author=") })
        {
            if (call.Query(parameter) is { } value)
            {
                selection.Add(option + value);
            }
        }

        string[] range = [start, "--", .. call.Query("path") is { } path ? new[] { ":(literal)" + path } : []];
        var (page, size) = call.ReadPaging();
        call.SetPageLinks(page, size, await call.Git.CountCommitsAsync([.. selection, .. range], call.Aborted));
        var commits = await call.Git.ReadCommitsAsync(
            [.. selection, ApiCall.Option("--skip", (page - 1) * size), ApiCall.Option("--max-count", size), .. range], call.Aborted);
        var show = Show(call);
        return ApiCall.Json(GitHubJson.Array(commits, commit => show.Commit(call.Repository, commit)));
    }

    private static async Task<IResult> CompareAsync(RepositoryCall call)
    {
        var range = call.Route("range");
        if (range.Split("...", 2) is not [{ Length: > 0 } left, { Length: > 0 } right])
        {
            throw ApiException.NotFound();
        }

        var baseSha = await ResolveSideAsync(call, left);
        var headSha = await ResolveSideAsync(call, right);
        var mergeBase = await call.Git.MergeBaseAsync(baseSha, headSha, call.Aborted)
            ?? throw new ApiException(StatusCodes.Status404NotFound, $"No common ancestor between {left} and {right}.");
        var (ahead, behind) = await call.Git.AheadBehindAsync(baseSha, headSha, call.Aborted);
        var commits = await call.Git.ReadCommitsBetweenAsync(baseSha, headSha, call.Aborted);
        var files = await call.Git.DiffAsync(mergeBase, headSha, withPatches: true, call.Aborted);
        var show = Show(call);
        var web = $"{call.Links.WebRepository(call.FullName)}/compare/";
        return ApiCall.Json(new JsonObject
        {
            ["url"] = $"{call.Url}/compare/{range}",
            ["html_url"] = web + range,
            ["permalink_url"] = $"{web}{baseSha}...{headSha}",
            ["diff_url"] = $"{web}{range}.diff",
            ["patch_url"] = $"{web}{range}.patch",
            ["base_commit"] = show.Commit(call.Repository, await call.Git.ReadCommitAsync(baseSha, call.Aborted)),
            ["merge_base_commit"] = show.Commit(call.Repository, await call.Git.ReadCommitAsync(mergeBase, call.Aborted)),
            ["status"] = (ahead, behind) switch { (0, 0) => "identical", (0, _) => "behind", (_, 0) => "ahead", _ => "diverged" },
            ["ahead_by"] = ahead,
            ["behind_by"] = behind,
            ["total_commits"] = ahead,
            ["commits"] = GitHubJson.Array(call.PageOf(commits), commit => show.Commit(call.Repository, commit)),
            ["files"] = GitHubJson.Array(files.Take(MostComparedFiles), file => show.FileChange(call.Repository, headSha, file)),
        });
    }

    /// <summary>One side of a comparison: a revision here, or <c>owner:branch</c> in the fork network.</summary>
    private static async Task<string> ResolveSideAsync(RepositoryCall call, string side)
    {
        if (side.Split(':', 2) is not [var owner, var branch] || owner.Equals(call.Forge.OwnerOf(call.Repository).Login, StringComparison.OrdinalIgnoreCase))
        {
            return await call.ResolveCommitAsync(side[(side.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        }

        var user = call.Forge.FindUser(owner) ?? throw ApiException.NotFound();
        var relative = call.Store.Repositories.FirstOrDefault(other =>
            other.OwnerId == user.Id && (other.ParentId == call.Repository.Id || other.Id == call.Repository.ParentId));
        if (relative is null || call.Caller.PermissionOn(call.Forge, relative) < Permission.Read)
        {
            throw ApiException.NotFound();
        }

        var git = call.Forge.GitOf(relative);
        var sha = await git.ReadBranchAsync(branch, call.Aborted) ?? throw ApiException.NotFound();
        await call.Git.FetchAsync(git, "refs/heads/" + branch, localRef: null, call.Aborted);
        return sha;
    }

    private sealed record WriteRef(string? Ref, string? Sha, bool? Force);
}
