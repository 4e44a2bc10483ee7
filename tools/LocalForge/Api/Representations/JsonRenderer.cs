using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api.Representations;

/// <summary>Things as GitHub's REST API and webhooks show them: every field that its OpenAPI description requires, and those in common use.</summary>
internal sealed partial class JsonRenderer(Forge forge, ForgeLinks links)
{
    private ForgeStore Store => forge.Store;

    public JsonObject User(User user)
    {
        var url = links.ApiUser(user);
        return new JsonObject
        {
            ["login"] = user.Login,
            ["id"] = user.Id,
            ["node_id"] = GitHubJson.NodeId("User", user.Id),
            ["avatar_url"] = $"{links.Web}/avatars/u/{user.Id}",
            ["gravatar_id"] = "",
            ["url"] = url,
            ["html_url"] = $"{links.Web}/{user.Login}",
            ["followers_url"] = url + "/followers",
            ["following_url"] = url + "/following{/other_user}",
            ["gists_url"] = url + "/gists{/gist_id}",
            ["starred_url"] = url + "/starred{/owner}{/repo}",
            ["subscriptions_url"] = url + "/subscriptions",
            ["organizations_url"] = url + "/orgs",
            ["repos_url"] = url + "/repos",
            ["events_url"] = url + "/events{/privacy}",
            ["received_events_url"] = url + "/received_events",
            ["type"] = user.Type,
            ["site_admin"] = false,
        };
    }

    public JsonObject? UserOrNull(long? id) => id is { } known && Store.Users.Find(known) is { } user ? User(user) : null;

    public JsonObject PublicUser(User user)
    {
        var json = User(user);
        json["name"] = user.Name;
        json["company"] = null;
        json["blog"] = "";
        json["location"] = null;
        json["email"] = user.Email;
        json["hireable"] = null;
        json["bio"] = null;
        json["twitter_username"] = null;
        json["public_repos"] = Store.Repositories.All.Count(repository => repository.OwnerId == user.Id && !repository.Private);
        json["public_gists"] = 0;
        json["followers"] = 0;
        json["following"] = 0;
        json["created_at"] = GitHubJson.Time(user.CreatedAt);
        json["updated_at"] = GitHubJson.Time(user.CreatedAt);
        return json;
    }

    public JsonObject Repository(Repository repository)
    {
        var fullName = forge.FullName(repository);
        var api = links.ApiRepository(fullName);
        var web = links.WebRepository(fullName);
        var openIssues = Store.Issues.All.Count(issue => issue.RepositoryId == repository.Id && issue.Open);
        var forks = Store.Repositories.All.Count(other => other.ParentId == repository.Id);
        return new JsonObject
        {
            ["id"] = repository.Id,
            ["node_id"] = GitHubJson.NodeId("Repository", repository.Id),
            ["name"] = repository.Name,
            ["full_name"] = fullName,
            ["private"] = repository.Private,
            ["owner"] = User(forge.OwnerOf(repository)),
            ["html_url"] = web,
            ["description"] = repository.Description,
            ["fork"] = repository.ParentId is not null,
            ["url"] = api,
            ["archive_url"] = api + "/{archive_format}{/ref}",
            ["assignees_url"] = api + "/assignees{/user}",
            ["blobs_url"] = api + "/git/blobs{/sha}",
            ["branches_url"] = api + "/branches{/branch}",
            ["collaborators_url"] = api + "/collaborators{/collaborator}",
            ["comments_url"] = api + "/comments{/number}",
            ["commits_url"] = api + "/commits{/sha}",
            ["compare_url"] = api + "/compare/{base}...{head}",
            ["contents_url"] = api + "/contents/{+path}",
            ["contributors_url"] = api + "/contributors",
            ["deployments_url"] = api + "/deployments",
            ["downloads_url"] = api + "/downloads",
            ["events_url"] = api + "/events",
            ["forks_url"] = api + "/forks",
            ["git_commits_url"] = api + "/git/commits{/sha}",
            ["git_refs_url"] = api + "/git/refs{/sha}",
            ["git_tags_url"] = api + "/git/tags{/sha}",
            ["issue_comment_url"] = api + "/issues/comments{/number}",
            ["issue_events_url"] = api + "/issues/events{/number}",
            ["issues_url"] = api + "/issues{/number}",
            ["keys_url"] = api + "/keys{/key_id}",
            ["labels_url"] = api + "/labels{/name}",
            ["languages_url"] = api + "/languages",
            ["merges_url"] = api + "/merges",
            ["milestones_url"] = api + "/milestones{/number}",
            ["notifications_url"] = api + "/notifications{?since,all,participating}",
            ["pulls_url"] = api + "/pulls{/number}",
            ["releases_url"] = api + "/releases{/id}",
            ["stargazers_url"] = api + "/stargazers",
            ["statuses_url"] = api + "/statuses/{sha}",
            ["subscribers_url"] = api + "/subscribers",
            ["subscription_url"] = api + "/subscription",
            ["tags_url"] = api + "/tags",
            ["teams_url"] = api + "/teams",
            ["trees_url"] = api + "/git/trees{/sha}",
            ["hooks_url"] = api + "/hooks",
            ["created_at"] = GitHubJson.Time(repository.CreatedAt),
            ["updated_at"] = GitHubJson.Time(repository.UpdatedAt),
            ["pushed_at"] = GitHubJson.Time(repository.PushedAt),
            ["git_url"] = $"{web}.git",
            ["ssh_url"] = $"{web}.git",
            ["clone_url"] = $"{web}.git",
            ["svn_url"] = web,
            ["mirror_url"] = null,
            ["homepage"] = null,
            ["size"] = 0,
            ["stargazers_count"] = 0,
            ["watchers_count"] = 0,
            ["language"] = null,
            ["has_issues"] = true,
            ["has_projects"] = false,
            ["has_downloads"] = true,
            ["has_wiki"] = false,
            ["has_pages"] = false,
            ["has_discussions"] = false,
            ["forks_count"] = forks,
            ["archived"] = false,
            ["disabled"] = false,
            ["open_issues_count"] = openIssues,
            ["license"] = null,
            ["allow_forking"] = true,
            ["is_template"] = false,
            ["web_commit_signoff_required"] = false,
            ["topics"] = new JsonArray(),
            ["visibility"] = repository.Private ? "private" : "public",
            ["forks"] = forks,
            ["open_issues"] = openIssues,
            ["watchers"] = 0,
            ["default_branch"] = repository.DefaultBranch,
        };
    }

