using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Text;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.LocalForge;
using AtomicDevOps.LocalForge.Faults;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

/// <summary>Every method of the client against a forge that speaks GitHub's protocol over real sockets and real git.</summary>
public sealed class LocalForgeClientTests : IAsyncLifetime
{
    private static readonly RepositoryName Repository = ForgeHarness.Repository;

    private ForgeHarness _harness = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LocalForgeServer Forge => _harness.Forge;

    private IGitHubClient Client => _harness.GitHub.Client;

    public async ValueTask InitializeAsync() => _harness = await ForgeHarness.StartAsync(Cancellation);

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task An_issue_is_written_read_and_changed_field_by_field()
    {
        var issue = await Client.CreateIssueAsync(Repository, new NewIssue("Broken", "Very") { Labels = ["bug"], Assignees = ["octo"] }, Cancellation);

        issue.ShouldSatisfyAllConditions(
            () => issue.Title.ShouldBe("Broken"),
            () => issue.Body.ShouldBe("Very"),
            () => issue.IsOpen.ShouldBeTrue(),
            () => issue.IsPullRequest.ShouldBeFalse(),
            () => issue.Author.Login.ShouldBe("octo"),
            () => issue.Author.IsBot.ShouldBeFalse(),
            () => issue.Labels.ShouldBe(["bug"]),
            () => issue.HtmlUrl.AbsolutePath.ShouldBe($"/octo/hello/issues/{issue.Number}"));
        (await Client.GetIssueAsync(Repository, issue.Number, Cancellation)).ShouldBeEquivalentTo(issue);

        var closed = await Client.UpdateIssueAsync(Repository, issue.Number, new IssueUpdate { IsOpen = false }, Cancellation);
        closed.ShouldBeEquivalentTo(issue with { IsOpen = false });
        var changed = await Client.UpdateIssueAsync(
            Repository, issue.Number, new IssueUpdate { Title = "Mended", Body = "Now", Labels = ["done", "ours"] }, Cancellation);
        changed.ShouldBeEquivalentTo(closed with { Title = "Mended", Body = "Now", Labels = (string[])["done", "ours"] });
        var reopened = await Client.UpdateIssueAsync(Repository, issue.Number, new IssueUpdate { IsOpen = true, Labels = [] }, Cancellation);
        reopened.ShouldBeEquivalentTo(changed with { IsOpen = true, Labels = Array.Empty<string>() });
    }

    [Fact]
    public async Task Issues_are_listed_newest_first_by_state_creator_and_labels()
    {
        var plain = await Client.CreateIssueAsync(Repository, new NewIssue("plain", ""), Cancellation);
        var labelled = await Client.CreateIssueAsync(Repository, new NewIssue("labelled", "") { Labels = ["bug", "to do"] }, Cancellation);
        var closed = await Client.CreateIssueAsync(Repository, new NewIssue("closed", "") { Labels = ["bug"] }, Cancellation);
        await Client.UpdateIssueAsync(Repository, closed.Number, new IssueUpdate { IsOpen = false }, Cancellation);

        (await ListAsync(new IssueFilter())).ShouldBe([labelled.Number, plain.Number]);
        (await ListAsync(new IssueFilter { State = StateFilter.Closed })).ShouldBe([closed.Number]);
        (await ListAsync(new IssueFilter { State = StateFilter.All, Labels = ["bug"] })).ShouldBe([closed.Number, labelled.Number]);
        (await ListAsync(new IssueFilter { State = StateFilter.All, Labels = ["bug", "to do"] })).ShouldBe([labelled.Number]);
        (await ListAsync(new IssueFilter { Creator = "octo" })).ShouldBe([labelled.Number, plain.Number]);
        (await ListAsync(new IssueFilter { Creator = "somebody[bot]" })).ShouldBeEmpty();

        ValueTask<List<int>> ListAsync(IssueFilter filter)
            => Client.ListIssuesAsync(Repository, filter, Cancellation).Select(issue => issue.Number).ToListAsync(Cancellation);
    }

