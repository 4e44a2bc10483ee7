using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Store;
using AtomicDevOps.LocalForge.Webhooks;

namespace AtomicDevOps.LocalForge.Api;

internal static class IssueEndpoints
{
    private const int LongestBody = 65536;

    public static void Map(IEndpointRouteBuilder repository)
    {
        repository.MapGet("/issues", List);
        repository.MapPost("/issues", CreateAsync);
        repository.MapGet("/issues/{number:int}", Get);
        repository.MapPatch("/issues/{number:int}", UpdateAsync);
        repository.MapGet("/issues/{number:int}/comments", ListComments);
        repository.MapPost("/issues/{number:int}/comments", CreateCommentAsync);
        repository.MapGet("/issues/comments/{id:long}", GetComment);
        repository.MapPatch("/issues/comments/{id:long}", UpdateCommentAsync);
        repository.MapDelete("/issues/comments/{id:long}", DeleteCommentAsync);
        repository.MapGet("/issues/{number:int}/labels", ListIssueLabels);
        repository.MapPost("/issues/{number:int}/labels", AddLabelsAsync);
        repository.MapPut("/issues/{number:int}/labels", SetLabelsAsync);
        repository.MapDelete("/issues/{number:int}/labels/{name}", RemoveLabelAsync);
        repository.MapGet("/labels", ListLabels);
        repository.MapPost("/labels", CreateLabelAsync);
        repository.MapGet("/labels/{name}", GetLabel);
    }

    private static JsonRenderer Show(ApiCall call) => new(call.Forge, call.Links);

    private static IResult List(RepositoryCall call)
    {
        var state = call.Query("state") ?? "open";
        var creator = call.Query("creator");
        var labels = call.Query("labels")?.Split(',') ?? [];
        var show = Show(call);
        var found = call.Store.Issues.All.Where(issue => issue.RepositoryId == call.Repository.Id
            && (state == "all" || issue.Open == (state == "open"))
            && (creator is null || call.Store.Users[issue.UserId].Login.Equals(creator, StringComparison.OrdinalIgnoreCase))
            && labels.All(label => issue.LabelIds.Any(id => call.Store.Labels.Find(id)?.Name == label)));
        return call.Page(IssueOrdering.Sort(call, found).ToList(), issue => show.Issue(issue));
    }

    private static async Task<IResult> CreateAsync(RepositoryCall call)
    {
        var user = call.RequireUser();
        var body = await call.ReadAsync<WriteIssue>();
        var title = body.Title is { Length: > 0 } ? body.Title : throw ApiException.Invalid(ApiError.Missing("Issue", "title"));
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var number = Numbering.Take(write, call.Forge, call.Repository);
        var issue = write.Put(
            call.Store.Issues,
            new Issue(write.NextId(), call.Repository.Id, number, user.Id, title, call.Forge.Now)
            {
                Body = CheckBody("Issue", body.Body),
                UpdatedAt = call.Forge.Now,
                LabelIds = FindOrCreateLabels(call, write, body.Labels ?? []),
                AssigneeIds = FindAssignees(call, body.Assignees ?? []),
            });
        Publish(call, write, issue, "opened", user);
        write.Commit();
        return call.Created(Show(call).Issue(issue), $"{call.Url}/issues/{number}");
    }

    private static IResult Get(RepositoryCall call) => ApiCall.Json(Show(call).Issue(call.FindIssue()));

