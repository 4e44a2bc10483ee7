using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Administration;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api;

internal static class RepositoryEndpoints
{
    public static void MapRoot(IEndpointRouteBuilder api) => api.MapPost("/user/repos", CreateAsync);

    public static void Map(IEndpointRouteBuilder repository)
    {
        repository.MapGet("", Get);
        repository.MapPatch("", UpdateAsync);
        repository.MapGet("/forks", ListForks);
        repository.MapPost("/forks", ForkAsync);
        repository.MapGet("/collaborators/{username}/permission", GetPermission);
        repository.MapGet("/installation", AppEndpoints.GetRepositoryInstallation);
    }

    private static JsonRenderer Show(ApiCall call) => new(call.Forge, call.Links);

    private static async Task<IResult> CreateAsync(RootCall call)
    {
        var user = call.RequireUser();
        var body = await call.ReadAsync<WriteRepository>();
        var name = body.Name is { Length: > 0 } ? body.Name : throw ApiException.Invalid(ApiError.Missing("Repository", "name"));
        var repository = await call.Service<ForgeAdministration>().CreateRepositoryAsync(
            user, name, body.Private ?? false, body.Description, body.AutoInit ?? false, call.Aborted);
        var json = Show(call).FullRepository(repository, Permission.Admin);
        return call.Created(json, json["url"]!.GetValue<string>());
    }

    private static IResult Get(RepositoryCall call) => ApiCall.Json(Show(call).FullRepository(call.Repository, call.Permission));

    private static async Task<IResult> UpdateAsync(RepositoryCall call)
    {
        call.Require(Permission.Admin);
        var body = await call.ReadAsync<WriteRepository>();
        if (body.DefaultBranch is { } branch)
        {
            _ = await call.Git.ReadBranchAsync(branch, call.Aborted)
                ?? throw ApiException.Invalid(ApiError.Invalid("Repository", "default_branch"));
            await call.Git.SetHeadAsync(branch, call.Aborted);
        }

        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var current = call.Store.Repositories[call.Repository.Id];
        var updated = write.Put(call.Store.Repositories, current with
        {
            Description = body.Description ?? current.Description,
            Private = body.Private ?? current.Private,
            DefaultBranch = body.DefaultBranch ?? current.DefaultBranch,
            AllowMergeCommit = body.AllowMergeCommit ?? current.AllowMergeCommit,
            AllowSquashMerge = body.AllowSquashMerge ?? current.AllowSquashMerge,
            AllowRebaseMerge = body.AllowRebaseMerge ?? current.AllowRebaseMerge,
            DeleteBranchOnMerge = body.DeleteBranchOnMerge ?? current.DeleteBranchOnMerge,
            UpdatedAt = call.Forge.Now,
        });
        write.Commit();
        return ApiCall.Json(Show(call).FullRepository(updated, call.Permission));
    }

    private static IResult ListForks(RepositoryCall call)
    {
        var show = Show(call);
        return call.Page(
            call.Store.Repositories.All.Where(fork => fork.ParentId == call.Repository.Id
                && call.Caller.PermissionOn(call.Forge, fork) >= Permission.Read),
            fork => show.Repository(fork));
    }

    private static async Task<IResult> ForkAsync(RepositoryCall call)
    {
        var user = call.RequireUser();
        var body = await call.ReadAsync(new ForkRepository(null));
        var fork = await call.Service<ForgeAdministration>().ForkAsync(user, call.Repository, body.Name, call.Aborted);
        return ApiCall.Json(Show(call).FullRepository(fork, Permission.Admin), StatusCodes.Status202Accepted);
    }

    private static IResult GetPermission(RepositoryCall call)
    {
        call.RequireUser();
        var user = call.Forge.FindUser(call.Route("username")) ?? throw ApiException.NotFound();
        var permission = Caller.PermissionOf(call.Forge, user, call.Repository);
        var role = permission.ToString().ToLowerInvariant();
        var legacy = permission switch { Permission.Maintain => "write", Permission.Triage => "read", _ => role };
        var account = Show(call).User(user);
        account["permissions"] = new JsonObject
        {
            ["pull"] = permission >= Permission.Read,
            ["triage"] = permission >= Permission.Triage,
            ["push"] = permission >= Permission.Write,
            ["maintain"] = permission >= Permission.Maintain,
            ["admin"] = permission >= Permission.Admin,
        };
        account["role_name"] = role;
        return ApiCall.Json(new JsonObject { ["permission"] = legacy, ["role_name"] = role, ["user"] = account });
    }

    private sealed record WriteRepository(
        string? Name,
        string? Description,
        bool? Private,
        bool? AutoInit,
        string? DefaultBranch,
        bool? AllowMergeCommit,
        bool? AllowSquashMerge,
        bool? AllowRebaseMerge,
        bool? DeleteBranchOnMerge);

    private sealed record ForkRepository(string? Name);
}