    /// <summary>A repository as its own endpoint shows it: with settings and the caller's permissions.</summary>
    public JsonObject FullRepository(Repository repository, Permission permission)
    {
        var json = Repository(repository);
        json["permissions"] = new JsonObject
        {
            ["admin"] = permission >= Permission.Admin,
            ["maintain"] = permission >= Permission.Maintain,
            ["push"] = permission >= Permission.Write,
            ["triage"] = permission >= Permission.Triage,
            ["pull"] = permission >= Permission.Read,
        };
        json["network_count"] = json["forks_count"]!.GetValue<int>();
        json["subscribers_count"] = 0;
        json["allow_merge_commit"] = repository.AllowMergeCommit;
        json["allow_squash_merge"] = repository.AllowSquashMerge;
        json["allow_rebase_merge"] = repository.AllowRebaseMerge;
        json["allow_auto_merge"] = false;
        json["allow_update_branch"] = true;
        json["delete_branch_on_merge"] = repository.DeleteBranchOnMerge;
        if (repository.ParentId is { } parentId && Store.Repositories.Find(parentId) is { } parent)
        {
            json["parent"] = Repository(parent);
            json["source"] = Repository(parent);
        }

        return json;
    }

    public JsonObject Label(Label label) => new()
    {
        ["id"] = label.Id,
        ["node_id"] = GitHubJson.NodeId("Label", label.Id),
        ["url"] = $"{ApiOf(label.RepositoryId)}/labels/{Uri.EscapeDataString(label.Name)}",
        ["name"] = label.Name,
        ["color"] = label.Color,
        ["default"] = false,
        ["description"] = label.Description,
    };

    public JsonArray Labels(Issue issue) =>
        GitHubJson.Array(issue.LabelIds.Select(Store.Labels.Find).OfType<Label>(), label => Label(label));

    public JsonObject Issue(Issue issue)
    {
        var api = ApiOf(issue.RepositoryId);
        var url = $"{api}/issues/{issue.Number}";
        var html = $"{WebOf(issue.RepositoryId)}/{(issue.Pull is null ? "issues" : "pull")}/{issue.Number}";
        var json = new JsonObject
        {
            ["url"] = url,
            ["repository_url"] = api,
            ["labels_url"] = url + "/labels{/name}",
            ["comments_url"] = url + "/comments",
            ["events_url"] = url + "/events",
            ["html_url"] = html,
            ["id"] = issue.Id,
            ["node_id"] = GitHubJson.NodeId("Issue", issue.Id),
            ["number"] = issue.Number,
            ["title"] = issue.Title,
            ["user"] = UserOrNull(issue.UserId),
            ["labels"] = Labels(issue),
            ["state"] = issue.Open ? "open" : "closed",
            ["locked"] = false,
            ["assignee"] = UserOrNull(issue.AssigneeIds.Select(id => (long?)id).FirstOrDefault()),
            ["assignees"] = GitHubJson.Array(issue.AssigneeIds, id => UserOrNull(id)),
            ["milestone"] = null,
            ["comments"] = CountComments(issue),
            ["created_at"] = GitHubJson.Time(issue.CreatedAt),
            ["updated_at"] = GitHubJson.Time(issue.UpdatedAt),
            ["closed_at"] = GitHubJson.Time(issue.ClosedAt),
            ["author_association"] = Association(issue.UserId, issue.RepositoryId),
            ["active_lock_reason"] = null,
            ["body"] = issue.Body,
            ["closed_by"] = UserOrNull(issue.ClosedById),
            ["state_reason"] = issue.StateReason,
        };
        if (issue.Pull is { } pull)
        {
            json["draft"] = pull.Draft;
            json["pull_request"] = new JsonObject
            {
                ["url"] = $"{api}/pulls/{issue.Number}",
                ["html_url"] = html,
                ["diff_url"] = html + ".diff",
                ["patch_url"] = html + ".patch",
                ["merged_at"] = GitHubJson.Time(pull.MergedAt),
            };
        }

        return json;
    }