    [Fact]
    public async Task Comments_are_listed_oldest_first_over_pages_and_changed_and_deleted()
    {
        var issue = await Client.CreateIssueAsync(Repository, new NewIssue("t", ""), Cancellation);
        (await Client.ListCommentsAsync(Repository, issue.Number, Cancellation).ToListAsync(Cancellation)).ShouldBeEmpty();
        var made = new List<IssueComment>();
        for (var i = 0; i < 101; i++)
        {
            made.Add(await Client.CreateCommentAsync(Repository, issue.Number, $"comment {i}: äöü 😀", Cancellation));
        }

        (await Client.ListCommentsAsync(Repository, issue.Number, Cancellation).ToListAsync(Cancellation)).ShouldBe(made);

        var changed = await Client.UpdateCommentAsync(Repository, made[0].Id, "changed", Cancellation);
        changed.ShouldBe(made[0] with { Body = "changed", UpdatedAt = changed.UpdatedAt });
        await Client.DeleteCommentAsync(Repository, made[1].Id, Cancellation);
        (await Client.ListCommentsAsync(Repository, issue.Number, Cancellation).Select(c => c.Id).Take(2).ToListAsync(Cancellation)).ShouldBe([made[0].Id, made[2].Id]);
        await Should.ThrowAsync<ToolNotFoundException>(() => Client.DeleteCommentAsync(Repository, made[1].Id, Cancellation));
    }

    [Theory]
    [InlineData("needs work")]
    [InlineData("area/core")]
    [InlineData("C#")]
    [InlineData("100 %")]
    [InlineData("a+b?c")]
    public async Task A_label_of_any_name_is_added_listed_and_removed(string name)
    {
        var issue = await Client.CreateIssueAsync(Repository, new NewIssue("t", "b") { Labels = ["kept"] }, Cancellation);

        (await Client.AddLabelsAsync(Repository, issue.Number, [name], Cancellation)).Select(label => label.Name).ShouldBe(["kept", name]);
        (await Client.AddLabelsAsync(Repository, issue.Number, [name], Cancellation)).Select(label => label.Name).ShouldBe(["kept", name]);
        (await Client.ListLabelsAsync(Repository, issue.Number, Cancellation).ToListAsync(Cancellation))
            .ShouldBe([new Label("kept", "ededed", Description: null), new Label(name, "ededed", Description: null)]);

        await Client.RemoveLabelAsync(Repository, issue.Number, name, Cancellation);
        (await Client.ListLabelsAsync(Repository, issue.Number, Cancellation).Select(label => label.Name).ToListAsync(Cancellation)).ShouldBe(["kept"]);
        await Should.ThrowAsync<ToolNotFoundException>(() => Client.RemoveLabelAsync(Repository, issue.Number, name, Cancellation));
    }

    [Fact]
    public async Task A_repository_tells_its_default_branch_and_where_it_is_cloned_from()
    {
        var found = await Client.GetRepositoryAsync(Repository, Cancellation);
        found.DefaultBranch.ShouldBe("main");
        found.CloneUrl.AbsolutePath.ShouldEndWith($"{Repository}.git");
        found.IsArchived.ShouldBeFalse();
        await Should.ThrowAsync<ToolNotFoundException>(() => Client.GetRepositoryAsync(new RepositoryName("octo", "nowhere"), Cancellation));
    }

