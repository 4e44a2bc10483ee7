using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.LocalForge;
using AtomicDevOps.LocalForge.Faults;

namespace AtomicDevOps.Activities.Tests.Experts.GitHub;

/// <summary>The client and the expert against a forge that speaks GitHub's protocol over real sockets and real git.</summary>
public sealed class LocalForgeContractTests : IAsyncLifetime
{
    private static readonly RepositoryName Repository = ForgeHarness.Repository;

    private ForgeHarness _harness = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LocalForgeServer Forge => _harness.Forge;

    private GitHubExpert Expert => _harness.GitHub.Expert;

    private IGitHubClient Client => _harness.GitHub.Client;

    public async ValueTask InitializeAsync() => _harness = await ForgeHarness.StartAsync(Cancellation);

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task A_pull_request_lives_from_creation_to_merge_and_clean_up()
    {
        var pullRequest = await CreatePullRequestAsync();
        pullRequest.Mergeable.ShouldBe(true);
        pullRequest.Head.Sha.ShouldBe(_harness.Head);
        pullRequest.IsFromFork.ShouldBeFalse();
        var reference = new PullRequestReference(Repository, pullRequest.Number);

        (await Expert.ListPullRequestFilesAsync(reference, Cancellation)).Files.ShouldBe([new ChangedFile("src/a.py", FileChange.Added, 1, 0)]);
        (await Expert.ListPullRequestCommitsAsync(reference, Cancellation)).Commits.ShouldHaveSingleItem().Message.Trim().ShouldBe("Add a module");
        (await Expert.FindPullRequestsAsync(new FindPullRequestsRequest(Repository) { HeadSha = _harness.Head }, Cancellation))
            .ShouldHaveSingleItem().Number.ShouldBe(pullRequest.Number);
        (await Expert.FindPullRequestsAsync(new FindPullRequestsRequest(Repository) { HeadBranch = "feature/one" }, Cancellation))
            .ShouldHaveSingleItem().Number.ShouldBe(pullRequest.Number);
        (await Expert.CompareAsync(new CompareRequest(Repository, "main", "feature/one"), Cancellation)).Status.ShouldBe(ComparisonStatus.Ahead);

        var merge = new MergePullRequestRequest(Repository, pullRequest.Number, _harness.Head, MergeMethod.Squash) { CommitTitle = "Add a module (#1)" };
        var merged = await Expert.MergePullRequestAsync(merge, Cancellation);
        merged.Outcome.ShouldBe(MergeOutcome.Merged);
        (await Expert.MergePullRequestAsync(merge, Cancellation)).ShouldBe(new MergePullRequestResult(MergeOutcome.AlreadyMerged, merged.MergeSha));
        (await Expert.GetBranchAsync(new BranchReference(Repository, "main"), Cancellation)).ShouldNotBeNull().Sha.ShouldBe(merged.MergeSha);

        var deletion = new DeleteBranchRequest(Repository, "feature/one") { ExpectedSha = _harness.Head };
        (await Expert.DeleteBranchAsync(deletion, Cancellation)).Outcome.ShouldBe(DeleteBranchOutcome.Deleted);
        (await Expert.DeleteBranchAsync(deletion, Cancellation)).Outcome.ShouldBe(DeleteBranchOutcome.AlreadyGone);
    }

    [Fact]
    public async Task A_merge_whose_answer_is_lost_is_found_to_have_happened()
    {
        var pullRequest = await CreatePullRequestAsync();
        using var fault = Forge.Faults.Inject(new Fault(FaultKind.LoseAnswer) { Method = "PUT", PathContains = "/merge", Times = 1 });

        var result = await Expert.MergePullRequestAsync(
            new MergePullRequestRequest(Repository, pullRequest.Number, _harness.Head, MergeMethod.Merge), Cancellation);

        result.Outcome.ShouldBe(MergeOutcome.AlreadyMerged);
        (await Expert.GetBranchAsync(new BranchReference(Repository, "main"), Cancellation)).ShouldNotBeNull().Sha.ShouldBe(result.MergeSha);
    }

