using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.PullRequests;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api;

internal static class PullRequestEndpoints
{
    private const int MostFiles = 3000;

    private const int MostCommits = 250;

    public static void Map(IEndpointRouteBuilder repository)
    {
        var pulls = repository.MapGroup("/pulls");
        pulls.MapPost("", CreateAsync);
        pulls.MapGet("", List);
        pulls.MapGet("/{number:int}", GetAsync);
        pulls.MapPatch("/{number:int}", UpdateAsync);
        pulls.MapGet("/{number:int}/files", ListFilesAsync);
        pulls.MapGet("/{number:int}/commits", ListCommitsAsync);
        pulls.MapGet("/{number:int}/merge", IsMerged);
        pulls.MapPut("/{number:int}/merge", MergeAsync);
        pulls.MapPut("/{number:int}/update-branch", UpdateBranchAsync);
        pulls.MapGet("/{number:int}/reviews", ListReviews);
        pulls.MapPost("/{number:int}/reviews", CreateReviewAsync);
    }

    private static JsonRenderer Show(ApiCall call) => new(call.Forge, call.Links);

    private static async Task<IResult> CreateAsync(RepositoryCall call)
    {
        var user = call.RequireUser();
        var body = await call.ReadAsync<CreatePull>();
        var repository = call.Repository;
        var title = body.Title is { Length: > 0 } ? body.Title : throw ApiException.Invalid(ApiError.Missing("PullRequest", "title"));
        var baseRef = body.Base is { Length: > 0 } ? body.Base : throw ApiException.Invalid(ApiError.Missing("PullRequest", "base"));
        var (headRepository, headRef) = FindHead(call, body);
        if (call.Permission < Permission.Write && headRepository.OwnerId != user.Id)
        {
            throw ApiException.Forbidden("Resource not accessible by personal access token");
        }

        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var baseSha = await call.Git.ReadBranchAsync(baseRef, call.Aborted)
            ?? throw ApiException.Invalid(ApiError.Invalid("PullRequest", "base"));
        var headSha = await call.Forge.GitOf(headRepository).ReadBranchAsync(headRef, call.Aborted)
            ?? throw ApiException.Invalid(ApiError.Invalid("PullRequest", "head"));
        var label = $"{call.Forge.OwnerOf(headRepository).Login}:{headRef}";
        if (call.Store.Issues.FirstOrDefault(issue => issue is { Open: true, Pull: { } pull } && issue.RepositoryId == repository.Id
            && pull.HeadRepositoryId == headRepository.Id && pull.HeadRef == headRef && pull.BaseRef == baseRef) is not null)
        {
            throw ApiException.Invalid(ApiError.Custom("PullRequest", $"A pull request already exists for {label}."));
        }

        if (headRepository.Id != repository.Id)
        {
            await call.Git.FetchAsync(call.Forge.GitOf(headRepository), "refs/heads/" + headRef, localRef: null, call.Aborted);
        }

        if (await call.Git.MergeBaseAsync(baseSha, headSha, call.Aborted) is null)
        {
            throw ApiException.Invalid(ApiError.Custom("PullRequest", $"The {headRef} branch has no history in common with {baseRef}"));
        }

        if (await call.Git.CountCommitsAsync([$"{baseSha}..{headSha}"], call.Aborted) == 0)
        {
            throw ApiException.Invalid(ApiError.Custom("PullRequest", $"No commits between {baseRef} and {headRef}"));
        }

        var numbered = Numbering.Take(write, call.Forge, repository);
        var tracker = call.Service<PullRequestTracker>();
        var created = await tracker.RefreshAsync(
            write,
            new Issue(write.NextId(), repository.Id, numbered, user.Id, title, call.Forge.Now)
            {
                Body = body.Body,
                UpdatedAt = call.Forge.Now,
                Pull = new PullRequest(write.NextId(), headRepository.Id, headRef, headSha, baseRef, baseSha)
                {
                    Draft = body.Draft ?? false,
                    MaintainerCanModify = headRepository.Id != repository.Id && (body.MaintainerCanModify ?? true),
                },
            },
            call.Aborted);
        await tracker.PublishAsync(write, created, "opened", user, call.Aborted);
        write.Commit();
        var json = await Show(call).FullPullAsync(created, call.Aborted);
        return call.Created(json, json["url"]!.GetValue<string>());
    }

