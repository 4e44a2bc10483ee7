using static AtomicDevOps.Activities.Tools.GitHub.GitHubAddress;

namespace AtomicDevOps.Activities.Tools.GitHub;

internal sealed partial class GitHubRestClient
{
    public IAsyncEnumerable<Issue> ListIssuesAsync(RepositoryName repository, IssueFilter filter, CancellationToken cancellationToken)
    {
        var labels = filter.Labels.Count == 0 ? null : string.Join(',', filter.Labels);
        var query = Query(("state", Word(filter.State)), ("creator", filter.Creator), ("labels", labels));
        return ListAsync<WireIssue>($"{Repo(repository)}/issues{query}", cancellationToken).Select(GitHubMapping.ToIssue);
    }

    public async Task<Issue> GetIssueAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => (await GetAsync<WireIssue>(Get($"{Repo(repository)}/issues/{number}"), cancellationToken)).ToIssue();

    public async Task<Issue> CreateIssueAsync(RepositoryName repository, NewIssue issue, CancellationToken cancellationToken)
        => (await GetAsync<WireIssue>(Post($"{Repo(repository)}/issues", issue), cancellationToken)).ToIssue();

    public async Task<Issue> UpdateIssueAsync(RepositoryName repository, int number, IssueUpdate update, CancellationToken cancellationToken)
    {
        var state = update.IsOpen switch
        {
            true => "open",
            false => "closed",
            null => null,
        };
        var body = new { update.Title, update.Body, State = state, update.Labels };
        return (await GetAsync<WireIssue>(Patch($"{Repo(repository)}/issues/{number}", body), cancellationToken)).ToIssue();
    }

    public IAsyncEnumerable<IssueComment> ListCommentsAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<WireComment>($"{Repo(repository)}/issues/{number}/comments", cancellationToken).Select(GitHubMapping.ToComment);

    public async Task<IssueComment> CreateCommentAsync(RepositoryName repository, int number, string body, CancellationToken cancellationToken)
        => (await GetAsync<WireComment>(Post($"{Repo(repository)}/issues/{number}/comments", new { Body = body }), cancellationToken)).ToComment();

    public async Task<IssueComment> UpdateCommentAsync(RepositoryName repository, long commentId, string body, CancellationToken cancellationToken)
        => (await GetAsync<WireComment>(Patch($"{Repo(repository)}/issues/comments/{commentId}", new { Body = body }), cancellationToken)).ToComment();

    public Task DeleteCommentAsync(RepositoryName repository, long commentId, CancellationToken cancellationToken)
        => SendAsync(new GitHubRequest(HttpMethod.Delete, $"{Repo(repository)}/issues/comments/{commentId}"), cancellationToken);

    public IAsyncEnumerable<Label> ListLabelsAsync(RepositoryName repository, int number, CancellationToken cancellationToken)
        => ListAsync<WireLabel>($"{Repo(repository)}/issues/{number}/labels", cancellationToken).Select(GitHubMapping.ToLabel);

    public async Task<IReadOnlyList<Label>> AddLabelsAsync(
        RepositoryName repository, int number, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        var request = Post($"{Repo(repository)}/issues/{number}/labels", new { Labels = labels }) with { IsRepeatable = true };
        return [.. (await GetAsync<IReadOnlyList<WireLabel>>(request, cancellationToken)).Select(GitHubMapping.ToLabel)];
    }

    public Task RemoveLabelAsync(RepositoryName repository, int number, string label, CancellationToken cancellationToken)
        => SendAsync(new GitHubRequest(HttpMethod.Delete, $"{Repo(repository)}/issues/{number}/labels/{Segment(label)}"), cancellationToken);
}