    public JsonObject Comment(IssueComment comment)
    {
        var issue = Store.Issues.FirstOrDefault(i => i.RepositoryId == comment.RepositoryId && i.Number == comment.Number);
        var api = ApiOf(comment.RepositoryId);
        var page = issue?.Pull is null ? "issues" : "pull";
        return new JsonObject
        {
            ["url"] = $"{api}/issues/comments/{comment.Id}",
            ["html_url"] = $"{WebOf(comment.RepositoryId)}/{page}/{comment.Number}#issuecomment-{comment.Id}",
            ["issue_url"] = $"{api}/issues/{comment.Number}",
            ["id"] = comment.Id,
            ["node_id"] = GitHubJson.NodeId("IssueComment", comment.Id),
            ["user"] = UserOrNull(comment.UserId),
            ["created_at"] = GitHubJson.Time(comment.CreatedAt),
            ["updated_at"] = GitHubJson.Time(comment.UpdatedAt),
            ["author_association"] = Association(comment.UserId, comment.RepositoryId),
            ["body"] = comment.Body,
            ["performed_via_github_app"] = AppOfInstallation(comment.InstallationId),
        };
    }

    public JsonObject Review(Review review)
    {
        var pull = $"{ApiOf(review.RepositoryId)}/pulls/{review.Number}";
        var html = $"{WebOf(review.RepositoryId)}/pull/{review.Number}#pullrequestreview-{review.Id}";
        return new JsonObject
        {
            ["id"] = review.Id,
            ["node_id"] = GitHubJson.NodeId("PullRequestReview", review.Id),
            ["user"] = UserOrNull(review.UserId),
            ["body"] = review.Body,
            ["state"] = review.State,
            ["html_url"] = html,
            ["pull_request_url"] = pull,
            ["author_association"] = Association(review.UserId, review.RepositoryId),
            ["_links"] = new JsonObject { ["html"] = Link(html), ["pull_request"] = Link(pull) },
            ["submitted_at"] = GitHubJson.Time(review.SubmittedAt),
            ["commit_id"] = review.CommitSha,
        };
    }

    public JsonObject Release(Release release)
    {
        var api = ApiOf(release.RepositoryId);
        var web = WebOf(release.RepositoryId);
        return new JsonObject
        {
            ["url"] = $"{api}/releases/{release.Id}",
            ["assets_url"] = $"{api}/releases/{release.Id}/assets",
            ["upload_url"] = $"{api}/releases/{release.Id}/assets{{?name,label}}",
            ["html_url"] = $"{web}/releases/tag/{release.TagName}",
            ["id"] = release.Id,
            ["author"] = UserOrNull(release.AuthorId),
            ["node_id"] = GitHubJson.NodeId("Release", release.Id),
            ["tag_name"] = release.TagName,
            ["target_commitish"] = release.TargetCommitish,
            ["name"] = release.Name,
            ["draft"] = release.Draft,
            ["prerelease"] = release.Prerelease,
            ["created_at"] = GitHubJson.Time(release.CreatedAt),
            ["published_at"] = GitHubJson.Time(release.PublishedAt),
            ["assets"] = new JsonArray(),
            ["tarball_url"] = $"{api}/tarball/{release.TagName}",
            ["zipball_url"] = $"{api}/zipball/{release.TagName}",
            ["body"] = release.Body,
        };
    }

    public int CountComments(Issue issue) =>
        Store.Comments.All.Count(comment => comment.RepositoryId == issue.RepositoryId && comment.Number == issue.Number);

    public string Association(long userId, long repositoryId)
    {
        var repository = Store.Repositories[repositoryId];
        return userId == repository.OwnerId
            ? "OWNER"
            : Store.Collaborators.FirstOrDefault(c => c.RepositoryId == repositoryId && c.UserId == userId) is not null
                ? "COLLABORATOR"
                : "NONE";
    }

    private static JsonObject Link(string href) => new() { ["href"] = href };

    private string ApiOf(long repositoryId) => links.ApiRepository(forge.FullName(Store.Repositories[repositoryId]));

    private string WebOf(long repositoryId) => links.WebRepository(forge.FullName(Store.Repositories[repositoryId]));
}
