using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api.Representations;

internal sealed partial class JsonRenderer
{
    /// <summary>A pull request as lists show it.</summary>
    public JsonObject Pull(Issue issue)
    {
        var pull = issue.Pull!;
        var repository = Store.Repositories[issue.RepositoryId];
        var head = Store.Repositories.Find(pull.HeadRepositoryId);
        var api = ApiOf(issue.RepositoryId);
        var url = $"{api}/pulls/{issue.Number}";
        var issueUrl = $"{api}/issues/{issue.Number}";
        var html = $"{WebOf(issue.RepositoryId)}/pull/{issue.Number}";
        var statuses = $"{api}/statuses/{pull.HeadSha}";
        return new JsonObject
        {
            ["url"] = url,
            ["id"] = pull.Id,
            ["node_id"] = GitHubJson.NodeId("PullRequest", pull.Id),
            ["html_url"] = html,
            ["diff_url"] = html + ".diff",
            ["patch_url"] = html + ".patch",
            ["issue_url"] = issueUrl,
            ["number"] = issue.Number,
            ["state"] = issue.Open ? "open" : "closed",
            ["locked"] = false,
            ["title"] = issue.Title,
            ["user"] = UserOrNull(issue.UserId),
            ["body"] = issue.Body,
            ["created_at"] = GitHubJson.Time(issue.CreatedAt),
            ["updated_at"] = GitHubJson.Time(issue.UpdatedAt),
            ["closed_at"] = GitHubJson.Time(issue.ClosedAt),
            ["merged_at"] = GitHubJson.Time(pull.MergedAt),
            ["merge_commit_sha"] = pull.MergeCommitSha,
            ["assignee"] = UserOrNull(issue.AssigneeIds.Select(id => (long?)id).FirstOrDefault()),
            ["assignees"] = GitHubJson.Array(issue.AssigneeIds, id => UserOrNull(id)),
            ["requested_reviewers"] = new JsonArray(),
            ["requested_teams"] = new JsonArray(),
            ["labels"] = Labels(issue),
            ["milestone"] = null,
            ["draft"] = pull.Draft,
            ["commits_url"] = url + "/commits",
            ["review_comments_url"] = url + "/comments",
            ["review_comment_url"] = api + "/pulls/comments{/number}",
            ["comments_url"] = issueUrl + "/comments",
            ["statuses_url"] = statuses,
            ["head"] = Side(head, pull.HeadRef, pull.HeadSha),
            ["base"] = Side(repository, pull.BaseRef, pull.BaseSha),
            ["_links"] = new JsonObject
            {
                ["self"] = Link(url),
                ["html"] = Link(html),
                ["issue"] = Link(issueUrl),
                ["comments"] = Link(issueUrl + "/comments"),
                ["review_comments"] = Link(url + "/comments"),
                ["review_comment"] = Link(api + "/pulls/comments{/number}"),
                ["commits"] = Link(url + "/commits"),
                ["statuses"] = Link(statuses),
            },
            ["author_association"] = Association(issue.UserId, issue.RepositoryId),
            ["auto_merge"] = null,
            ["active_lock_reason"] = null,
        };
    }

    /// <summary>A pull request as its own endpoint shows it: with what has to be computed.</summary>
    public async Task<JsonObject> FullPullAsync(Issue issue, CancellationToken cancellationToken)
    {
        var pull = issue.Pull!;
        var git = forge.GitOf(Store.Repositories[issue.RepositoryId]);
        var mergeBase = await git.MergeBaseAsync(pull.BaseSha, pull.HeadSha, cancellationToken) ?? pull.BaseSha;
        var files = await git.DiffAsync(mergeBase, pull.HeadSha, withPatches: false, cancellationToken);
        var json = Pull(issue);
        json["merged"] = pull.Merged;
        json["mergeable"] = pull.Merged ? null : pull.Mergeable;
        json["rebaseable"] = pull.Merged ? null : pull.Rebaseable;
        json["mergeable_state"] = MergeableState(issue);
        json["merged_by"] = UserOrNull(pull.MergedById);
        json["comments"] = CountComments(issue);
        json["review_comments"] = 0;
        json["maintainer_can_modify"] = pull.MaintainerCanModify;
        json["commits"] = await git.CountCommitsAsync([$"{mergeBase}..{pull.HeadSha}"], cancellationToken);
        json["additions"] = files.Sum(file => file.Additions);
        json["deletions"] = files.Sum(file => file.Deletions);
        json["changed_files"] = files.Count;
        return json;
    }

    /// <summary>A pull request as check runs and suites refer to it.</summary>
    public JsonObject PullReference(Issue issue)
    {
        var pull = issue.Pull!;
        return new JsonObject
        {
            ["url"] = $"{ApiOf(issue.RepositoryId)}/pulls/{issue.Number}",
            ["id"] = pull.Id,
            ["number"] = issue.Number,
            ["head"] = ReferenceSide(pull.HeadRepositoryId, pull.HeadRef, pull.HeadSha),
            ["base"] = ReferenceSide(issue.RepositoryId, pull.BaseRef, pull.BaseSha),
        };
    }

    private string MergeableState(Issue issue) => issue.Pull! switch
    {
        { Merged: true } or { Mergeable: null } => "unknown",
        { Mergeable: false } => "dirty",
        { Draft: true } => "draft",
        { HeadSha: var sha } when HasUnsuccessfulChecks(issue.RepositoryId, sha) => "unstable",
        _ => "clean",
    };

    private bool HasUnsuccessfulChecks(long repositoryId, string sha) =>
        LatestStatuses(repositoryId, sha).Any(status => status.State != "success")
        || LatestCheckRuns(repositoryId, sha).Any(run => run.Conclusion is not ("success" or "neutral" or "skipped"));

    private JsonObject Side(Repository? repository, string branch, string sha) => new()
    {
        ["label"] = repository is null ? branch : $"{forge.OwnerOf(repository).Login}:{branch}",
        ["ref"] = branch,
        ["sha"] = sha,
        ["user"] = repository is null ? null : User(forge.OwnerOf(repository)),
        ["repo"] = repository is null ? null : Repository(repository),
    };

    private JsonObject ReferenceSide(long repositoryId, string branch, string sha) => new()
    {
        ["ref"] = branch,
        ["sha"] = sha,
        ["repo"] = new JsonObject
        {
            ["id"] = repositoryId,
            ["url"] = Store.Repositories.Find(repositoryId) is null ? "" : ApiOf(repositoryId),
            ["name"] = Store.Repositories.Find(repositoryId)?.Name ?? "",
        },
    };
}