    /// <summary>Reads <c>head</c>: a branch here, or <c>owner:branch</c> of this repository or one of its forks.</summary>
    private static (Repository Repository, string Branch) FindHead(RepositoryCall call, CreatePull body)
    {
        var head = body.Head is { Length: > 0 } ? body.Head : throw ApiException.Invalid(ApiError.Missing("PullRequest", "head"));
        if (head.Split(':', 2) is not [var owner, var branch])
        {
            return (call.Repository, head);
        }

        var invalid = ApiException.Invalid(ApiError.Invalid("PullRequest", "head"));
        if (call.Forge.OwnerOf(call.Repository).Login.Equals(owner, StringComparison.OrdinalIgnoreCase) && body.HeadRepo is null)
        {
            return (call.Repository, branch);
        }

        var user = call.Forge.FindUser(owner) ?? throw invalid;
        var fork = call.Store.Repositories.FirstOrDefault(candidate => candidate.OwnerId == user.Id
            && (candidate.ParentId == call.Repository.Id || candidate.Id == call.Repository.ParentId)
            && (body.HeadRepo is null || candidate.Name.Equals(body.HeadRepo, StringComparison.OrdinalIgnoreCase)));
        return fork is not null && call.Caller.PermissionOn(call.Forge, fork) >= Permission.Read ? (fork, branch) : throw invalid;
    }

    private static IResult List(RepositoryCall call)
    {
        var state = call.Query("state") ?? "open";
        var head = call.Query("head");
        var show = Show(call);
        var found = call.Store.Issues.All.Where(issue => issue.RepositoryId == call.Repository.Id && issue.Pull is not null
            && (state == "all" || issue.Open == (state == "open"))
            && (call.Query("base") is not { } baseRef || issue.Pull.BaseRef == baseRef)
            && (head is null || Label(call.Forge, issue.Pull) == head));
        return call.Page(IssueOrdering.Sort(call, found).ToList(), issue => show.Pull(issue));
    }

    private static string Label(Forge forge, PullRequest pull) =>
        forge.Store.Repositories.Find(pull.HeadRepositoryId) is { } repository
            ? $"{forge.OwnerOf(repository).Login}:{pull.HeadRef}"
            : pull.HeadRef;

    private static async Task<IResult> GetAsync(RepositoryCall call)
    {
        var issue = call.FindPull();
        var json = await Show(call).FullPullAsync(issue, call.Aborted);
        if (issue is { Open: true, Pull.Mergeable: null })
        {
            await call.Service<PullRequestTracker>().ComputeMergeabilityAsync(issue, call.Aborted);
        }

        return ApiCall.Json(json);
    }

    private static async Task<IResult> UpdateAsync(RepositoryCall call)
    {
        var body = await call.ReadAsync<UpdatePull>();
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var issue = call.FindPull();
        var user = call.RequireUser();
        if (user.Id != issue.UserId)
        {
            call.Require(Permission.Write);
        }

        var tracker = call.Service<PullRequestTracker>();
        if (body.Title is not null || body.Body is not null || body.Base is not null)
        {
            issue = await EditAsync(call, write, issue, body, user);
        }

        switch (body.State)
        {
            case null:
                break;
            case "closed":
                issue = issue.Open ? await tracker.CloseAsync(write, issue, user, call.Aborted) : issue;
                break;
            case "open":
                issue = issue.Open ? issue : await ReopenAsync(call, write, issue, user);
                break;
            default:
                throw ApiException.Invalid(ApiError.Invalid("PullRequest", "state"));
        }

        write.Commit();
        return ApiCall.Json(await Show(call).FullPullAsync(issue, call.Aborted));
    }

    private static async Task<Issue> EditAsync(RepositoryCall call, ForgeWrite write, Issue issue, UpdatePull body, User user)
    {
        if (body.Title is { Length: 0 })
        {
            throw ApiException.Invalid(ApiError.Missing("PullRequest", "title"));
        }

        var changes = new JsonObject();
        if (body.Title is not null && body.Title != issue.Title)
        {
            changes["title"] = new JsonObject { ["from"] = issue.Title };
        }

        if (body.Body is not null && body.Body != issue.Body)
        {
            changes["body"] = new JsonObject { ["from"] = issue.Body };
        }

        var edited = issue with { Title = body.Title ?? issue.Title, Body = body.Body ?? issue.Body, UpdatedAt = call.Forge.Now };
        var tracker = call.Service<PullRequestTracker>();
        if (body.Base is not null && body.Base != issue.Pull!.BaseRef)
        {
            var sha = await call.Git.ReadBranchAsync(body.Base, call.Aborted)
                ?? throw ApiException.Invalid(ApiError.Invalid("PullRequest", "base"));
            changes["base"] = new JsonObject
            {
                ["ref"] = new JsonObject { ["from"] = issue.Pull.BaseRef },
                ["sha"] = new JsonObject { ["from"] = issue.Pull.BaseSha },
            };
            edited = await tracker.RefreshAsync(
                write, edited with { Pull = issue.Pull with { BaseRef = body.Base, BaseSha = sha } }, call.Aborted);
        }

        write.Put(call.Store.Issues, edited);
        if (changes.Count > 0)
        {
            await tracker.PublishAsync(write, edited, "edited", user, call.Aborted, new JsonObject { ["changes"] = changes });
        }

        return edited;
    }

