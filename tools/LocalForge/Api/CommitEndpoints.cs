using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api;

/// <summary>What hangs on a commit: <c>/commits/{ref}/…</c>, where the ref's name may have slashes, and statuses.</summary>
internal static class CommitEndpoints
{
    private static readonly string[] States = ["error", "failure", "pending", "success"];

    private static readonly Dictionary<string, Func<RepositoryCall, string, Task<IResult>>> Views = new(StringComparer.Ordinal)
    {
        ["status"] = GetCombinedStatusAsync,
        ["statuses"] = ListStatusesAsync,
        ["check-runs"] = CheckEndpoints.ListRunsForRefAsync,
        ["check-suites"] = CheckEndpoints.ListSuitesForRefAsync,
        ["pulls"] = ListPullsAsync,
    };

    public static void Map(IEndpointRouteBuilder repository)
    {
        repository.MapGet("/commits/{**rest}", ViewAsync);
        repository.MapPost("/statuses/{sha}", CreateStatusAsync);
    }

    private static JsonRenderer Show(ApiCall call) => new(call.Forge, call.Links);

    private static Task<IResult> ViewAsync(RepositoryCall call)
    {
        var rest = call.Route("rest");
        var slash = rest.LastIndexOf('/');
        return slash > 0 && Views.TryGetValue(rest[(slash + 1)..], out var view)
            ? view(call, rest[..slash])
            : GitEndpoints.GetCommitAsync(call, rest);
    }

    private static async Task<IResult> GetCombinedStatusAsync(RepositoryCall call, string revision)
    {
        var sha = await call.ResolveCommitAsync(revision);
        var show = Show(call);
        var latest = show.LatestStatuses(call.Repository.Id, sha);
        var state = latest.Any(status => status.State is "failure" or "error") ? "failure"
            : latest.Count == 0 || latest.Any(status => status.State == "pending") ? "pending"
            : "success";
        return ApiCall.Json(new JsonObject
        {
            ["state"] = state,
            ["statuses"] = GitHubJson.Array(call.PageOf(latest), status => show.Status(status)),
            ["sha"] = sha,
            ["total_count"] = latest.Count,
            ["repository"] = show.Repository(call.Repository),
            ["commit_url"] = $"{call.Url}/commits/{sha}",
            ["url"] = $"{call.Url}/commits/{sha}/status",
        });
    }

    private static async Task<IResult> ListStatusesAsync(RepositoryCall call, string revision)
    {
        var sha = await call.ResolveCommitAsync(revision);
        var show = Show(call);
        var statuses = call.Store.Statuses.All.Where(status => status.RepositoryId == call.Repository.Id && status.Sha == sha).Reverse();
        return call.Page(statuses, status => show.Status(status));
    }

    private static async Task<IResult> ListPullsAsync(RepositoryCall call, string revision)
    {
        var sha = await call.ResolveCommitAsync(revision);
        var pulls = new List<Issue>();
        foreach (var issue in call.Store.Issues.All.Where(issue => issue.RepositoryId == call.Repository.Id && issue.Pull is not null))
        {
            var pull = issue.Pull!;
            if (pull.MergeCommitSha == sha && pull.Merged)
            {
                pulls.Add(issue);
            }
            else if (await call.Git.IsAncestorAsync(sha, pull.HeadSha, call.Aborted)
                && (pull.HeadSha == sha || !await call.Git.IsAncestorAsync(sha, pull.BaseSha, call.Aborted)))
            {
                pulls.Add(issue);
            }
        }

        var show = Show(call);
        return call.Page(pulls, issue => show.Pull(issue));
    }

    private static async Task<IResult> CreateStatusAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var body = await call.ReadAsync<WriteStatus>();
        if (!States.Contains(body.State, StringComparer.Ordinal))
        {
            throw ApiException.Invalid(body.State is null ? ApiError.Missing("Status", "state") : ApiError.Invalid("Status", "state"));
        }

        var sha = await call.ResolveCommitAsync(call.Route("sha"), StatusCodes.Status422UnprocessableEntity);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var status = write.Put(
            call.Store.Statuses,
            new CommitStatus(write.NextId(), call.Repository.Id, sha, user.Id, body.State!, body.Context ?? "default", call.Forge.Now)
            {
                Description = body.Description,
                TargetUrl = body.TargetUrl,
            });
        write.Commit();
        return call.Created(Show(call).Status(status), $"{call.Url}/statuses/{sha}");
    }

    private sealed record WriteStatus(string? State, string? TargetUrl, string? Description, string? Context);
}
