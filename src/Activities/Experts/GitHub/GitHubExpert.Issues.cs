using System.Net;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.GitHub;

public sealed partial class GitHubExpert
{
    public static ActivityCall<PutIssueRequest, PutIssueResult> PutIssue { get; } = new("GitHubExpert_PutIssue");

    /// <summary>Keeps one issue of ours up to date in place; others with the same key, left by lost answers, are closed.</summary>
    [Function("GitHubExpert_PutIssue")]
    public async Task<PutIssueResult> PutIssueAsync([ActivityTrigger] PutIssueRequest input, CancellationToken cancellationToken)
    {
        Require(!string.IsNullOrWhiteSpace(input.Title), "An issue needs a title.");
        Require(input.Labels.All(label => label.Length is > 0 and <= GitHubText.Label), "A label needs 1–50 characters.");
        var marker = GitHubMarker.Line(input.Key);
        var wanted = new NewIssue(
            GitHubText.CutLine(input.Title.ReplaceLineEndings(" ").Trim(), GitHubText.IssueTitle),
            GitHubText.Cut($"{marker}\n{input.Body}", GitHubText.Body))
        {
            Labels = input.Labels,
        };

        var ours = await FindIssuesAsync(input, marker, cancellationToken);
        try
        {
            foreach (var duplicate in ours.Skip(1).Where(issue => issue.IsOpen))
            {
                await github.UpdateIssueAsync(input.Repository, duplicate.Number, new IssueUpdate { IsOpen = false }, cancellationToken);
            }

            if (ours is [var issue, ..])
            {
                return new PutIssueResult(await BringAsync(input, issue, wanted, cancellationToken), issue.Number, issue.HtmlUrl);
            }

            if (!input.Open)
            {
                return new PutIssueResult(PutIssueOutcome.NotThere);
            }

            var made = await github.CreateIssueAsync(input.Repository, wanted, cancellationToken);
            return new PutIssueResult(PutIssueOutcome.Created, made.Number, made.HtmlUrl);
        }
        catch (GitHubRequestException exception) when (exception.Status == HttpStatusCode.Forbidden)
        {
            return Refusal(exception.Reason);
        }
        catch (ToolNotFoundException exception)
        {
            // The repository was listed just before, so it is there: its issues are switched off.
            return Refusal(exception.Message);
        }

        PutIssueResult Refusal(string message)
            => new(PutIssueOutcome.Refused, ours.FirstOrDefault()?.Number, ours.FirstOrDefault()?.HtmlUrl, message);
    }

    /// <summary>The open ones, or else the closed ones; oldest first.</summary>
    private async Task<List<Issue>> FindIssuesAsync(PutIssueRequest input, string marker, CancellationToken cancellationToken)
    {
        var identity = await github.GetIdentityAsync(cancellationToken);
        var filters = new List<IssueFilter> { new() { Creator = identity.Login } };
        if (identity.AppId is not null)
        {
            // An Enterprise Cloud may find nothing by an app's login, and a second issue at each call would be the price.
            filters.Add(new IssueFilter { Labels = [.. input.Labels.Take(1)] });
        }

        foreach (var state in new[] { StateFilter.Open, StateFilter.Closed })
        {
            foreach (var filter in filters)
            {
                var found = await github.ListIssuesAsync(input.Repository, filter with { State = state }, cancellationToken)
                    .Where(issue => !issue.IsPullRequest
                        && GitHubMarker.IsIn(marker, issue.Body)
                        && string.Equals(issue.Author.Login, identity.Login, StringComparison.OrdinalIgnoreCase))
                    .OrderBy(issue => issue.Number)
                    .ToListAsync(cancellationToken);
                if (found.Count > 0)
                {
                    return found;
                }
            }
        }

        return [];
    }

    private async Task<PutIssueOutcome> BringAsync(PutIssueRequest input, Issue issue, NewIssue wanted, CancellationToken cancellationToken)
    {
        var missing = wanted.Labels.Except(issue.Labels, StringComparer.OrdinalIgnoreCase).ToList();
        if (missing.Count > 0)
        {
            await github.AddLabelsAsync(input.Repository, issue.Number, missing, cancellationToken);
        }

        var update = new IssueUpdate
        {
            Title = string.Equals(issue.Title, wanted.Title, StringComparison.Ordinal) ? null : wanted.Title,
            Body = string.Equals(issue.Body.ReplaceLineEndings("\n"), wanted.Body.ReplaceLineEndings("\n"), StringComparison.Ordinal) ? null : wanted.Body,
            IsOpen = issue.IsOpen == input.Open ? null : input.Open,
        };
        if (update != new IssueUpdate())
        {
            await github.UpdateIssueAsync(input.Repository, issue.Number, update, cancellationToken);
        }

        return update switch
        {
            { IsOpen: true } => PutIssueOutcome.Reopened,
            { IsOpen: false } => PutIssueOutcome.Closed,
            _ => update == new IssueUpdate() && missing.Count == 0 ? PutIssueOutcome.Unchanged : PutIssueOutcome.Updated,
        };
    }
}
