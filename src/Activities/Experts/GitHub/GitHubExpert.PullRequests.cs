using System.Net;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.GitHub;

public sealed partial class GitHubExpert
{
    private const int MaxFiles = 3000;
    private const int MaxCommits = 250;
    private const int MaxFound = 100;
    private const int MergeAttempts = 3;
    private const int UpdateBranchLooks = 5;

    private static readonly TimeSpan MergeRetryDelay = TimeSpan.FromSeconds(2);

    public static ActivityCall<PullRequestReference, PullRequest> GetPullRequest { get; } = new("GitHubExpert_GetPullRequest");

    /// <summary>A pull request; an open one with its mergeability, if GitHub works it out within some seconds.</summary>
    [Function("GitHubExpert_GetPullRequest")]
    public Task<PullRequest> GetPullRequestAsync([ActivityTrigger] PullRequestReference input, CancellationToken cancellationToken)
        => github.GetPullRequestAsync(input.Repository, input.Number, waitForMergeability: true, cancellationToken);

    public static ActivityCall<PullRequestReference, PullRequestFiles> ListPullRequestFiles { get; } = new("GitHubExpert_ListPullRequestFiles");

    /// <summary>The files that a pull request changes.</summary>
    [Function("GitHubExpert_ListPullRequestFiles")]
    public async Task<PullRequestFiles> ListPullRequestFilesAsync([ActivityTrigger] PullRequestReference input, CancellationToken cancellationToken)
    {
        var files = await TakeAsync(
            github.ListPullRequestFilesAsync(input.Repository, input.Number, cancellationToken), MaxFiles, cancellationToken);
        if (files.Count < MaxFiles)
        {
            return new PullRequestFiles(files, Truncated: false);
        }

        var pullRequest = await github.GetPullRequestAsync(input.Repository, input.Number, waitForMergeability: false, cancellationToken);
        return new PullRequestFiles(files, pullRequest.ChangedFiles > files.Count);
    }

    public static ActivityCall<PullRequestReference, PullRequestCommits> ListPullRequestCommits { get; } = new("GitHubExpert_ListPullRequestCommits");

    /// <summary>The commits that a pull request brings.</summary>
    [Function("GitHubExpert_ListPullRequestCommits")]
    public async Task<PullRequestCommits> ListPullRequestCommitsAsync([ActivityTrigger] PullRequestReference input, CancellationToken cancellationToken)
    {
        var commits = await TakeAsync(
            github.ListPullRequestCommitsAsync(input.Repository, input.Number, cancellationToken), MaxCommits, cancellationToken);
        if (commits.Count < MaxCommits)
        {
            return new PullRequestCommits(commits, Truncated: false);
        }

        var pullRequest = await github.GetPullRequestAsync(input.Repository, input.Number, waitForMergeability: false, cancellationToken);
        return new PullRequestCommits(commits, pullRequest.Commits > commits.Count);
    }

    public static ActivityCall<FindPullRequestsRequest, IReadOnlyList<PullRequest>> FindPullRequests { get; } = new("GitHubExpert_FindPullRequests");

    /// <summary>The pull requests whose head is that commit or branch, 100 at most.</summary>
    [Function("GitHubExpert_FindPullRequests")]
    public async Task<IReadOnlyList<PullRequest>> FindPullRequestsAsync([ActivityTrigger] FindPullRequestsRequest input, CancellationToken cancellationToken)
    {
        Require(input.HeadSha is null != input.HeadBranch is null, "Give either the head's commit or its branch.");

        if (input.HeadSha is { } sha)
        {
            return await TakeAsync(
                github.ListPullRequestsWithCommitAsync(input.Repository, sha, cancellationToken)
                    .Where(p => string.Equals(p.Head.Sha, sha, StringComparison.OrdinalIgnoreCase) && IsWanted(p, input)),
                MaxFound,
                cancellationToken);
        }

        var filter = new PullRequestFilter { State = input.State, Head = QualifiedHead(input.Repository, input.HeadBranch!), Base = input.Base };
        return await TakeAsync(github.ListPullRequestsAsync(input.Repository, filter, cancellationToken), MaxFound, cancellationToken);
    }

    public static ActivityCall<CreatePullRequestRequest, PullRequest> CreatePullRequest { get; } = new("GitHubExpert_CreatePullRequest");

