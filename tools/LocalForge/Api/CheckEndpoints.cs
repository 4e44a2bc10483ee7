using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Store;
using AtomicDevOps.LocalForge.Webhooks;

namespace AtomicDevOps.LocalForge.Api;

internal static class CheckEndpoints
{
    private const int MostAnnotations = 50;

    private static readonly string[] Statuses = ["queued", "in_progress", "completed"];

    private static readonly string[] Conclusions =
        ["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"];

    private static readonly string[] Levels = ["notice", "warning", "failure"];

    public static void Map(IEndpointRouteBuilder repository)
    {
        repository.MapPost("/check-runs", CreateRunAsync);
        repository.MapGet("/check-runs/{id:long}", GetRun);
        repository.MapPatch("/check-runs/{id:long}", UpdateRunAsync);
        repository.MapGet("/check-runs/{id:long}/annotations", ListAnnotations);
        repository.MapPost("/check-runs/{id:long}/rerequest", RerequestRunAsync);
        repository.MapPost("/check-suites", CreateSuiteAsync);
        repository.MapGet("/check-suites/{id:long}", GetSuiteAsync);
        repository.MapGet("/check-suites/{id:long}/check-runs", ListRunsOfSuite);
        repository.MapPost("/check-suites/{id:long}/rerequest", RerequestSuiteAsync);
    }

    public static async Task<IResult> ListRunsForRefAsync(RepositoryCall call, string revision)
    {
        var sha = await call.ResolveCommitAsync(revision, StatusCodes.Status422UnprocessableEntity);
        return Runs(call, call.Store.CheckRuns.All.Where(run => run.RepositoryId == call.Repository.Id && run.HeadSha == sha));
    }

    public static async Task<IResult> ListSuitesForRefAsync(RepositoryCall call, string revision)
    {
        var sha = await call.ResolveCommitAsync(revision, StatusCodes.Status422UnprocessableEntity);
        var head = await call.Git.ReadCommitAsync(sha, call.Aborted);
        var suites = call.Store.CheckSuites.All
            .Where(suite => suite.RepositoryId == call.Repository.Id && suite.HeadSha == sha
                && (call.Query("app_id") is not { } app || WebhookPublisher.Number(suite.AppId) == app))
            .ToList();
        var show = Show(call);
        return ApiCall.Json(new JsonObject
        {
            ["total_count"] = suites.Count,
            ["check_suites"] = GitHubJson.Array(call.PageOf(suites), suite => show.CheckSuite(suite, head)),
        });
    }

    private static JsonRenderer Show(ApiCall call) => new(call.Forge, call.Links);