    [Theory]
    [InlineData("simple")]
    [InlineData("topic/with-slash")]
    [InlineData("fix-#12")]
    [InlineData("a+b%20c")]
    public async Task A_branch_of_any_name_is_made_found_listed_compared_and_deleted(string name)
    {
        await Client.CreateBranchAsync(Repository, name, _harness.Head, Cancellation);

        var branch = await Client.GetBranchAsync(Repository, name, Cancellation);
        branch.ShouldBe(new Branch(name, _harness.Head, IsProtected: false));
        (await Client.ListBranchesAsync(Repository, Cancellation).ToListAsync(Cancellation)).ShouldContain(branch);
        (await Client.GetCommitAsync(Repository, name, Cancellation)).Sha.ShouldBe(_harness.Head);
        (await Client.ListCommitsAsync(Repository, name, Cancellation).FirstAsync(Cancellation)).Sha.ShouldBe(_harness.Head);
        (await Client.CompareAsync(Repository, "main", name, Cancellation)).AheadBy.ShouldBe(1);
        var refusal = await Should.ThrowAsync<GitHubRequestException>(() => Client.CreateBranchAsync(Repository, name, _harness.Head, Cancellation));
        refusal.Reason.ShouldContain("Reference already exists");

        await Client.DeleteBranchAsync(Repository, name, Cancellation);
        await Should.ThrowAsync<ToolNotFoundException>(() => Client.GetBranchAsync(Repository, name, Cancellation));
        (await Should.ThrowAsync<GitHubRequestException>(() => Client.DeleteBranchAsync(Repository, name, Cancellation)))
            .Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Commits_tell_message_people_and_parents_and_how_they_relate()
    {
        var main = await Client.GetBranchAsync(Repository, "main", Cancellation);
        var commit = await Client.GetCommitAsync(Repository, "feature/one", Cancellation);

        commit.Sha.ShouldBe(_harness.Head);
        commit.Message.Trim().ShouldBe("Add a module");
        commit.Parents.ShouldBe([main.Sha]);
        commit.Author.Name.ShouldNotBeEmpty();
        commit.Author.Email.ShouldContain('@');
        commit.Author.Date.ShouldBeInRange(DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddMinutes(1));
        commit.Committer.Date.ShouldBe(commit.Author.Date);
        commit.IsVerified.ShouldBeFalse();
        (await Client.ListCommitsAsync(Repository, "feature/one", Cancellation).Select(c => c.Sha).ToListAsync(Cancellation)).ShouldBe([_harness.Head, main.Sha]);

        var comparison = await Client.CompareAsync(Repository, "main", "feature/one", Cancellation);
        comparison.Status.ShouldBe(ComparisonStatus.Ahead);
        (comparison.AheadBy, comparison.BehindBy, comparison.Truncated).ShouldBe((1, 0, false));
        (comparison.BaseSha, comparison.MergeBaseSha).ShouldBe((main.Sha, main.Sha));
        comparison.Commits.ShouldHaveSingleItem().ShouldBeEquivalentTo(commit);
        comparison.Files.ShouldBe([new ChangedFile("src/a.py", FileChange.Added, 1, 0)]);
        (await Client.CompareAsync(Repository, "feature/one", "main", Cancellation)).Status.ShouldBe(ComparisonStatus.Behind);
    }

    [Fact]
    public async Task A_file_is_made_replaced_only_from_what_it_was_and_may_be_empty_or_binary()
    {
        byte[] binary = [0, 255, 13, 10, 128];
        const string Path = "data/some file #1.bin";
        var made = await Client.UpdateFileAsync(Repository, new FileUpdate(Path, "main", "Add data", binary, PreviousSha: null), Cancellation);

        var read = await Client.GetFileAsync(Repository, Path, "main", 1000, Cancellation);
        (read.Path, read.Sha, read.Bytes).ShouldBe((Path, made.BlobSha, 5));
        read.Content.ShouldBe(binary);
        (await Client.GetBranchAsync(Repository, "main", Cancellation)).Sha.ShouldBe(made.CommitSha);

        (await Should.ThrowAsync<GitHubRequestException>(
            () => Client.UpdateFileAsync(Repository, new FileUpdate(Path, "main", "Again", [1], PreviousSha: null), Cancellation))).Reason.ShouldNotBeEmpty();
        (await Should.ThrowAsync<GitHubRequestException>(
            () => Client.UpdateFileAsync(Repository, new FileUpdate(Path, "main", "Stale", [1], _harness.Head), Cancellation))).Status.ShouldBe(HttpStatusCode.Conflict);

        var emptied = await Client.UpdateFileAsync(Repository, new FileUpdate(Path, "main", "Empty it", [], made.BlobSha), Cancellation);
        var empty = await Client.GetFileAsync(Repository, Path, emptied.CommitSha, 1000, Cancellation);
        (empty.Bytes, empty.Content?.Length).ShouldBe((0, 0));
        var added = await Client.UpdateFileAsync(Repository, new FileUpdate("src/__init__.py", "main", "Add it", [], PreviousSha: null), Cancellation);
        (await Client.GetFileAsync(Repository, "src/__init__.py", "main", 1000, Cancellation)).Sha.ShouldBe(added.BlobSha);
    }

    [Fact]
    public async Task A_file_of_two_mebibytes_is_whole_and_a_directory_is_refused()
    {
        var big = new byte[2 * 1024 * 1024];
        new Random(1).NextBytes(big);
        await Forge.Administration.CommitAsync(ForgeHarness.Name, "main", "Big", new Dictionary<string, byte[]?> { ["big/one.bin"] = big }, Cancellation);

        (await Client.GetFileAsync(Repository, "big/one.bin", "main", big.Length, Cancellation)).Content.ShouldBe(big);
        (await Client.GetFileAsync(Repository, "big/one.bin", "main", big.Length - 1, Cancellation)).Content.ShouldBeNull();
        (await Should.ThrowAsync<GitHubRequestException>(() => Client.GetFileAsync(Repository, "big", "main", 10, Cancellation))).Reason.ShouldContain("a directory");
        await Should.ThrowAsync<ToolNotFoundException>(() => Client.GetFileAsync(Repository, "small", "main", 10, Cancellation));
    }

    [Theory]
    [InlineData("feature/one")]
    [InlineData("refs/heads/feature/one")]
    public async Task An_archive_has_the_tree_below_one_folder(string reference)
    {
        await using var archive = await Client.OpenTarballAsync(Repository, reference, Cancellation);
        await using var unzipped = new GZipStream(archive, CompressionMode.Decompress);
        await using var tar = new TarReader(unzipped);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await tar.GetNextEntryAsync(cancellationToken: Cancellation) is { } entry)
        {
            if (entry.DataStream is { } content)
            {
                using var reader = new StreamReader(content, Encoding.UTF8);
                texts[entry.Name[(entry.Name.IndexOf('/', StringComparison.Ordinal) + 1)..]] = await reader.ReadToEndAsync(Cancellation);
            }
        }

        texts.Where(text => !text.Key.Contains("pax", StringComparison.Ordinal)).ShouldBe(
            [new("README.md", "hello"), new("src/a.py", "a = 1")], ignoreOrder: true);
        await Should.ThrowAsync<ToolNotFoundException>(() => Client.OpenTarballAsync(Repository, "nowhere", Cancellation));
    }

