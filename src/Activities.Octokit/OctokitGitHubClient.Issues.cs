using Octokit;
using static AtomicDevOps.Activities.Tools.GitHub.GitHubAddress;
using static AtomicDevOps.Activities.Tools.GitHub.OctokitMapping;

namespace AtomicDevOps.Activities.Tools.GitHub;

internal sealed partial class OctokitGitHubClient
{
    public IAsyncEnumerable<Issue> ListIssuesAsync(RepositoryName repository, IssueFilter filter, CancellationToken cancellationToken)
    {
        // Octokit's own request adds a filter that only the caller's issues over all repositories know.
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal) { ["state"] = filter.State.ToString().ToLowerInvariant() };
        if (filter.Creator is { } creator)
        {
            parameters["creator"] = creator;
        }

        if (filter.Labels.Count > 0)
        {
            parameters["labels"] = string.Join(',', filter.Labels);
        }

        return ListAsync<Octokit.Issue, Issue>(
            ApiUrls.Issues(repository.Owner, repository.Name), issue => issue.ToWire().ToIssue(), cancellationToken, parameters);
    }

    public Task<Issue> GetIssueAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => CallAsync(github => github.Issue.Get(repository.Owner, repository.Name, number), issue => issue.ToWire().ToIssue(), cancellationToken);

    public Task<Issue> CreateIssueAsync(RepositoryName repository, NewIssue issue, CancellationToken cancellationToken)
    {
        var wanted = new Octokit.NewIssue(issue.Title) { Body = issue.Body };
        foreach (var label in issue.Labels)
        {
            wanted.Labels.Add(label);
        }

        foreach (var assignee in issue.Assignees)
        {
            wanted.Assignees.Add(assignee);
        }

        return CallAsync(github => github.Issue.Create(repository.Owner, repository.Name, wanted), made => made.ToWire().ToIssue(), cancellationToken);
    }

    public Task<Issue> UpdateIssueAsync(RepositoryName repository, int number, IssueUpdate update, CancellationToken cancellationToken)
    {
        // Octokit's own update always names the milestone, and so takes it away.
        var body = new
        {
            update.Title,
            update.Body,
            State = update.IsOpen switch
            {
                true => "open",
                false => "closed",
                null => null,
            },
            update.Labels,
        };
        return CallAsync(
            github => new ApiConnection(github.Connection).Patch<Octokit.Issue>(ApiUrls.Issue(repository.Owner, repository.Name, number), body),
            changed => changed.ToWire().ToIssue(),
            cancellationToken);
    }

    public IAsyncEnumerable<IssueComment> ListCommentsAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<Octokit.IssueComment, IssueComment>(
            ApiUrls.IssueComments(repository.Owner, repository.Name, number), comment => comment.ToWire().ToComment(), cancellationToken);

    public Task<IssueComment> CreateCommentAsync(RepositoryName repository, int number, string body, CancellationToken cancellationToken)
        => CallAsync(
            github => github.Issue.Comment.Create(repository.Owner, repository.Name, number, body),
            comment => comment.ToWire().ToComment(),
            cancellationToken);

    public Task<IssueComment> UpdateCommentAsync(RepositoryName repository, long commentId, string body, CancellationToken cancellationToken)
        => CallAsync(
            github => github.Issue.Comment.Update(repository.Owner, repository.Name, commentId, body),
            comment => comment.ToWire().ToComment(),
            cancellationToken);

    public Task DeleteCommentAsync(RepositoryName repository, long commentId, CancellationToken cancellationToken)
        => CallAsync(github => github.Issue.Comment.Delete(repository.Owner, repository.Name, commentId), cancellationToken);

    public IAsyncEnumerable<Label> ListLabelsAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<Octokit.Label, Label>(
            ApiUrls.IssueLabels(repository.Owner, repository.Name, number), label => label.ToWire().ToLabel(), cancellationToken);

    public Task<IReadOnlyList<Label>> AddLabelsAsync(
        RepositoryName repository, int number, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        // Octokit's own call sends the names without an object around them, which GitHub's description does not know.
        var address = ApiUrls.IssueLabels(repository.Owner, repository.Name, number);
        return CallAsync<IReadOnlyList<Octokit.Label>, IReadOnlyList<Label>>(
            github => new ApiConnection(github.Connection).Post<IReadOnlyList<Octokit.Label>>(address, new { Labels = labels }),
            all => [.. Required(all, "labels").Select(label => label.ToWire().ToLabel())],
            cancellationToken,
            request => request with { IsRepeatable = true });
    }

    public Task RemoveLabelAsync(RepositoryName repository, int number, string label, CancellationToken cancellationToken)
    {
        // Octokit's own call sends a body with the DELETE, which servers between may refuse.
        var address = ApiUrls.IssueLabel(repository.Owner, repository.Name, number, Segment(label));
        return CallAsync(github => github.Connection.Delete(address), cancellationToken);
    }
}
