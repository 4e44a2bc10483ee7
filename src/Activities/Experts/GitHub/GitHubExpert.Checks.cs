using System.Net;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.GitHub;

public sealed partial class GitHubExpert
{
    private const int AnnotationsPerRequest = 50;

    public static ActivityCall<PutCheckRunRequest, CheckRunReference> PutCheckRun { get; } = new("GitHubExpert_PutCheckRun");

    /// <summary>
    /// Brings one check run to the state told: makes it where it is missing, updates it otherwise, and appends the annotations that it lacks.
    /// A user's token, which may not write check runs on github.com, gets a commit status instead.
    /// </summary>
    [Function("GitHubExpert_PutCheckRun")]
    public async Task<CheckRunReference> PutCheckRunAsync([ActivityTrigger] PutCheckRunRequest input, CancellationToken cancellationToken)
    {
        Require(input.ExternalId.Length is > 0 and <= 255, "The external id needs 1–255 characters.");
        Require((input.Status == CheckRunStatus.Completed) == input.Conclusion.HasValue, "A completed check run, and only that, has a conclusion.");
        Require(input.Annotations.Count == 0 || input.Output is not null, "Annotations need an output.");

        var identity = await github.GetIdentityAsync(cancellationToken);
        var ours = await github.ListCheckRunsAsync(input.Repository, input.HeadSha, input.Name, cancellationToken)
            .Where(run => string.Equals(run.Name, input.Name, StringComparison.Ordinal)
                && string.Equals(run.ExternalId, input.ExternalId, StringComparison.Ordinal)
                && (identity.AppId is null || run.AppId is null || run.AppId == identity.AppId))
            .OrderByDescending(run => run.Id)
            .ToListAsync(cancellationToken);

        foreach (var duplicate in ours.Skip(1).Where(run => run.Status != CheckRunStatus.Completed))
        {
            await github.UpdateCheckRunAsync(input.Repository, duplicate.Id, Superseded, cancellationToken);
        }

        try
        {
            var run = await PutAsync(input, ours.FirstOrDefault(), cancellationToken);
            return new CheckRunReference(CheckRunForm.CheckRun, run.Id, run.HtmlUrl);
        }
        catch (GitHubRequestException exception) when (exception.Status == HttpStatusCode.Forbidden && identity.AppId is null)
        {
            await SetCommitStatusAsync(new SetCommitStatusRequest(input.Repository, input.HeadSha, ToStatus(input)), cancellationToken);
            return new CheckRunReference(CheckRunForm.CommitStatus, CheckRunId: null, input.DetailsUrl);
        }
    }

    public static ActivityCall<SetCommitStatusRequest, CommitStatus> SetCommitStatus { get; } = new("GitHubExpert_SetCommitStatus");

    /// <summary>Sets the status of a context at a commit, unless it is that already.</summary>
    [Function("GitHubExpert_SetCommitStatus")]
    public async Task<CommitStatus> SetCommitStatusAsync([ActivityTrigger] SetCommitStatusRequest input, CancellationToken cancellationToken)
    {
        var wanted = input.Status with
        {
            Description = input.Status.Description is { } description ? GitHubText.CutLine(description, GitHubText.StatusDescription) : null,
        };
        var current = await github.ListCommitStatusesAsync(input.Repository, input.Sha, cancellationToken)
            .FirstOrDefaultAsync(s => string.Equals(s.Context, wanted.Context, StringComparison.OrdinalIgnoreCase), cancellationToken);
        return current is not null
            && current.State == wanted.State
            && string.Equals(current.Description ?? "", wanted.Description ?? "", StringComparison.Ordinal)
            && current.TargetUrl == wanted.TargetUrl
                ? current
                : await github.CreateCommitStatusAsync(input.Repository, input.Sha, wanted, cancellationToken);
    }

    private static CheckRunUpdate Superseded { get; } = new()
    {
        Status = CheckRunStatus.Completed,
        Conclusion = CheckRunConclusion.Neutral,
        Output = new CheckRunOutput("Superseded", "A later check run of the same name took this one's place."),
    };

    private async Task<CheckRun> PutAsync(PutCheckRunRequest input, CheckRun? run, CancellationToken cancellationToken)
    {
        var final = ToUpdate(input);
        var batches = input.Annotations.Skip(run?.Annotations ?? 0).Select(Fit).Chunk(AnnotationsPerRequest).ToList();
        if (batches.Count == 0)
        {
            return await SendAsync(final);
        }

        // Only the last request completes the check run, so a completed one has all its annotations.
        var before = final with { Status = CheckRunStatus.InProgress, Conclusion = null, CompletedAt = null };
        for (var i = 0; i < batches.Count; i++)
        {
            run = await SendAsync((i == batches.Count - 1 ? final : before) with { Annotations = batches[i] });
        }

        return run!;

        Task<CheckRun> SendAsync(CheckRunUpdate update) => run is null
            ? github.CreateCheckRunAsync(input.Repository, input.HeadSha, input.Name, update, cancellationToken)
            : github.UpdateCheckRunAsync(input.Repository, run.Id, update, cancellationToken);
    }

    private static CheckRunUpdate ToUpdate(PutCheckRunRequest input) => new()
    {
        Status = input.Status,
        Conclusion = input.Conclusion,
        ExternalId = input.ExternalId,
        DetailsUrl = input.DetailsUrl,
        StartedAt = input.StartedAt,
        CompletedAt = input.CompletedAt,
        Output = input.Output is { } output
            ? output with
            {
                Summary = GitHubText.Cut(output.Summary, GitHubText.CheckRunText),
                Text = output.Text is { } text ? GitHubText.Cut(text, GitHubText.CheckRunText) : null,
            }
            : null,
    };

    private static CheckAnnotation Fit(CheckAnnotation annotation)
    {
        var start = Math.Max(1, annotation.StartLine);
        var end = Math.Max(start, annotation.EndLine);
        return annotation with
        {
            StartLine = start,
            EndLine = end,
            StartColumn = start == end ? annotation.StartColumn : null,
            EndColumn = start == end ? annotation.EndColumn : null,
            Message = GitHubText.CutLine(annotation.Message, GitHubText.AnnotationMessage),
            Title = annotation.Title is { } title ? GitHubText.CutLine(title, GitHubText.AnnotationTitle) : null,
        };
    }

    private static CommitStatus ToStatus(PutCheckRunRequest input)
    {
        var state = input.Conclusion switch
        {
            null => CommitStatusState.Pending,
            CheckRunConclusion.Success or CheckRunConclusion.Neutral or CheckRunConclusion.Skipped => CommitStatusState.Success,
            CheckRunConclusion.Cancelled or CheckRunConclusion.Stale => CommitStatusState.Error,
            _ => CommitStatusState.Failure,
        };
        return new CommitStatus(input.Name, state) { Description = input.Output?.Title, TargetUrl = input.DetailsUrl };
    }
}