    /// <summary>Makes a pull request, unless one from that head into that base is open.</summary>
    [Function("GitHubExpert_CreatePullRequest")]
    public async Task<PullRequest> CreatePullRequestAsync([ActivityTrigger] CreatePullRequestRequest input, CancellationToken cancellationToken)
    {
        var filter = new PullRequestFilter { Head = QualifiedHead(input.Repository, input.PullRequest.Head), Base = input.PullRequest.Base };
        if (await FindOpenAsync() is { } there)
        {
            return there;
        }

        try
        {
            return await github.CreatePullRequestAsync(input.Repository, input.PullRequest, cancellationToken);
        }
        catch (GitHubRequestException exception) when (exception.Status == HttpStatusCode.UnprocessableEntity)
        {
            if (await FindOpenAsync() is { } made)
            {
                return made;
            }

            throw;
        }

        ValueTask<PullRequest?> FindOpenAsync()
            => github.ListPullRequestsAsync(input.Repository, filter, cancellationToken).FirstOrDefaultAsync(cancellationToken);
    }

    public static ActivityCall<MergePullRequestRequest, MergePullRequestResult> MergePullRequest { get; } = new("GitHubExpert_MergePullRequest");

    /// <summary>Merges a pull request if its head is still the one that was checked.</summary>
    [Function("GitHubExpert_MergePullRequest")]
    public async Task<MergePullRequestResult> MergePullRequestAsync([ActivityTrigger] MergePullRequestRequest input, CancellationToken cancellationToken)
    {
        var command = new MergeCommand(input.HeadSha, input.Method) { CommitTitle = input.CommitTitle, CommitMessage = input.CommitMessage };
        for (var attempt = 1; ; attempt++)
        {
            var before = await github.GetPullRequestAsync(input.Repository, input.Number, waitForMergeability: true, cancellationToken);
            if (WhyNotToMerge(before, input.HeadSha) is { } reason)
            {
                return reason;
            }

            try
            {
                var sha = await github.MergePullRequestAsync(input.Repository, input.Number, command, cancellationToken);
                return new MergePullRequestResult(MergeOutcome.Merged, sha);
            }
            catch (GitHubRequestException exception)
            {
                var after = await github.GetPullRequestAsync(input.Repository, input.Number, waitForMergeability: false, cancellationToken);
                if (WhyNotToMerge(after, input.HeadSha) is { } change)
                {
                    return change;
                }

                if (attempt == MergeAttempts || !IsBaseRace(exception))
                {
                    return new MergePullRequestResult(MergeOutcome.Refused, Message: exception.Reason);
                }
            }
            catch (ToolUnavailableException)
            {
                var after = await github.GetPullRequestAsync(input.Repository, input.Number, waitForMergeability: false, cancellationToken);
                if (after.IsMerged && WhyNotToMerge(after, input.HeadSha) is { } merged)
                {
                    return merged;
                }

                throw;
            }

            await Task.Delay(MergeRetryDelay, timeProvider, cancellationToken);
        }
    }

    public static ActivityCall<UpdateBranchRequest, UpdateBranchResult> UpdateBranch { get; } = new("GitHubExpert_UpdateBranch");

