using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api.Representations;

internal sealed partial class JsonRenderer
{
    public JsonObject App(App app) => new()
    {
        ["id"] = app.Id,
        ["slug"] = app.Slug,
        ["node_id"] = GitHubJson.NodeId("App", app.Id),
        ["owner"] = UserOrNull(app.OwnerId),
        ["name"] = app.Name,
        ["description"] = "",
        ["external_url"] = links.Web,
        ["html_url"] = $"{links.Web}/apps/{app.Slug}",
        ["created_at"] = GitHubJson.Time(app.CreatedAt),
        ["updated_at"] = GitHubJson.Time(app.CreatedAt),
        ["permissions"] = AppPermissions(),
        ["events"] = new JsonArray("check_run", "check_suite", "issue_comment", "pull_request", "push"),
    };

    public static JsonObject AppPermissions() => new()
    {
        ["checks"] = "write",
        ["contents"] = "write",
        ["issues"] = "write",
        ["metadata"] = "read",
        ["pull_requests"] = "write",
        ["security_events"] = "write",
        ["statuses"] = "write",
    };

    public JsonObject Installation(Installation installation)
    {
        var app = Store.Apps[installation.AppId];
        var account = Store.Users[installation.AccountId];
        return new JsonObject
        {
            ["id"] = installation.Id,
            ["account"] = User(account),
            ["repository_selection"] = installation.RepositoryIds is null ? "all" : "selected",
            ["access_tokens_url"] = $"{links.Api}/app/installations/{installation.Id}/access_tokens",
            ["repositories_url"] = $"{links.Api}/installation/repositories",
            ["html_url"] = $"{links.Web}/settings/installations/{installation.Id}",
            ["app_id"] = app.Id,
            ["app_slug"] = app.Slug,
            ["target_id"] = account.Id,
            ["target_type"] = account.Type,
            ["permissions"] = AppPermissions(),
            ["events"] = new JsonArray("check_run", "check_suite", "issue_comment", "pull_request", "push"),
            ["created_at"] = GitHubJson.Time(installation.CreatedAt),
            ["updated_at"] = GitHubJson.Time(installation.CreatedAt),
            ["single_file_name"] = null,
            ["suspended_by"] = null,
            ["suspended_at"] = null,
        };
    }

    public JsonObject CheckRun(CheckRun run)
    {
        var url = $"{ApiOf(run.RepositoryId)}/check-runs/{run.Id}";
        var html = $"{WebOf(run.RepositoryId)}/runs/{run.Id}";
        return new JsonObject
        {
            ["id"] = run.Id,
            ["name"] = run.Name,
            ["node_id"] = GitHubJson.NodeId("CheckRun", run.Id),
            ["head_sha"] = run.HeadSha,
            ["external_id"] = run.ExternalId ?? "",
            ["url"] = url,
            ["html_url"] = html,
            ["details_url"] = run.DetailsUrl ?? html,
            ["status"] = run.Status,
            ["conclusion"] = run.Conclusion,
            ["started_at"] = GitHubJson.Time(run.StartedAt),
            ["completed_at"] = GitHubJson.Time(run.CompletedAt),
            ["output"] = new JsonObject
            {
                ["title"] = run.Title,
                ["summary"] = run.Summary,
                ["text"] = run.Text,
                ["annotations_count"] = run.Annotations.Count,
                ["annotations_url"] = url + "/annotations",
            },
            ["check_suite"] = new JsonObject { ["id"] = run.SuiteId },
            ["app"] = App(Store.Apps[run.AppId]),
            ["pull_requests"] = PullsAt(run.RepositoryId, run.HeadSha),
        };
    }

    public JsonObject Annotation(CheckRun run, CheckAnnotation annotation) => new()
    {
        ["path"] = annotation.Path,
        ["blob_href"] = $"{WebOf(run.RepositoryId)}/blob/{run.HeadSha}/{EscapePath(annotation.Path)}",
        ["start_line"] = annotation.StartLine,
        ["start_column"] = annotation.StartColumn,
        ["end_line"] = annotation.EndLine,
        ["end_column"] = annotation.EndColumn,
        ["annotation_level"] = annotation.AnnotationLevel,
        ["title"] = annotation.Title,
        ["message"] = annotation.Message,
        ["raw_details"] = annotation.RawDetails,
    };

