using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.PullRequests;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api;

internal static class ReleaseEndpoints
{
    public static void Map(IEndpointRouteBuilder repository)
    {
        repository.MapGet("/releases", List);
        repository.MapPost("/releases", CreateAsync);
        repository.MapGet("/releases/{id:long}", Get);
        repository.MapGet("/releases/tags/{**tag}", GetByTag);
    }

    private static JsonRenderer Show(ApiCall call) => new(call.Forge, call.Links);

    private static IEnumerable<Release> Visible(RepositoryCall call) => call.Store.Releases.All.Where(release =>
        release.RepositoryId == call.Repository.Id && (!release.Draft || call.Permission >= Permission.Write));

    private static IResult List(RepositoryCall call)
    {
        var show = Show(call);
        return call.Page(Visible(call).Reverse(), release => show.Release(release));
    }

    private static IResult Get(RepositoryCall call)
    {
        var id = call.RouteNumber("id");
        return ApiCall.Json(Show(call).Release(Visible(call).FirstOrDefault(release => release.Id == id) ?? throw ApiException.NotFound()));
    }

    private static IResult GetByTag(RepositoryCall call)
    {
        var tag = call.Route("tag");
        var found = Visible(call).FirstOrDefault(release => release.TagName == tag && !release.Draft) ?? throw ApiException.NotFound();
        return ApiCall.Json(Show(call).Release(found));
    }

    private static async Task<IResult> CreateAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var body = await call.ReadAsync<WriteRelease>();
        var tag = body.TagName is { Length: > 0 } ? body.TagName : throw ApiException.Invalid(ApiError.Missing("Release", "tag_name"));
        var name = "refs/tags/" + tag;
        if (!await call.Git.IsValidRefNameAsync(name, call.Aborted))
        {
            throw ApiException.Invalid(ApiError.Custom("Release", "tag_name is not a valid tag"));
        }

        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var draft = body.Draft ?? false;
        if (!draft && Visible(call).Any(release => release.TagName == tag && !release.Draft))
        {
            throw ApiException.Invalid(new ApiError("Release", "already_exists", "tag_name"));
        }

        var target = body.TargetCommitish ?? call.Repository.DefaultBranch;
        if (!draft && await call.Git.ReadRefAsync(name, call.Aborted) is null)
        {
            var sha = await call.Git.ResolveCommitAsync(target, call.Aborted)
                ?? throw ApiException.Invalid(ApiError.Invalid("Release", "target_commitish"));
            await call.Git.SetRefAsync(name, sha, call.Aborted);
            await call.Service<RefWatcher>().RefsChangedAsync(
                write, call.Repository, [new RefChange(name, RefChange.Zero, sha)], user, call.Aborted);
        }

        var release = write.Put(
            call.Store.Releases,
            new Release(write.NextId(), call.Repository.Id, user.Id, tag, target, call.Forge.Now)
            {
                Name = body.Name ?? tag,
                Body = body.Body,
                Draft = draft,
                Prerelease = body.Prerelease ?? false,
                PublishedAt = draft ? null : call.Forge.Now,
            });
        write.Commit();
        var json = Show(call).Release(release);
        return call.Created(json, json["url"]!.GetValue<string>());
    }

    private sealed record WriteRelease(
        string? TagName, string? TargetCommitish, string? Name, string? Body, bool? Draft, bool? Prerelease);
}
