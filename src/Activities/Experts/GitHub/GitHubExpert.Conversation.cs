using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.GitHub;

public sealed partial class GitHubExpert
{
    public static ActivityCall<PutCommentRequest, IssueComment> PutComment { get; } = new("GitHubExpert_PutComment");

    /// <summary>Keeps one comment of ours up to date in place; others with the same marker, left by lost answers, are removed.</summary>
    [Function("GitHubExpert_PutComment")]
    public async Task<IssueComment> PutCommentAsync([ActivityTrigger] PutCommentRequest input, CancellationToken cancellationToken)
    {
        var marker = GitHubMarker.Line(input.Marker);
        var body = GitHubText.Cut($"{marker}\n{input.Body}", GitHubText.Body);

        var ours = new List<IssueComment>();
        await foreach (var comment in github.ListCommentsAsync(input.Repository, input.Number, cancellationToken))
        {
            if (GitHubMarker.IsIn(marker, comment.Body) && await IsOursAsync(comment.Author, cancellationToken))
            {
                ours.Add(comment);
            }
        }

        if (ours.Count == 0)
        {
            return await github.CreateCommentAsync(input.Repository, input.Number, body, cancellationToken);
        }

        ours.Sort((one, other) => one.Id.CompareTo(other.Id));
        foreach (var duplicate in ours.Skip(1))
        {
            await DeleteCommentAsync(input.Repository, duplicate.Id, cancellationToken);
        }

        return string.Equals(ours[0].Body.ReplaceLineEndings("\n"), body.ReplaceLineEndings("\n"), StringComparison.Ordinal)
            ? ours[0]
            : await github.UpdateCommentAsync(input.Repository, ours[0].Id, body, cancellationToken);
    }

    public static ActivityCall<AddLabelsRequest, IReadOnlyList<Label>> AddLabels { get; } = new("GitHubExpert_AddLabels");

    /// <summary>Adds labels; those that are there already stay.</summary>
    [Function("GitHubExpert_AddLabels")]
    public async Task<IReadOnlyList<Label>> AddLabelsAsync([ActivityTrigger] AddLabelsRequest input, CancellationToken cancellationToken)
    {
        Require(input.Labels.Count > 0, "Give at least one label.");
        return await github.AddLabelsAsync(input.Repository, input.Number, input.Labels, cancellationToken);
    }

    public static ActivityCall<RemoveLabelRequest, IReadOnlyList<Label>> RemoveLabel { get; } = new("GitHubExpert_RemoveLabel");

    /// <summary>Removes a label and tells which are left; one that is not there is no error.</summary>
    [Function("GitHubExpert_RemoveLabel")]
    public async Task<IReadOnlyList<Label>> RemoveLabelAsync([ActivityTrigger] RemoveLabelRequest input, CancellationToken cancellationToken)
    {
        try
        {
            await github.RemoveLabelAsync(input.Repository, input.Number, input.Label, cancellationToken);
        }
        catch (ToolNotFoundException)
        {
            // Either the label or the whole issue is missing; reading the labels throws for the latter.
        }

        return await github.ListLabelsAsync(input.Repository, input.Number, cancellationToken).ToListAsync(cancellationToken);
    }

    private async Task DeleteCommentAsync(RepositoryName repository, long commentId, CancellationToken cancellationToken)
    {
        try
        {
            await github.DeleteCommentAsync(repository, commentId, cancellationToken);
        }
        catch (ToolNotFoundException)
        {
            // Gone is gone.
        }
    }
}