    private static async Task<IResult> CreateRunAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var app = RequireApp(call);
        var body = await call.ReadAsync<WriteCheckRun>();
        var name = body.Name is { Length: > 0 } ? body.Name : throw ApiException.Invalid(ApiError.Missing("CheckRun", "name"));
        var asked = body.HeadSha ?? throw ApiException.Invalid(ApiError.Missing("CheckRun", "head_sha"));
        var sha = await call.ResolveCommitAsync(asked, StatusCodes.Status422UnprocessableEntity);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var suite = FindOrCreateSuite(call, write, app, sha);
        var blank = new CheckRun(write.NextId(), call.Repository.Id, suite.Id, app.Id, sha, name, "queued");
        var run = await SaveAsync(call, write, Change(call.Forge, blank, body), suite, "created", user);
        return call.Created(Show(call).CheckRun(run), $"{call.Url}/check-runs/{run.Id}");
    }

    private static IResult GetRun(RepositoryCall call) => ApiCall.Json(Show(call).CheckRun(FindRun(call)));

    private static async Task<IResult> UpdateRunAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var app = RequireApp(call);
        var body = await call.ReadAsync<WriteCheckRun>();
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var before = FindRun(call);
        if (before.AppId != app.Id)
        {
            throw ApiException.Forbidden("Invalid app_id `" + before.AppId + "` - check run can only be modified by the GitHub App that created it.");
        }

        var after = Change(call.Forge, before, body);
        var completed = after.Status == "completed" && before.Status != "completed";
        var run = await SaveAsync(call, write, after, call.Store.CheckSuites[after.SuiteId], completed ? "completed" : null, user);
        return ApiCall.Json(Show(call).CheckRun(run));
    }

    private static IResult ListAnnotations(RepositoryCall call)
    {
        var run = FindRun(call);
        var show = Show(call);
        return call.Page(run.Annotations, annotation => show.Annotation(run, annotation));
    }

    private static async Task<IResult> RerequestRunAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var run = FindRun(call);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        await PublishRunAsync(call, write, run, "rerequested", user);
        write.Commit();
        return ApiCall.Json(new JsonObject(), StatusCodes.Status201Created);
    }

    private static async Task<IResult> CreateSuiteAsync(RepositoryCall call)
    {
        call.Require(Permission.Write);
        var app = RequireApp(call);
        var body = await call.ReadAsync<WriteCheckSuite>();
        var asked = body.HeadSha ?? throw ApiException.Invalid(ApiError.Missing("CheckSuite", "head_sha"));
        var sha = await call.ResolveCommitAsync(asked, StatusCodes.Status422UnprocessableEntity);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var known = FindSuite(call, app, sha);
        var suite = known ?? FindOrCreateSuite(call, write, app, sha);
        write.Commit();
        var json = Show(call).CheckSuite(suite, await call.Git.ReadCommitAsync(sha, call.Aborted));
        return known is null ? call.Created(json) : ApiCall.Json(json);
    }

    private static async Task<IResult> GetSuiteAsync(RepositoryCall call)
    {
        var suite = FindSuite(call);
        return ApiCall.Json(Show(call).CheckSuite(suite, await call.Git.ReadCommitAsync(suite.HeadSha, call.Aborted)));
    }

    private static IResult ListRunsOfSuite(RepositoryCall call) => Runs(call, Show(call).RunsOf(FindSuite(call)));

    private static async Task<IResult> RerequestSuiteAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Write);
        var suite = FindSuite(call);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        await PublishSuiteAsync(call, write, suite, "rerequested", user);
        write.Commit();
        return ApiCall.Json(new JsonObject(), StatusCodes.Status201Created);
    }

    private static IResult Runs(RepositoryCall call, IEnumerable<CheckRun> runs)
    {
        var selected = runs.Where(run =>
            (call.Query("check_name") is not { } name || run.Name == name)
            && (call.Query("status") is not { } status || run.Status == status)
            && (call.Query("app_id") is not { } app || WebhookPublisher.Number(run.AppId) == app));
        if (call.Query("filter") != "all")
        {
            selected = selected.GroupBy(run => (run.AppId, run.Name)).Select(same => same.Last());
        }

        var all = selected.OrderByDescending(run => run.Id).ToList();
        var show = Show(call);
        return ApiCall.Json(new JsonObject
        {
            ["total_count"] = all.Count,
            ["check_runs"] = GitHubJson.Array(call.PageOf(all), run => show.CheckRun(run)),
        });
    }

    /// <summary>The GitHub App that writes; users without one write as the forge's own, unless the forge is as strict as GitHub.</summary>
    private static App RequireApp(RepositoryCall call)
    {
        if (call.Caller.Token?.InstallationId is { } id)
        {
            return call.Store.Apps[call.Store.Installations[id].AppId];
        }

        return call.Forge.Options.ChecksRequireApp
            ? throw ApiException.Forbidden("You must authenticate via a GitHub App.")
            : call.Store.Apps.FirstOrDefault(app => app.Slug == Administration.ForgeAdministration.OwnAppSlug)!;
    }

    private static CheckRun FindRun(RepositoryCall call) =>
        call.Store.CheckRuns.Find(call.RouteNumber("id")) is { } run && run.RepositoryId == call.Repository.Id
            ? run
            : throw ApiException.NotFound();

    private static CheckSuite FindSuite(RepositoryCall call) =>
        call.Store.CheckSuites.Find(call.RouteNumber("id")) is { } suite && suite.RepositoryId == call.Repository.Id
            ? suite
            : throw ApiException.NotFound();

    private static CheckSuite? FindSuite(RepositoryCall call, App app, string sha) => call.Store.CheckSuites.FirstOrDefault(suite =>
        suite.RepositoryId == call.Repository.Id && suite.AppId == app.Id && suite.HeadSha == sha);

    private static CheckSuite FindOrCreateSuite(RepositoryCall call, ForgeWrite write, App app, string sha)
    {
        if (FindSuite(call, app, sha) is { } existing)
        {
            return existing;
        }

        var pull = call.Store.Issues.FirstOrDefault(issue =>
            issue is { Open: true, Pull: { } candidate } && issue.RepositoryId == call.Repository.Id && candidate.HeadSha == sha);
        return write.Put(call.Store.CheckSuites, new CheckSuite(write.NextId(), call.Repository.Id, app.Id, sha, call.Forge.Now)
        {
            HeadBranch = pull?.Pull!.HeadRef,
            UpdatedAt = call.Forge.Now,
        });
    }

    private static CheckRun Change(Forge forge, CheckRun run, WriteCheckRun body)
    {
        Require(Statuses, body.Status, "status");
        Require(Conclusions, body.Conclusion, "conclusion");
        if (body.Status == "completed" && body.Conclusion is null && run.Conclusion is null)
        {
            throw ApiException.Unprocessable("Invalid request.\n\nA completed check run needs a \"conclusion\".");
        }

        if (body.Output is { Summary: null })
        {
            throw ApiException.Unprocessable("Invalid request.\n\n\"summary\" wasn't supplied.");
        }

        if (body.Output?.Annotations?.Count > MostAnnotations)
        {
            throw ApiException.Unprocessable($"Invalid request.\n\nNo more than {MostAnnotations} annotations a request.");
        }

        var status = body.Conclusion is not null ? "completed" : body.Status ?? run.Status;
        var reopened = status != "completed";
        return run with
        {
            Name = body.Name ?? run.Name,
            Status = status,
            Conclusion = reopened ? null : body.Conclusion ?? run.Conclusion,
            DetailsUrl = body.DetailsUrl ?? run.DetailsUrl,
            ExternalId = body.ExternalId ?? run.ExternalId,
            StartedAt = body.StartedAt ?? run.StartedAt ?? forge.Now,
            CompletedAt = reopened ? null : body.CompletedAt ?? run.CompletedAt ?? forge.Now,
            Title = body.Output?.Title ?? run.Title,
            Summary = body.Output?.Summary ?? run.Summary,
            Text = body.Output?.Text ?? run.Text,
            Annotations = [.. run.Annotations, .. (body.Output?.Annotations ?? []).Select(Annotation)],
        };
    }

    private static void Require(string[] known, string? value, string field)
    {
        if (value is not null && !known.Contains(value, StringComparer.Ordinal))
        {
            throw ApiException.Unprocessable($"Invalid request.\n\n{value} is not a member of {string.Join(", ", known)} for \"{field}\".");
        }
    }

    private static CheckAnnotation Annotation(WriteAnnotation annotation)
    {
        Require(Levels, annotation.AnnotationLevel, "annotation_level");
        return annotation is { Path: { } path, StartLine: { } start, EndLine: { } end, AnnotationLevel: { } level, Message: { } message }
            ? new CheckAnnotation(path, start, end, level, message)
            {
                StartColumn = annotation.StartColumn,
                EndColumn = annotation.EndColumn,
                Title = annotation.Title,
                RawDetails = annotation.RawDetails,
            }
            : throw ApiException.Unprocessable(
                "Invalid request.\n\nAn annotation needs path, start_line, end_line, annotation_level and message.");
    }

    private static async Task<CheckRun> SaveAsync(
        RepositoryCall call, ForgeWrite write, CheckRun run, CheckSuite suite, string? action, User user)
    {
        write.Put(call.Store.CheckRuns, run);
        write.Put(call.Store.CheckSuites, suite with { UpdatedAt = call.Forge.Now });
        if (action is not null)
        {
            await PublishRunAsync(call, write, run, action, user);
        }

        if (action == "created" && run.Status == "completed")
        {
            await PublishRunAsync(call, write, run, "completed", user);
        }

        if (run.Status == "completed" && action is not null && JsonRenderer.Summarize(Show(call).RunsOf(suite)).Status == "completed")
        {
            await PublishSuiteAsync(call, write, suite, "completed", user);
        }

        write.Commit();
        return run;
    }

    private static async Task PublishRunAsync(RepositoryCall call, ForgeWrite write, CheckRun run, string action, User user)
    {
        var show = new JsonRenderer(call.Forge, call.Forge.Links);
        var json = show.CheckRun(run);
        json["check_suite"] = await RenderSuiteAsync(call, show, call.Store.CheckSuites[run.SuiteId]);
        call.Service<WebhookPublisher>().Publish(write, call.Repository, "check_run", action, user, new JsonObject { ["check_run"] = json });
    }

    private static async Task PublishSuiteAsync(RepositoryCall call, ForgeWrite write, CheckSuite suite, string action, User user)
    {
        var json = await RenderSuiteAsync(call, new JsonRenderer(call.Forge, call.Forge.Links), suite);
        call.Service<WebhookPublisher>().Publish(write, call.Repository, "check_suite", action, user, new JsonObject { ["check_suite"] = json });
    }

    private static async Task<JsonObject> RenderSuiteAsync(RepositoryCall call, JsonRenderer show, CheckSuite suite)
    {
        var json = show.CheckSuite(suite, await call.Git.ReadCommitAsync(suite.HeadSha, call.Aborted));
        json.Remove("repository");
        return json;
    }

    private sealed record WriteCheckRun(
        string? Name,
        string? HeadSha,
        string? DetailsUrl,
        string? ExternalId,
        string? Status,
        string? Conclusion,
        DateTimeOffset? StartedAt,
        DateTimeOffset? CompletedAt,
        WriteOutput? Output);

    private sealed record WriteOutput(string? Title, string? Summary, string? Text, IReadOnlyList<WriteAnnotation>? Annotations);

    private sealed record WriteAnnotation(
        string? Path,
        int? StartLine,
        int? EndLine,
        int? StartColumn,
        int? EndColumn,
        string? AnnotationLevel,
        string? Message,
        string? Title,
        string? RawDetails);

    private sealed record WriteCheckSuite(string? HeadSha);
}