    [Fact]
    public async Task A_pull_request_is_found_by_state_ends_and_commit()
    {
        var pullRequest = await Client.CreatePullRequestAsync(
            Repository, new NewPullRequest("Add a module", "feature/one", "main") { Body = "Why", IsDraft = true }, Cancellation);

        pullRequest.ShouldSatisfyAllConditions(
            () => pullRequest.Title.ShouldBe("Add a module"),
            () => pullRequest.Body.ShouldBe("Why"),
            () => pullRequest.IsDraft.ShouldBeTrue(),
            () => pullRequest.State.ShouldBe(PullRequestState.Open),
            () => pullRequest.Repository.ShouldBe(Repository),
            () => pullRequest.Author.Login.ShouldBe("octo"),
            () => pullRequest.Head.Ref.ShouldBe("feature/one"),
            () => pullRequest.Head.Sha.ShouldBe(_harness.Head),
            () => pullRequest.Base.Ref.ShouldBe("main"),
            () => pullRequest.Base.CloneUrl.ShouldNotBeNull(),
            () => pullRequest.IsFromFork.ShouldBeFalse(),
            () => pullRequest.MergeCommitSha.ShouldBeNull(),
            () => pullRequest.HtmlUrl.AbsolutePath.ShouldBe($"/octo/hello/pull/{pullRequest.Number}"));
        (await Client.GetIssueAsync(Repository, pullRequest.Number, Cancellation)).IsPullRequest.ShouldBeTrue();

        (await NumbersAsync(new PullRequestFilter())).ShouldBe([pullRequest.Number]);
        (await NumbersAsync(new PullRequestFilter { Head = "octo:feature/one", Base = "main" })).ShouldBe([pullRequest.Number]);
        (await NumbersAsync(new PullRequestFilter { Head = "octo:main" })).ShouldBeEmpty();
        (await NumbersAsync(new PullRequestFilter { Base = "other" })).ShouldBeEmpty();
        (await NumbersAsync(new PullRequestFilter { State = StateFilter.Closed })).ShouldBeEmpty();
        (await NumbersAsync(new PullRequestFilter { State = StateFilter.All })).ShouldBe([pullRequest.Number]);
        (await Client.ListPullRequestsWithCommitAsync(Repository, _harness.Head, Cancellation).Select(p => p.Number).ToListAsync(Cancellation))
            .ShouldBe([pullRequest.Number]);

        (await Client.ListPullRequestFilesAsync(Repository, pullRequest.Number, Cancellation).ToListAsync(Cancellation))
            .ShouldBe([new ChangedFile("src/a.py", FileChange.Added, 1, 0)]);
        (await Client.ListPullRequestCommitsAsync(Repository, pullRequest.Number, Cancellation).ToListAsync(Cancellation))
            .ShouldHaveSingleItem().ShouldBeEquivalentTo(await Client.GetCommitAsync(Repository, _harness.Head, Cancellation));

        var again = await Should.ThrowAsync<GitHubRequestException>(
            () => Client.CreatePullRequestAsync(Repository, new NewPullRequest("Again", "feature/one", "main"), Cancellation));
        again.Reason.ShouldContain("already exists");

        Task<List<int>> NumbersAsync(PullRequestFilter filter)
            => Client.ListPullRequestsAsync(Repository, filter, Cancellation).Select(p => p.Number).ToListAsync(Cancellation).AsTask();
    }

