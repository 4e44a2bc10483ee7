namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>Asks for a pull request again for half a minute, until GitHub has worked out whether it is mergeable.</summary>
internal static class MergeabilityWait
{
    private const int Looks = 5;

    /// <param name="look">Asks GitHub for the pull request, as it is now.</param>
    public static async Task<PullRequest> LookAsync(Func<Task<PullRequest>> look, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        for (var looked = 0; ; looked++)
        {
            var pullRequest = await look();
            if (pullRequest.State != PullRequestState.Open || pullRequest.Mergeable is not null || looked == Looks)
            {
                return pullRequest;
            }

            await Task.Delay(TimeSpan.FromSeconds(1 << looked), timeProvider, cancellationToken);
        }
    }
}