    private static async Task<Issue> ReopenAsync(RepositoryCall call, ForgeWrite write, Issue issue, User user)
    {
        var pull = issue.Pull!;
        var headRepository = call.Store.Repositories.Find(pull.HeadRepositoryId);
        var headSha = headRepository is null ? null : await call.Forge.GitOf(headRepository).ReadBranchAsync(pull.HeadRef, call.Aborted);
        var baseSha = await call.Git.ReadBranchAsync(pull.BaseRef, call.Aborted);
        if (pull.Merged || headSha is null || baseSha is null)
        {
            throw ApiException.Invalid(ApiError.Custom("PullRequest", "state cannot be changed. The pull request cannot be reopened."));
        }

        var tracker = call.Service<PullRequestTracker>();
        var reopened = issue with
        {
            Open = true,
            ClosedAt = null,
            ClosedById = null,
            UpdatedAt = call.Forge.Now,
            Pull = pull with { HeadSha = headSha, BaseSha = baseSha },
        };
        reopened = await tracker.RefreshAsync(write, reopened, call.Aborted);
        await tracker.PublishAsync(write, reopened, "reopened", user, call.Aborted);
        return reopened;
    }

    private static async Task<IResult> ListFilesAsync(RepositoryCall call)
    {
        var pull = call.FindPull().Pull!;
        var mergeBase = await call.Git.MergeBaseAsync(pull.BaseSha, pull.HeadSha, call.Aborted) ?? pull.BaseSha;
        var files = await call.Git.DiffAsync(mergeBase, pull.HeadSha, withPatches: true, call.Aborted);
        var show = Show(call);
        return call.Page([.. files.Take(MostFiles)], file => show.FileChange(call.Repository, pull.HeadSha, file));
    }

    private static async Task<IResult> ListCommitsAsync(RepositoryCall call)
    {
        var pull = call.FindPull().Pull!;
        var commits = await call.Git.ReadCommitsBetweenAsync(pull.BaseSha, pull.HeadSha, call.Aborted);
        var show = Show(call);
        return call.Page([.. commits.Take(MostCommits)], commit => show.Commit(call.Repository, commit));
    }

    private static IResult IsMerged(RepositoryCall call) =>
        call.FindPull().Pull!.Merged ? Results.NoContent() : throw ApiException.NotFound();

    private static async Task<IResult> MergeAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var request = await call.ReadAsync(new MergeRequest(null, null, null, null));
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var sha = await call.Service<PullRequestMerger>().MergeAsync(write, call.FindPull(), request, user, call.Aborted);
        write.Commit();
        return ApiCall.Json(new JsonObject { ["sha"] = sha, ["merged"] = true, ["message"] = "Pull Request successfully merged" });
    }

    private static async Task<IResult> UpdateBranchAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var body = await call.ReadAsync(new UpdateBranch(null));
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var issue = call.FindPull();
        await call.Service<PullRequestMerger>().UpdateBranchAsync(write, issue, body.ExpectedHeadSha, user, call.Aborted);
        write.Commit();
        return ApiCall.Json(
            new JsonObject { ["message"] = "Updating pull request branch.", ["url"] = $"{call.Url}/pulls/{issue.Number}" },
            StatusCodes.Status202Accepted);
    }

    private static IResult ListReviews(RepositoryCall call)
    {
        var issue = call.FindPull();
        var show = Show(call);
        return call.Page(
            call.Store.Reviews.All.Where(review => review.RepositoryId == issue.RepositoryId && review.Number == issue.Number),
            review => show.Review(review));
    }

    private static async Task<IResult> CreateReviewAsync(RepositoryCall call)
    {
        var user = call.RequireUser();
        var body = await call.ReadAsync<CreateReview>();
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var issue = call.FindPull();
        var state = body.Event switch
        {
            "APPROVE" => "APPROVED",
            "REQUEST_CHANGES" => "CHANGES_REQUESTED",
            "COMMENT" => "COMMENTED",
            null => "PENDING",
            _ => throw ApiException.Invalid(ApiError.Invalid("PullRequestReview", "event")),
        };
        if (state is "APPROVED" or "CHANGES_REQUESTED" && user.Id == issue.UserId)
        {
            throw ApiException.Unprocessable(state == "APPROVED"
                ? "Can not approve your own pull request"
                : "Can not request changes on your own pull request");
        }

        if (state is "CHANGES_REQUESTED" or "COMMENTED" && string.IsNullOrEmpty(body.Body))
        {
            throw ApiException.Invalid(ApiError.Missing("PullRequestReview", "body"));
        }

        var review = write.Put(
            call.Store.Reviews,
            new Review(
                write.NextId(), issue.RepositoryId, issue.Number, user.Id, state, body.CommitId ?? issue.Pull!.HeadSha, call.Forge.Now)
            {
                Body = body.Body ?? "",
            });
        write.Commit();
        return ApiCall.Json(Show(call).Review(review));
    }

    private sealed record CreatePull(
        string? Title, string? Head, string? Base, string? Body, bool? Draft, bool? MaintainerCanModify, string? HeadRepo);

    private sealed record UpdatePull(string? Title, string? Body, string? State, string? Base);

    private sealed record UpdateBranch(string? ExpectedHeadSha);

    private sealed record CreateReview(string? Body, string? Event, string? CommitId);
}