    public JsonObject CheckSuite(CheckSuite suite, GitCommit head)
    {
        var runs = RunsOf(suite);
        var (status, conclusion) = Summarize(runs);
        var url = $"{ApiOf(suite.RepositoryId)}/check-suites/{suite.Id}";
        return new JsonObject
        {
            ["id"] = suite.Id,
            ["node_id"] = GitHubJson.NodeId("CheckSuite", suite.Id),
            ["head_branch"] = suite.HeadBranch,
            ["head_sha"] = suite.HeadSha,
            ["status"] = status,
            ["conclusion"] = conclusion,
            ["url"] = url,
            ["before"] = suite.Before,
            ["after"] = suite.HeadSha,
            ["pull_requests"] = PullsAt(suite.RepositoryId, suite.HeadSha),
            ["app"] = App(Store.Apps[suite.AppId]),
            ["repository"] = Repository(Store.Repositories[suite.RepositoryId]),
            ["created_at"] = GitHubJson.Time(suite.CreatedAt),
            ["updated_at"] = GitHubJson.Time(suite.UpdatedAt),
            ["head_commit"] = SimpleCommit(head),
            ["latest_check_runs_count"] = runs.Count,
            ["check_runs_url"] = url + "/check-runs",
        };
    }

    /// <summary>A suite's state, from its runs: the worst conclusion once all are completed.</summary>
    public static (string Status, string? Conclusion) Summarize(IReadOnlyCollection<CheckRun> runs)
    {
        if (runs.Count == 0)
        {
            return ("queued", null);
        }

        if (runs.Any(run => run.Status != "completed"))
        {
            return (runs.All(run => run.Status == "queued") ? "queued" : "in_progress", null);
        }

        string[] worstFirst = ["failure", "timed_out", "action_required", "cancelled", "success", "neutral", "skipped"];
        return ("completed", worstFirst.First(conclusion => runs.Any(run => run.Conclusion == conclusion)));
    }

    public IReadOnlyList<CheckRun> RunsOf(CheckSuite suite) => [.. Store.CheckRuns.All.Where(run => run.SuiteId == suite.Id)];

    /// <summary>The newest run of each name and app for a commit.</summary>
    public IReadOnlyList<CheckRun> LatestCheckRuns(long repositoryId, string sha) =>
    [
        .. Store.CheckRuns.All
            .Where(run => run.RepositoryId == repositoryId && run.HeadSha == sha)
            .GroupBy(run => (run.AppId, run.Name))
            .Select(runs => runs.Last()),
    ];

    public JsonObject Status(CommitStatus status) => new()
    {
        ["url"] = $"{ApiOf(status.RepositoryId)}/statuses/{status.Sha}",
        ["avatar_url"] = $"{links.Web}/avatars/u/{status.CreatorId}",
        ["id"] = status.Id,
        ["node_id"] = GitHubJson.NodeId("StatusContext", status.Id),
        ["state"] = status.State,
        ["description"] = status.Description,
        ["target_url"] = status.TargetUrl,
        ["context"] = status.Context,
        ["created_at"] = GitHubJson.Time(status.CreatedAt),
        ["updated_at"] = GitHubJson.Time(status.CreatedAt),
        ["creator"] = UserOrNull(status.CreatorId),
    };

    /// <summary>The newest status of each context for a commit.</summary>
    public IReadOnlyList<CommitStatus> LatestStatuses(long repositoryId, string sha) =>
    [
        .. Store.Statuses.All
            .Where(status => status.RepositoryId == repositoryId && status.Sha == sha)
            .GroupBy(status => status.Context, StringComparer.OrdinalIgnoreCase)
            .Select(statuses => statuses.Last()),
    ];

    private JsonArray PullsAt(long repositoryId, string sha) => GitHubJson.Array(
        Store.Issues.All.Where(issue =>
            issue.RepositoryId == repositoryId && issue is { Open: true, Pull: { } pull } && pull.HeadSha == sha
            && pull.HeadRepositoryId == repositoryId),
        issue => PullReference(issue));

    private JsonObject? AppOfInstallation(long? installationId) =>
        installationId is { } id && Store.Installations.Find(id) is { } installation ? App(Store.Apps[installation.AppId]) : null;
}
