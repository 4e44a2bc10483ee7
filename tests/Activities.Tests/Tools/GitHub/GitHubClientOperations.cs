using System.Reflection;
using AtomicDevOps.Activities.Tools.GitHub;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.GitHubHarness;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

/// <param name="Run">Calls the method, and reads a list to its end.</param>
/// <param name="IsRepeatable">Sending it twice does no more than sending it once.</param>
/// <param name="ReadsJson">The caller gets something out of GitHub's answer.</param>
internal sealed record GitHubClientOperation(Func<IGitHubClient, CancellationToken, Task> Run, bool IsRepeatable, bool ReadsJson);

/// <summary>A call of every method of the client.</summary>
internal static class GitHubClientOperations
{
    private const string Sha = "0123456789012345678901234567890123456789";

    private static readonly Dictionary<string, GitHubClientOperation> All = new(StringComparer.Ordinal)
    {
        ["CreatePullRequestAsync"] = Once((g, c) => g.CreatePullRequestAsync(Repository, new NewPullRequest("t", "feature", "main"), c)),
        ["ListPullRequestsAsync"] = Repeatable((g, c) => g.ListPullRequestsAsync(Repository, new PullRequestFilter(), c).ToListAsync(c).AsTask()),
        ["ListPullRequestsWithCommitAsync"] = Repeatable((g, c) => g.ListPullRequestsWithCommitAsync(Repository, Sha, c).ToListAsync(c).AsTask()),
        ["GetPullRequestAsync"] = Repeatable((g, c) => g.GetPullRequestAsync(Repository, 1, waitForMergeability: false, c)),
        ["ListPullRequestFilesAsync"] = Repeatable((g, c) => g.ListPullRequestFilesAsync(Repository, 1, c).ToListAsync(c).AsTask()),
        ["ListPullRequestCommitsAsync"] = Repeatable((g, c) => g.ListPullRequestCommitsAsync(Repository, 1, c).ToListAsync(c).AsTask()),
        ["MergePullRequestAsync"] = Once((g, c) => g.MergePullRequestAsync(Repository, 1, new MergeCommand(Sha, MergeMethod.Merge), c)),
        ["UpdatePullRequestBranchAsync"] = Once((g, c) => g.UpdatePullRequestBranchAsync(Repository, 1, Sha, c), readsJson: false),
        ["ListReviewsAsync"] = Repeatable((g, c) => g.ListReviewsAsync(Repository, 1, c).ToListAsync(c).AsTask()),
        ["CreateReviewAsync"] = Once((g, c) => g.CreateReviewAsync(Repository, 1, new NewReview(Sha, ReviewEvent.Comment, "b"), c)),
        ["GetRepositoryAsync"] = Repeatable((g, c) => g.GetRepositoryAsync(Repository, c)),
        ["ListBranchesAsync"] = Repeatable((g, c) => g.ListBranchesAsync(Repository, c).ToListAsync(c).AsTask()),
        ["GetBranchAsync"] = Repeatable((g, c) => g.GetBranchAsync(Repository, "main", c)),
        ["CreateBranchAsync"] = Once((g, c) => g.CreateBranchAsync(Repository, "feature", Sha, c), readsJson: false),
        ["DeleteBranchAsync"] = Repeatable((g, c) => g.DeleteBranchAsync(Repository, "feature", c), readsJson: false),
        ["GetCommitAsync"] = Repeatable((g, c) => g.GetCommitAsync(Repository, "main", c)),
        ["ListCommitsAsync"] = Repeatable((g, c) => g.ListCommitsAsync(Repository, "main", c).ToListAsync(c).AsTask()),
        ["CompareAsync"] = Repeatable((g, c) => g.CompareAsync(Repository, "main", "feature", c)),
        ["GetFileAsync"] = Repeatable((g, c) => g.GetFileAsync(Repository, "a.py", "main", 1000, c)),
        ["UpdateFileAsync"] = Once((g, c) => g.UpdateFileAsync(Repository, new FileUpdate("a.py", "main", "m", [1], PreviousSha: null), c)),
        ["OpenTarballAsync"] = Repeatable(async (g, c) => await (await g.OpenTarballAsync(Repository, "main", c)).DisposeAsync(), readsJson: false),
        ["ListIssuesAsync"] = Repeatable((g, c) => g.ListIssuesAsync(Repository, new IssueFilter(), c).ToListAsync(c).AsTask()),
        ["GetIssueAsync"] = Repeatable((g, c) => g.GetIssueAsync(Repository, 1, c)),
        ["CreateIssueAsync"] = Once((g, c) => g.CreateIssueAsync(Repository, new NewIssue("t", "b"), c)),
        ["UpdateIssueAsync"] = Repeatable((g, c) => g.UpdateIssueAsync(Repository, 1, new IssueUpdate { Title = "t" }, c)),
        ["ListCommentsAsync"] = Repeatable((g, c) => g.ListCommentsAsync(Repository, 1, c).ToListAsync(c).AsTask()),
        ["CreateCommentAsync"] = Once((g, c) => g.CreateCommentAsync(Repository, 1, "b", c)),
        ["UpdateCommentAsync"] = Repeatable((g, c) => g.UpdateCommentAsync(Repository, 7, "b", c)),
        ["DeleteCommentAsync"] = Repeatable((g, c) => g.DeleteCommentAsync(Repository, 7, c), readsJson: false),
        ["ListLabelsAsync"] = Repeatable((g, c) => g.ListLabelsAsync(Repository, 1, c).ToListAsync(c).AsTask()),
        ["AddLabelsAsync"] = Repeatable((g, c) => g.AddLabelsAsync(Repository, 1, ["bug"], c)),
        ["RemoveLabelAsync"] = Repeatable((g, c) => g.RemoveLabelAsync(Repository, 1, "bug", c), readsJson: false),
        ["ListCommitStatusesAsync"] = Repeatable((g, c) => g.ListCommitStatusesAsync(Repository, Sha, c).ToListAsync(c).AsTask()),
        ["CreateCommitStatusAsync"] = Once((g, c) => g.CreateCommitStatusAsync(Repository, Sha, new CommitStatus("ci", CommitStatusState.Success), c)),
        ["ListCheckRunsAsync"] = Repeatable((g, c) => g.ListCheckRunsAsync(Repository, Sha, "tests", c).ToListAsync(c).AsTask()),
        ["CreateCheckRunAsync"] = Once((g, c) => g.CreateCheckRunAsync(Repository, Sha, "tests", new CheckRunUpdate(), c)),
        ["UpdateCheckRunAsync"] = Repeatable((g, c) => g.UpdateCheckRunAsync(Repository, 5, new CheckRunUpdate { ExternalId = "e" }, c)),
        ["ListReleasesAsync"] = Repeatable((g, c) => g.ListReleasesAsync(Repository, c).ToListAsync(c).AsTask()),
        ["GetReleaseByTagAsync"] = Repeatable((g, c) => g.GetReleaseByTagAsync(Repository, "v1", c)),
        ["CreateReleaseAsync"] = Once((g, c) => g.CreateReleaseAsync(Repository, new NewRelease("v1"), c)),
        ["UploadSarifAsync"] = Repeatable((g, c) => g.UploadSarifAsync(Repository, new SarifUpload(Sha, "refs/heads/main", new byte[] { 1 }), c)),
        ["GetSarifUploadAsync"] = Repeatable((g, c) => g.GetSarifUploadAsync(Repository, "47177e22", c)),
        ["GetPermissionAsync"] = Repeatable((g, c) => g.GetPermissionAsync(Repository, "octo", c)),
        ["GetIdentityAsync"] = Repeatable((g, c) => g.GetIdentityAsync(c)),
        ["GetRateLimitAsync"] = Repeatable((g, c) => g.GetRateLimitAsync(c)),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    public static TheoryData<string> NamesOfThoseThatReadJson => [.. All.Where(operation => operation.Value.ReadsJson).Select(operation => operation.Key)];

    public static TheoryData<string> NamesOfLists => [.. All.Keys.Where(name => Method(name).ReturnType.Name.StartsWith("IAsyncEnumerable", StringComparison.Ordinal))];

    public static GitHubClientOperation Find(string name) => All[name];

    public static MethodInfo Method(string name) => typeof(IGitHubClient).GetMethod(name)!;

    private static GitHubClientOperation Once(Func<IGitHubClient, CancellationToken, Task> run, bool readsJson = true)
        => new(run, IsRepeatable: false, readsJson);

    private static GitHubClientOperation Repeatable(Func<IGitHubClient, CancellationToken, Task> run, bool readsJson = true)
        => new(run, IsRepeatable: true, readsJson);
}