    [Fact]
    public async Task A_comment_and_a_check_run_whose_answers_are_lost_are_there_once()
    {
        var pullRequest = await CreatePullRequestAsync();
        var comment = new PutCommentRequest(Repository, pullRequest.Number, "pipeline", "All is well.");
        var checkRun = new PutCheckRunRequest(Repository, _harness.Head, "tests", "run-1", CheckRunStatus.Completed)
        {
            Conclusion = CheckRunConclusion.Success,
            Output = new CheckRunOutput("title", "summary"),
            Annotations = [.. Enumerable.Range(1, 60).Select(i => new CheckAnnotation("src/a.py", i, i, CheckAnnotationLevel.Notice, $"m{i}"))],
        };
        using (Forge.Faults.Inject(new Fault(FaultKind.LoseAnswer) { Method = "POST", Times = 2 }))
        {
            await Should.ThrowAsync<ToolUnavailableException>(() => Expert.PutCommentAsync(comment, Cancellation));
            await Should.ThrowAsync<ToolUnavailableException>(() => Expert.PutCheckRunAsync(checkRun, Cancellation));
        }

        await Expert.PutCommentAsync(comment, Cancellation);
        await Expert.PutCheckRunAsync(checkRun, Cancellation);

        (await Client.ListCommentsAsync(Repository, pullRequest.Number, Cancellation).ToListAsync(Cancellation)).ShouldHaveSingleItem();
        var run = (await Client.ListCheckRunsAsync(Repository, _harness.Head, "tests", Cancellation).ToListAsync(Cancellation)).ShouldHaveSingleItem();
        run.Annotations.ShouldBe(60);
        run.Conclusion.ShouldBe(CheckRunConclusion.Success);
    }

    [Fact]
    public async Task A_branch_behind_its_base_is_updated()
    {
        var pullRequest = await CreatePullRequestAsync();
        await Forge.Administration.CommitAsync(ForgeHarness.Name, "main", "Move on", ForgeHarness.Files(("b.txt", "b"))!, Cancellation);

        var request = new UpdateBranchRequest(Repository, pullRequest.Number, _harness.Head);
        var result = await Expert.UpdateBranchAsync(request, Cancellation);

        result.Outcome.ShouldBe(UpdateBranchOutcome.Updated);
        result.HeadSha.ShouldNotBe(_harness.Head);
        (await Expert.UpdateBranchAsync(request, Cancellation)).ShouldBe(result);
    }

    [Fact]
    public async Task Files_archives_labels_statuses_reviews_and_releases_are_what_GitHub_says_they_are()
    {
        var pullRequest = await CreatePullRequestAsync();
        var file = await Expert.GetFileAsync(new GetFileRequest(Repository, "src/a.py", "feature/one"), Cancellation);
        Encoding.UTF8.GetString(file.ShouldNotBeNull().Content.ShouldNotBeNull()).ShouldBe("a = 1");
        (await Expert.GetFileAsync(new GetFileRequest(Repository, "src/none.py", "feature/one"), Cancellation)).ShouldBeNull();

        await using var archive = await Client.OpenTarballAsync(Repository, "feature/one", Cancellation);
        await using var unzipped = new GZipStream(archive, CompressionMode.Decompress);
        await using var tar = new TarReader(unzipped);
        var names = new List<string>();
        while (await tar.GetNextEntryAsync(cancellationToken: Cancellation) is { } entry)
        {
            names.Add(entry.Name);
        }

        names.ShouldContain(n => n.EndsWith("/src/a.py", StringComparison.Ordinal));

        (await Expert.AddLabelsAsync(new AddLabelsRequest(Repository, pullRequest.Number, ["one", "two"]), Cancellation)).Count.ShouldBe(2);
        (await Expert.RemoveLabelAsync(new RemoveLabelRequest(Repository, pullRequest.Number, "one"), Cancellation)).Select(l => l.Name).ShouldBe(["two"]);
        (await Expert.RemoveLabelAsync(new RemoveLabelRequest(Repository, pullRequest.Number, "one"), Cancellation)).Select(l => l.Name).ShouldBe(["two"]);

        var status = new SetCommitStatusRequest(Repository, _harness.Head, new CommitStatus("ci", CommitStatusState.Success) { Description = "fine" });
        await Expert.SetCommitStatusAsync(status, Cancellation);
        (await Expert.SetCommitStatusAsync(status, Cancellation)).State.ShouldBe(CommitStatusState.Success);

        var review = new CreateReviewRequest(Repository, pullRequest.Number, "verdict", new NewReview(_harness.Head, ReviewEvent.Comment, "fine"));
        var first = await Expert.CreateReviewAsync(review, Cancellation);
        (await Expert.CreateReviewAsync(review, Cancellation)).Id.ShouldBe(first.Id);

        var release = new CreateReleaseRequest(Repository, new NewRelease("v1.0") { Target = "main", Body = "notes" });
        var made = await Expert.CreateReleaseAsync(release, Cancellation);
        (await Expert.CreateReleaseAsync(release, Cancellation)).Id.ShouldBe(made.Id);

        (await Expert.GetPermissionAsync(new GetPermissionRequest(Repository, "octo"), Cancellation)).CanWrite.ShouldBeTrue();
        (await Expert.GetPermissionAsync(new GetPermissionRequest(Repository, "stranger"), Cancellation)).CanWrite.ShouldBeFalse();
    }