    [Theory]
    [InlineData(MergeMethod.Merge, 2)]
    [InlineData(MergeMethod.Squash, 1)]
    [InlineData(MergeMethod.Rebase, 1)]
    public async Task A_pull_request_is_merged_as_asked_if_its_head_is_the_one_that_was_seen(MergeMethod method, int parents)
    {
        var made = await Client.CreatePullRequestAsync(Repository, new NewPullRequest("t", "feature/one", "main"), Cancellation);
        await Forge.Administration.CommitAsync(ForgeHarness.Name, "main", "Move on", ForgeHarness.Files(("b.txt", "b"))!, Cancellation);
        var open = await Client.GetPullRequestAsync(Repository, made.Number, waitForMergeability: true, Cancellation);
        (open.Mergeable, open.ChangedFiles, open.Commits).ShouldBe((true, 1, 1));
        var stale = await Should.ThrowAsync<GitHubRequestException>(
            () => Client.MergePullRequestAsync(Repository, made.Number, new MergeCommand(new string('0', 40), method), Cancellation));
        stale.Status.ShouldBe(HttpStatusCode.Conflict);

        var sha = await Client.MergePullRequestAsync(
            Repository, made.Number, new MergeCommand(_harness.Head, method) { CommitTitle = "Title (#1)", CommitMessage = "Body" }, Cancellation);

        var commit = await Client.GetCommitAsync(Repository, sha, Cancellation);
        commit.Parents.Count.ShouldBe(parents);
        commit.Message.Contains("Title (#1)", StringComparison.Ordinal).ShouldBe(method != MergeMethod.Rebase);
        (await Client.GetBranchAsync(Repository, "main", Cancellation)).Sha.ShouldBe(sha);
        var merged = await Client.GetPullRequestAsync(Repository, made.Number, waitForMergeability: true, Cancellation);
        (merged.IsMerged, merged.State, merged.MergeCommitSha, merged.Mergeable).ShouldBe((true, PullRequestState.Closed, sha, null));
        merged.MergedAt.ShouldNotBeNull();
        (await Should.ThrowAsync<GitHubRequestException>(
            () => Client.MergePullRequestAsync(Repository, made.Number, new MergeCommand(_harness.Head, method), Cancellation))).Status.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task A_branch_is_updated_only_from_the_head_that_was_seen()
    {
        var made = await Client.CreatePullRequestAsync(Repository, new NewPullRequest("t", "feature/one", "main"), Cancellation);
        await Forge.Administration.CommitAsync(ForgeHarness.Name, "main", "Move on", ForgeHarness.Files(("b.txt", "b"))!, Cancellation);
        await Should.ThrowAsync<GitHubRequestException>(
            () => Client.UpdatePullRequestBranchAsync(Repository, made.Number, new string('0', 40), Cancellation));

        await Client.UpdatePullRequestBranchAsync(Repository, made.Number, _harness.Head, Cancellation);

        var updated = await Client.GetCommitAsync(Repository, "feature/one", Cancellation);
        updated.Parents[0].ShouldBe(_harness.Head);
        updated.Parents.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Reviews_are_listed_with_their_verdicts()
    {
        var made = await Client.CreatePullRequestAsync(Repository, new NewPullRequest("t", "feature/one", "main"), Cancellation);
        var token = await Forge.Administration.CreateTokenAsync("reviewer", cancellationToken: Cancellation);
        using var reviewer = new GitHubHarness(_harness.Network, ("BaseAddress", Forge.Address.AbsoluteUri), ("Token", token));

        var asked = await reviewer.Client.CreateReviewAsync(
            Repository,
            made.Number,
            new NewReview(_harness.Head, ReviewEvent.RequestChanges, "why?") { Comments = [new ReviewComment("src/a.py", 1, "here")] },
            Cancellation);
        var approved = await reviewer.Client.CreateReviewAsync(Repository, made.Number, new NewReview(_harness.Head, ReviewEvent.Approve, "fine"), Cancellation);
        var remark = await Client.CreateReviewAsync(Repository, made.Number, new NewReview(_harness.Head, ReviewEvent.Comment, "well"), Cancellation);

        (asked.State, approved.State, remark.State).ShouldBe(("CHANGES_REQUESTED", "APPROVED", "COMMENTED"));
        (asked.Author.Login, asked.Body, asked.CommitSha).ShouldBe(("reviewer", "why?", _harness.Head));
        (await Client.ListReviewsAsync(Repository, made.Number, Cancellation).ToListAsync(Cancellation)).ShouldBe([asked, approved, remark]);
    }

    [Fact]
    public async Task The_latest_status_of_each_context_is_listed()
    {
        var status = new CommitStatus("ci/build", CommitStatusState.Pending) { Description = "running", TargetUrl = new Uri("https://ci.example/1?a=b") };
        (await Client.CreateCommitStatusAsync(Repository, _harness.Head, status, Cancellation)).ShouldBe(status);
        foreach (var state in new[] { CommitStatusState.Failure, CommitStatusState.Error, CommitStatusState.Success })
        {
            await Client.CreateCommitStatusAsync(Repository, _harness.Head, new CommitStatus("ci/build", state), Cancellation);
            (await Client.ListCommitStatusesAsync(Repository, _harness.Head, Cancellation).ToListAsync(Cancellation)).ShouldBe([new CommitStatus("ci/build", state)]);
        }

        await Client.CreateCommitStatusAsync(Repository, _harness.Head, status with { Context = "lint" }, Cancellation);
        (await Client.ListCommitStatusesAsync(Repository, _harness.Head, Cancellation).ToListAsync(Cancellation))
            .ShouldBe([new CommitStatus("ci/build", CommitStatusState.Success), status with { Context = "lint" }], ignoreOrder: true);
    }

    [Fact]
    public async Task Statuses_and_check_runs_are_listed_over_pages()
    {
        await Task.WhenAll(Enumerable.Range(0, 101).Select(async i =>
        {
            await Client.CreateCommitStatusAsync(Repository, _harness.Head, new CommitStatus($"ci/{i}", CommitStatusState.Success), Cancellation);
            await Client.CreateCheckRunAsync(Repository, _harness.Head, "tests", new CheckRunUpdate { ExternalId = $"{i}" }, Cancellation);
        }));

        (await Client.ListCommitStatusesAsync(Repository, _harness.Head, Cancellation).Select(s => s.Context).Distinct().CountAsync(Cancellation)).ShouldBe(101);
        (await Client.ListCheckRunsAsync(Repository, _harness.Head, "tests", Cancellation).Select(r => r.ExternalId).Distinct().CountAsync(Cancellation)).ShouldBe(101);
    }

    [Fact]
    public async Task A_check_run_goes_from_queued_to_its_verdict()
    {
        var started = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.FromHours(1));
        var queued = await Client.CreateCheckRunAsync(
            Repository,
            _harness.Head,
            "tests",
            new CheckRunUpdate { Status = CheckRunStatus.Queued, ExternalId = "run-1", DetailsUrl = new Uri("https://ci.example/1") },
            Cancellation);
        (queued.Name, queued.HeadSha, queued.ExternalId, queued.Status, queued.Conclusion, queued.Annotations).ShouldBe(
            ("tests", _harness.Head, "run-1", CheckRunStatus.Queued, null, 0));

        var running = await Client.UpdateCheckRunAsync(
            Repository, queued.Id, new CheckRunUpdate { Status = CheckRunStatus.InProgress, StartedAt = started }, Cancellation);
        (running.Status, running.StartedAt, running.CompletedAt).ShouldBe((CheckRunStatus.InProgress, started, null));

        foreach (var conclusion in Enum.GetValues<CheckRunConclusion>().Where(c => c != CheckRunConclusion.Stale))
        {
            var completed = await Client.UpdateCheckRunAsync(
                Repository,
                queued.Id,
                new CheckRunUpdate
                {
                    Status = CheckRunStatus.Completed,
                    Conclusion = conclusion,
                    CompletedAt = started.AddMinutes(1),
                    Output = new CheckRunOutput("title", "summary", "text"),
                    Annotations = [new CheckAnnotation("src/a.py", 1, 1, CheckAnnotationLevel.Failure, "m") { Title = "t", StartColumn = 1, EndColumn = 2 }],
                },
                Cancellation);
            (completed.Status, completed.Conclusion, completed.CompletedAt).ShouldBe((CheckRunStatus.Completed, conclusion, started.AddMinutes(1)));
            (completed.Title, completed.Summary).ShouldBe(("title", "summary"));
        }

        var other = await Client.CreateCheckRunAsync(Repository, _harness.Head, "lint", new CheckRunUpdate(), Cancellation);
        (await Client.ListCheckRunsAsync(Repository, _harness.Head, "tests", Cancellation).ToListAsync(Cancellation)).ShouldHaveSingleItem().Annotations.ShouldBe(7);
        (await Client.ListCheckRunsAsync(Repository, _harness.Head, name: null, Cancellation).Select(r => r.Id).ToListAsync(Cancellation))
            .ShouldBe([queued.Id, other.Id], ignoreOrder: true);
    }

    [Fact]
    public async Task A_release_is_made_found_by_its_tag_and_listed_a_draft_only_listed()
    {
        var wanted = new NewRelease("v1.0/rc#1") { Name = "One", Body = "notes", Target = "main", IsPrerelease = true };
        var made = await Client.CreateReleaseAsync(Repository, wanted, Cancellation);

        (made.TagName, made.Name, made.Body, made.Target, made.IsDraft, made.IsPrerelease).ShouldBe(("v1.0/rc#1", "One", "notes", "main", false, true));
        (await Client.GetReleaseByTagAsync(Repository, wanted.TagName, Cancellation)).ShouldBe(made);
        var draft = await Client.CreateReleaseAsync(Repository, new NewRelease("v2.0") { IsDraft = true }, Cancellation);
        draft.IsDraft.ShouldBeTrue();
        await Should.ThrowAsync<ToolNotFoundException>(() => Client.GetReleaseByTagAsync(Repository, "v2.0", Cancellation));
        (await Client.ListReleasesAsync(Repository, Cancellation).ToListAsync(Cancellation)).ShouldBe([made, draft], ignoreOrder: true);
        (await Should.ThrowAsync<GitHubRequestException>(() => Client.CreateReleaseAsync(Repository, wanted, Cancellation))).Reason.ShouldContain("already exists");
    }

    [Fact]
    public async Task Who_we_are_what_others_may_do_and_what_is_left_of_the_limit_is_told()
    {
        (await Client.GetIdentityAsync(Cancellation)).ShouldBe(new GitHubIdentity("octo", AppId: null));
        (await Client.GetPermissionAsync(Repository, "octo", Cancellation)).Access.ShouldBe(RepositoryAccess.Admin);
        await Forge.Administration.CreateUserAsync("stranger", cancellationToken: Cancellation);
        (await Client.GetPermissionAsync(Repository, "stranger", Cancellation)).CanWrite.ShouldBeFalse();

        var limit = await Client.GetRateLimitAsync(Cancellation);
        limit.Limit.ShouldBe(5000);
        limit.Remaining.ShouldBeInRange(4900, 4999);
        limit.ResetsAt.ShouldBeInRange(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(1).AddSeconds(5));
        (await Client.GetRateLimitAsync(Cancellation)).Remaining.ShouldBe(limit.Remaining);
    }

    [Fact]
    public async Task A_secondary_limit_is_waited_for_and_a_drop_survived_over_real_sockets()
    {
        using (Forge.Faults.Inject(new Fault(FaultKind.SecondaryRateLimit) { Delay = TimeSpan.FromSeconds(20), Times = 1 }))
        {
            (await Client.CreateIssueAsync(Repository, new NewIssue("t", "b"), Cancellation)).Title.ShouldBe("t");
        }

        _harness.GitHub.Clock.Waits.ShouldContain(TimeSpan.FromSeconds(20));
        using (Forge.Faults.Inject(new Fault(FaultKind.Drop) { Times = 2 }))
        {
            (await Client.GetBranchAsync(Repository, "main", Cancellation)).Name.ShouldBe("main");
        }
    }
}