    private static async Task<IResult> UpdateAsync(RepositoryCall call)
    {
        var body = await call.ReadAsync<WriteIssue>();
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var issue = call.FindIssue();
        var user = call.RequireUser();
        if (user.Id != issue.UserId)
        {
            call.Require(Permission.Triage);
        }

        var open = body.State switch
        {
            null => issue.Open,
            "open" => true,
            "closed" => false,
            _ => throw ApiException.Invalid(ApiError.Invalid("Issue", "state")),
        };
        if (issue.Pull is not null && open != issue.Open)
        {
            throw ApiException.Unprocessable("Open and close a pull request through its own endpoint.");
        }

        var updated = write.Put(call.Store.Issues, issue with
        {
            Title = body.Title ?? issue.Title,
            Body = CheckBody("Issue", body.Body) ?? issue.Body,
            Open = open,
            StateReason = open ? (issue.Open ? issue.StateReason : "reopened") : body.StateReason ?? issue.StateReason ?? "completed",
            ClosedAt = open ? null : issue.ClosedAt ?? call.Forge.Now,
            ClosedById = open ? null : issue.ClosedById ?? user.Id,
            UpdatedAt = call.Forge.Now,
            LabelIds = body.Labels is null ? issue.LabelIds : FindOrCreateLabels(call, write, body.Labels),
            AssigneeIds = body.Assignees is null ? issue.AssigneeIds : FindAssignees(call, body.Assignees),
        });
        Publish(call, write, updated, (issue.Open, open) switch { (true, false) => "closed", (false, true) => "reopened", _ => "edited" }, user);
        write.Commit();
        return ApiCall.Json(Show(call).Issue(updated));
    }

    private static IResult ListComments(RepositoryCall call)
    {
        var issue = call.FindIssue();
        var show = Show(call);
        return call.Page(
            call.Store.Comments.All.Where(comment => comment.RepositoryId == issue.RepositoryId && comment.Number == issue.Number),
            comment => show.Comment(comment));
    }

    private static async Task<IResult> CreateCommentAsync(RepositoryCall call)
    {
        var user = call.RequireUser();
        var text = RequiredBody(await call.ReadAsync<WriteComment>());
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var issue = call.FindIssue();
        var comment = write.Put(
            call.Store.Comments,
            new IssueComment(write.NextId(), issue.RepositoryId, issue.Number, user.Id, text, call.Forge.Now)
            {
                UpdatedAt = call.Forge.Now,
                InstallationId = call.Caller.Token?.InstallationId,
            });
        write.Put(call.Store.Issues, issue with { UpdatedAt = call.Forge.Now });
        PublishComment(call, write, comment, "created", user);
        write.Commit();
        return call.Created(Show(call).Comment(comment), $"{call.Url}/issues/comments/{comment.Id}");
    }

    private static IResult GetComment(RepositoryCall call) => ApiCall.Json(Show(call).Comment(FindComment(call)));

    private static async Task<IResult> UpdateCommentAsync(RepositoryCall call)
    {
        var text = RequiredBody(await call.ReadAsync<WriteComment>());
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var comment = FindComment(call);
        var user = RequireAuthorOrWriter(call, comment);
        var updated = write.Put(call.Store.Comments, comment with { Body = text, UpdatedAt = call.Forge.Now });
        PublishComment(call, write, updated, "edited", user, new JsonObject
        {
            ["changes"] = new JsonObject { ["body"] = new JsonObject { ["from"] = comment.Body } },
        });
        write.Commit();
        return ApiCall.Json(Show(call).Comment(updated));
    }

    private static async Task<IResult> DeleteCommentAsync(RepositoryCall call)
    {
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var comment = FindComment(call);
        var user = RequireAuthorOrWriter(call, comment);
        write.Delete(call.Store.Comments, comment);
        PublishComment(call, write, comment, "deleted", user);
        write.Commit();
        return Results.NoContent();
    }

    private static IResult ListIssueLabels(RepositoryCall call) => LabelsOf(call, call.FindIssue());

    private static async Task<IResult> AddLabelsAsync(RepositoryCall call) =>
        await ChangeLabelsAsync(call, (issue, named) => [.. issue.LabelIds.Union(named)], await call.ReadAsync<LabelNames>());

    private static async Task<IResult> SetLabelsAsync(RepositoryCall call) =>
        await ChangeLabelsAsync(call, (_, named) => named, await call.ReadAsync<LabelNames>());