    [Fact]
    public async Task An_app_works_with_installation_tokens()
    {
        using var key = RSA.Create(2048);
        var (appId, installationId) = await Forge.Administration.InstallAppAsync("atomic", "octo", key.ExportSubjectPublicKeyInfoPem(), Cancellation);
        using var github = new GitHubHarness(
            _harness.Network,
            ("BaseAddress", new Uri(Forge.Address, "api/v3").AbsoluteUri),
            ("Token", ""),
            ("App:AppId", $"{appId}"),
            ("App:InstallationId", $"{installationId}"),
            ("App:PrivateKey", key.ExportRSAPrivateKeyPem()));
        github.Clock.Advance(DateTimeOffset.UtcNow - github.Clock.GetUtcNow());
        var pullRequest = await CreatePullRequestAsync();

        (await github.Client.GetIdentityAsync(Cancellation)).ShouldBe(new GitHubIdentity("atomic[bot]", appId));
        var request = new PutCommentRequest(Repository, pullRequest.Number, "m", "by the app");
        var comment = await github.Expert.PutCommentAsync(request, Cancellation);
        comment.Author.IsBot.ShouldBeTrue();
        (await github.Expert.PutCommentAsync(request, Cancellation)).Id.ShouldBe(comment.Id);

        var issue = new PutIssueRequest(Repository, "overdue", "Overdue", "by the app");
        var made = await github.Expert.PutIssueAsync(issue, Cancellation);
        (await github.Expert.PutIssueAsync(issue, Cancellation)).ShouldBe(made with { Outcome = PutIssueOutcome.Unchanged });
    }

    [Fact]
    public async Task An_issue_whose_answer_is_lost_is_there_once_and_is_closed_and_reopened()
    {
        var request = new PutIssueRequest(Repository, "overdue", "Overdue", "Two findings") { Labels = ["security"] };
        using (Forge.Faults.Inject(new Fault(FaultKind.LoseAnswer) { Method = "POST", PathContains = "/issues", Times = 1 }))
        {
            await Should.ThrowAsync<ToolUnavailableException>(() => Expert.PutIssueAsync(request, Cancellation));
        }

        var found = await Expert.PutIssueAsync(request, Cancellation);
        found.Outcome.ShouldBe(PutIssueOutcome.Unchanged);
        (await Expert.PutIssueAsync(request with { Open = false }, Cancellation)).ShouldBe(found with { Outcome = PutIssueOutcome.Closed });
        (await Expert.PutIssueAsync(request with { Body = "One finding" }, Cancellation)).ShouldBe(found with { Outcome = PutIssueOutcome.Reopened });

        var issue = (await Client.ListIssuesAsync(Repository, new IssueFilter { State = StateFilter.All }, Cancellation).ToListAsync(Cancellation)).ShouldHaveSingleItem();
        issue.Body.ShouldBe("<!-- atomic-devops:overdue -->\nOne finding");
        issue.Labels.ShouldBe(["security"]);
    }

    private Task<PullRequest> CreatePullRequestAsync() => CreateAndLookAsync(new NewPullRequest("Add a module", "feature/one", "main"));

    private async Task<PullRequest> CreateAndLookAsync(NewPullRequest pullRequest)
    {
        var made = await Expert.CreatePullRequestAsync(new CreatePullRequestRequest(Repository, pullRequest), Cancellation);
        return await Expert.GetPullRequestAsync(new PullRequestReference(Repository, made.Number), Cancellation);
    }
}