    /// <summary>Merges the base into the head if the head lacks any of it and is still the one named.</summary>
    [Function("GitHubExpert_UpdateBranch")]
    public async Task<UpdateBranchResult> UpdateBranchAsync([ActivityTrigger] UpdateBranchRequest input, CancellationToken cancellationToken)
    {
        var pullRequest = await github.GetPullRequestAsync(input.Repository, input.Number, waitForMergeability: false, cancellationToken);
        if (!IsSame(pullRequest.Head.Sha, input.HeadSha))
        {
            return await JudgeNewHeadAsync(input, pullRequest.Head.Sha, cancellationToken);
        }

        var comparison = await github.CompareAsync(input.Repository, pullRequest.Base.Ref, pullRequest.Head.Sha, cancellationToken);
        if (comparison.BehindBy == 0)
        {
            return new UpdateBranchResult(UpdateBranchOutcome.UpToDate, input.HeadSha);
        }

        try
        {
            await github.UpdatePullRequestBranchAsync(input.Repository, input.Number, input.HeadSha, cancellationToken);
        }
        catch (GitHubRequestException exception)
        {
            var after = await github.GetPullRequestAsync(input.Repository, input.Number, waitForMergeability: true, cancellationToken);
            return !IsSame(after.Head.Sha, input.HeadSha)
                ? await JudgeNewHeadAsync(input, after.Head.Sha, cancellationToken)
                : new UpdateBranchResult(
                    IsConflict(after, exception) ? UpdateBranchOutcome.Conflict : UpdateBranchOutcome.Refused, input.HeadSha, exception.Reason);
        }

        for (var look = 0; look < UpdateBranchLooks; look++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1 << look), timeProvider, cancellationToken);
            var after = await github.GetPullRequestAsync(input.Repository, input.Number, waitForMergeability: false, cancellationToken);
            if (!IsSame(after.Head.Sha, input.HeadSha))
            {
                return await JudgeNewHeadAsync(input, after.Head.Sha, cancellationToken);
            }
        }

        return new UpdateBranchResult(UpdateBranchOutcome.Pending, input.HeadSha);
    }

    public static ActivityCall<CreateReviewRequest, Review> CreateReview { get; } = new("GitHubExpert_CreateReview");

    /// <summary>Writes one review of ours on a commit; a repeated call finds the first one's.</summary>
    [Function("GitHubExpert_CreateReview")]
    public async Task<Review> CreateReviewAsync([ActivityTrigger] CreateReviewRequest input, CancellationToken cancellationToken)
    {
        var marker = GitHubMarker.Line(input.Marker);
        await foreach (var review in github.ListReviewsAsync(input.Repository, input.Number, cancellationToken))
        {
            if (GitHubMarker.IsIn(marker, review.Body)
                && IsSame(review.CommitSha, input.Review.CommitSha)
                && await IsOursAsync(review.Author, cancellationToken))
            {
                return review;
            }
        }

        var marked = input.Review with { Body = GitHubText.Cut($"{marker}\n{input.Review.Body}", GitHubText.Body) };
        return await github.CreateReviewAsync(input.Repository, input.Number, marked, cancellationToken);
    }

    private static MergePullRequestResult? WhyNotToMerge(PullRequest pullRequest, string headSha) => pullRequest switch
    {
        _ when !IsSame(pullRequest.Head.Sha, headSha) => new MergePullRequestResult(
            MergeOutcome.HeadMoved, Message: $"The head is {pullRequest.Head.Sha} by now, not {headSha}."),
        { IsMerged: true } => new MergePullRequestResult(MergeOutcome.AlreadyMerged, pullRequest.MergeCommitSha),
        { State: PullRequestState.Closed } => new MergePullRequestResult(MergeOutcome.NotMergeable, Message: "The pull request is closed."),
        { IsDraft: true } => new MergePullRequestResult(MergeOutcome.NotMergeable, Message: "The pull request is a draft."),
        { Mergeable: false } => new MergePullRequestResult(
            MergeOutcome.NotMergeable, Message: $"The pull request conflicts with {pullRequest.Base.Ref}."),
        _ => null,
    };

    /// <summary>Another merge into the same base came in between; GitHub then asks to try again.</summary>
    private static bool IsBaseRace(GitHubRequestException exception)
        => exception.Status == HttpStatusCode.MethodNotAllowed
            && exception.Reason.Contains("Base branch was modified", StringComparison.OrdinalIgnoreCase);

    private static bool IsConflict(PullRequest pullRequest, GitHubRequestException exception)
        => pullRequest.Mergeable == false || exception.Reason.Contains("conflict", StringComparison.OrdinalIgnoreCase);

    /// <summary>A merge of something into the expected head is our update, perhaps one whose answer was lost; anything else is a push.</summary>
    private async Task<UpdateBranchResult> JudgeNewHeadAsync(UpdateBranchRequest input, string newHeadSha, CancellationToken cancellationToken)
    {
        var head = await github.GetCommitAsync(input.Repository, newHeadSha, cancellationToken);
        return head.Parents is [var first, _] && IsSame(first, input.HeadSha)
            ? new UpdateBranchResult(UpdateBranchOutcome.Updated, newHeadSha)
            : new UpdateBranchResult(UpdateBranchOutcome.HeadMoved, newHeadSha, $"The head is {newHeadSha} by now, not {input.HeadSha}.");
    }

    private static bool IsWanted(PullRequest pullRequest, FindPullRequestsRequest request)
        => (request.Base is null || string.Equals(pullRequest.Base.Ref, request.Base, StringComparison.Ordinal))
            && request.State switch
            {
                StateFilter.Open => pullRequest.State == PullRequestState.Open,
                StateFilter.Closed => pullRequest.State == PullRequestState.Closed,
                _ => true,
            };

    private static string QualifiedHead(RepositoryName repository, string head)
        => head.Contains(':', StringComparison.Ordinal) ? head : $"{repository.Owner}:{head}";

    private static bool IsSame(string? sha, string otherSha) => string.Equals(sha, otherSha, StringComparison.OrdinalIgnoreCase);
}