    private static async Task<IResult> RemoveLabelAsync(RepositoryCall call)
    {
        var user = call.Require(Permission.Triage);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var issue = call.FindIssue();
        var label = FindLabel(call, call.Route("name"));
        if (!issue.LabelIds.Contains(label.Id))
        {
            throw new ApiException(StatusCodes.Status404NotFound, "Label does not exist");
        }

        var updated = write.Put(call.Store.Issues, issue with { LabelIds = [.. issue.LabelIds.Where(id => id != label.Id)] });
        await PublishLabelAsync(call, write, updated, label, "unlabeled", user);
        write.Commit();
        return LabelsOf(call, updated);
    }

    private static IResult ListLabels(RepositoryCall call)
    {
        var show = Show(call);
        return call.Page(call.Store.Labels.All.Where(label => label.RepositoryId == call.Repository.Id), label => show.Label(label));
    }

    private static async Task<IResult> CreateLabelAsync(RepositoryCall call)
    {
        call.Require(Permission.Write);
        var body = await call.ReadAsync<WriteLabel>();
        var name = body.Name is { Length: > 0 } ? body.Name : throw ApiException.Invalid(ApiError.Missing("Label", "name"));
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        if (LookUpLabel(call, name) is not null)
        {
            throw ApiException.Invalid(new ApiError("Label", "already_exists", "name"));
        }

        var label = write.Put(
            call.Store.Labels, new Label(write.NextId(), call.Repository.Id, name, body.Color?.TrimStart('#') ?? "ededed", body.Description));
        write.Commit();
        var json = Show(call).Label(label);
        return call.Created(json, json["url"]!.GetValue<string>());
    }

    private static IResult GetLabel(RepositoryCall call) => ApiCall.Json(Show(call).Label(FindLabel(call, call.Route("name"))));

    private static async Task<IResult> ChangeLabelsAsync(
        RepositoryCall call, Func<Issue, IReadOnlyList<long>, IReadOnlyList<long>> change, LabelNames body)
    {
        var user = call.Require(Permission.Triage);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var issue = call.FindIssue();
        var updated = write.Put(
            call.Store.Issues,
            issue with { LabelIds = change(issue, FindOrCreateLabels(call, write, body.Labels ?? [])), UpdatedAt = call.Forge.Now });
        foreach (var added in updated.LabelIds.Except(issue.LabelIds))
        {
            await PublishLabelAsync(call, write, updated, call.Store.Labels[added], "labeled", user);
        }

        write.Commit();
        return LabelsOf(call, updated);
    }

    private static IResult LabelsOf(RepositoryCall call, Issue issue)
    {
        var show = Show(call);
        return call.Page(issue.LabelIds.Select(call.Store.Labels.Find).OfType<Label>(), label => show.Label(label));
    }

    private static Label? LookUpLabel(RepositoryCall call, string name) => call.Store.Labels.FirstOrDefault(label =>
        label.RepositoryId == call.Repository.Id && label.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static Label FindLabel(RepositoryCall call, string name) =>
        LookUpLabel(call, Uri.UnescapeDataString(name)) ?? throw ApiException.NotFound();

    private static long[] FindOrCreateLabels(RepositoryCall call, ForgeWrite write, IEnumerable<string> names) =>
    [
        .. names.Select(name => LookUpLabel(call, name)
            ?? write.Put(call.Store.Labels, new Label(write.NextId(), call.Repository.Id, name, "ededed", Description: null)))
            .Select(label => label.Id)
            .Distinct(),
    ];

    private static long[] FindAssignees(RepositoryCall call, IEnumerable<string> logins) =>
    [
        .. logins.Select(login => call.Forge.FindUser(login)?.Id ?? throw ApiException.Invalid(ApiError.Invalid("Issue", "assignees"))),
    ];

    private static IssueComment FindComment(RepositoryCall call) =>
        call.Store.Comments.Find(call.RouteNumber("id")) is { } comment && comment.RepositoryId == call.Repository.Id
            ? comment
            : throw ApiException.NotFound();

    private static User RequireAuthorOrWriter(RepositoryCall call, IssueComment comment)
    {
        var user = call.RequireUser();
        return user.Id == comment.UserId ? user : call.Require(Permission.Write);
    }

    private static string RequiredBody(WriteComment comment) =>
        comment.Body is { Length: > 0 } body
            ? CheckBody("IssueComment", body)!
            : throw ApiException.Invalid(ApiError.Missing("IssueComment", "body"));

    private static string? CheckBody(string resource, string? body) => body?.Length > LongestBody
        ? throw ApiException.Invalid(new ApiError(resource, "unprocessable", "body", $"body is too long (maximum is {LongestBody} characters)"))
        : body;

    private static void Publish(RepositoryCall call, ForgeWrite write, Issue issue, string action, User user) =>
        call.Service<WebhookPublisher>().Publish(
            write,
            call.Repository,
            "issues",
            action,
            user,
            new JsonObject { ["issue"] = new JsonRenderer(call.Forge, call.Forge.Links).Issue(issue) });

    private static Task PublishLabelAsync(RepositoryCall call, ForgeWrite write, Issue issue, Label label, string action, User user)
    {
        var show = new JsonRenderer(call.Forge, call.Forge.Links);
        if (issue.Pull is not null)
        {
            return call.Service<PullRequests.PullRequestTracker>().PublishAsync(
                write, issue, action, user, call.Aborted, new JsonObject { ["label"] = show.Label(label) });
        }

        call.Service<WebhookPublisher>().Publish(
            write, call.Repository, "issues", action, user, new JsonObject { ["issue"] = show.Issue(issue), ["label"] = show.Label(label) });
        return Task.CompletedTask;
    }

    private static void PublishComment(
        RepositoryCall call, ForgeWrite write, IssueComment comment, string action, User user, JsonObject? more = null)
    {
        var show = new JsonRenderer(call.Forge, call.Forge.Links);
        var issue = call.Store.Issues.FirstOrDefault(i => i.RepositoryId == comment.RepositoryId && i.Number == comment.Number)!;
        var details = more ?? [];
        details["issue"] = show.Issue(issue);
        details["comment"] = show.Comment(comment);
        call.Service<WebhookPublisher>().Publish(write, call.Repository, "issue_comment", action, user, details);
    }

    private sealed record WriteIssue(
        string? Title,
        string? Body,
        string? State,
        string? StateReason,
        IReadOnlyList<string>? Labels,
        IReadOnlyList<string>? Assignees);

    private sealed record WriteComment(string? Body);

    private sealed record WriteLabel(string? Name, string? Color, string? Description);

    private sealed record LabelNames(IReadOnlyList<string>? Labels);
}

/// <summary>The order that <c>sort</c> and <c>direction</c> ask for.</summary>
internal static class IssueOrdering
{
    public static IEnumerable<Issue> Sort(ApiCall call, IEnumerable<Issue> issues)
    {
        Func<Issue, DateTimeOffset> key = call.Query("sort") == "updated" ? issue => issue.UpdatedAt : issue => issue.CreatedAt;
        return call.Query("direction") == "asc"
            ? issues.OrderBy(key).ThenBy(issue => issue.Number)
            : issues.OrderByDescending(key).ThenByDescending(issue => issue.Number);
    }
}

/// <summary>Gives out the numbers that issues and pull requests share.</summary>
internal static class Numbering
{
    public static int Take(ForgeWrite write, Forge forge, Repository repository)
    {
        var current = forge.Store.Repositories[repository.Id];
        return write.Put(forge.Store.Repositories, current with { LastNumber = current.LastNumber + 1 }).LastNumber;
    }
}
