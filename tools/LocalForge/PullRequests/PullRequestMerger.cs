using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.PullRequests;

/// <summary>What a merge request asks for, as GitHub's API words it.</summary>
internal sealed record MergeRequest(string? CommitTitle, string? CommitMessage, string? Sha, string? MergeMethod);

/// <summary>Merges pull requests into their bases, and bases into pull requests' heads.</summary>
internal sealed class PullRequestMerger(Forge forge, PullRequestTracker tracker, RefWatcher refs)
{
    /// <summary>Merges; gives the commit that the base branch is at now.</summary>
    /// <exception cref="ApiException">405: cannot be merged (this way); 409: the head is not the one expected; 422: no such method.</exception>
    public async Task<string> MergeAsync(ForgeWrite write, Issue issue, MergeRequest request, User merger, CancellationToken cancellationToken)
    {
        var repository = forge.Store.Repositories[issue.RepositoryId];
        var pull = issue.Pull!;
        var method = request.MergeMethod ?? "merge";
        CheckMergeable(issue, repository, request.Sha, method);
        var git = forge.GitOf(repository);
        var merged = method switch
        {
            "merge" => await MergeCommitAsync(git, issue, request, merger, cancellationToken),
            "squash" => await SquashAsync(git, issue, request, merger, cancellationToken),
            _ => await git.RebaseAsync(pull.BaseSha, pull.HeadSha, forge.SignatureOf(merger), cancellationToken)
                ?? throw NotAllowed("This branch can't be rebased"),
        };
        if (!await git.UpdateRefAsync("refs/heads/" + pull.BaseRef, merged, pull.BaseSha, cancellationToken))
        {
            throw new ApiException(StatusCodes.Status409Conflict, "Base branch was modified. Review and try the merge again.");
        }

        await tracker.MarkMergedAsync(write, issue, merged, merger, cancellationToken);
        await refs.RefsChangedAsync(
            write, repository, [new RefChange("refs/heads/" + pull.BaseRef, pull.BaseSha, merged)], merger, cancellationToken);
        if (repository.DeleteBranchOnMerge && pull.HeadRepositoryId == repository.Id && pull.HeadRef != repository.DefaultBranch)
        {
            var head = "refs/heads/" + pull.HeadRef;
            await git.DeleteRefAsync(head, cancellationToken);
            await refs.RefsChangedAsync(write, repository, [new RefChange(head, pull.HeadSha, RefChange.Zero)], merger, cancellationToken);
        }

        return merged;
    }

    /// <summary>Merges the base branch into the head branch, where the head lacks something.</summary>
    /// <exception cref="ApiException">422: nothing to do, a conflict, or another head than expected.</exception>
    public async Task UpdateBranchAsync(ForgeWrite write, Issue issue, string? expectedHead, User user, CancellationToken cancellationToken)
    {
        var pull = issue.Pull!;
        if (expectedHead is not null && expectedHead != pull.HeadSha)
        {
            throw ApiException.Unprocessable("expected head sha didn’t match current head ref.");
        }

        var head = forge.Store.Repositories.Find(pull.HeadRepositoryId);
        if (!issue.Open || head is null)
        {
            throw ApiException.Unprocessable("The pull request is closed or its head repository is gone.");
        }

        var git = forge.GitOf(head);
        if (head.Id != issue.RepositoryId)
        {
            await git.FetchAsync(
                new BareRepository(forge.GitDirectory(issue.RepositoryId)), "refs/heads/" + pull.BaseRef, localRef: null, cancellationToken);
        }

        if (await git.IsAncestorAsync(pull.BaseSha, pull.HeadSha, cancellationToken))
        {
            throw ApiException.Unprocessable("There are no new commits on the base branch.");
        }

        var tree = await git.MergeTreeAsync(pull.HeadSha, pull.BaseSha, cancellationToken)
            ?? throw ApiException.Unprocessable("merge conflict between base and head");
        var message = $"Merge branch '{pull.BaseRef}' into {pull.HeadRef}\n";
        var merged = await git.CommitTreeAsync(
            tree, [pull.HeadSha, pull.BaseSha], message, forge.SignatureOf(user), forge.ForgeSignature, cancellationToken);
        var name = "refs/heads/" + pull.HeadRef;
        if (!await git.UpdateRefAsync(name, merged, pull.HeadSha, cancellationToken))
        {
            throw ApiException.Unprocessable("expected head sha didn’t match current head ref.");
        }

        await refs.RefsChangedAsync(write, head, [new RefChange(name, pull.HeadSha, merged)], user, cancellationToken);
    }

    private static void CheckMergeable(Issue issue, Repository repository, string? expectedHead, string method)
    {
        var allowed = method switch
        {
            "merge" => repository.AllowMergeCommit,
            "squash" => repository.AllowSquashMerge,
            "rebase" => repository.AllowRebaseMerge,
            _ => throw ApiException.Invalid(ApiError.Invalid("PullRequest", "merge_method")),
        };
        if (!issue.Open)
        {
            throw NotAllowed("Pull Request is not mergeable");
        }

        if (issue.Pull!.Draft)
        {
            throw NotAllowed("Pull Request is still a draft");
        }

        if (expectedHead is not null && expectedHead != issue.Pull.HeadSha)
        {
            throw new ApiException(StatusCodes.Status409Conflict, "Head branch was modified. Review and try the merge again.");
        }

        if (!allowed)
        {
            throw NotAllowed(method switch
            {
                "merge" => "Merge commits are not allowed on this repository.",
                "squash" => "Squash merges are not allowed on this repository.",
                _ => "Rebase merges are not allowed on this repository.",
            });
        }
    }

    private static ApiException NotAllowed(string message) => new(StatusCodes.Status405MethodNotAllowed, message);

    private static string Message(string title, string body) => body.Length == 0 ? title + "\n" : $"{title}\n\n{body}\n";

    private static async Task<string> MergedTreeAsync(BareRepository git, PullRequest pull, CancellationToken cancellationToken) =>
        await git.MergeTreeAsync(pull.BaseSha, pull.HeadSha, cancellationToken) ?? throw NotAllowed("Pull Request is not mergeable");

    private async Task<string> MergeCommitAsync(
        BareRepository git, Issue issue, MergeRequest request, User merger, CancellationToken cancellationToken)
    {
        var pull = issue.Pull!;
        var tree = await MergedTreeAsync(git, pull, cancellationToken);
        var owner = forge.Store.Repositories.Find(pull.HeadRepositoryId) is { } head ? forge.OwnerOf(head).Login : "unknown";
        var title = request.CommitTitle ?? $"Merge pull request #{issue.Number} from {owner}/{pull.HeadRef}";
        return await git.CommitTreeAsync(
            tree,
            [pull.BaseSha, pull.HeadSha],
            Message(title, request.CommitMessage ?? issue.Title),
            forge.SignatureOf(merger),
            forge.ForgeSignature,
            cancellationToken);
    }

    private async Task<string> SquashAsync(
        BareRepository git, Issue issue, MergeRequest request, User merger, CancellationToken cancellationToken)
    {
        var pull = issue.Pull!;
        var tree = await MergedTreeAsync(git, pull, cancellationToken);
        var commits = await git.ReadCommitsAsync(
            ["--reverse", "--topo-order", "--no-merges", $"{pull.BaseSha}..{pull.HeadSha}", "--"], cancellationToken);
        var title = request.CommitTitle ?? $"{(commits is [var only] ? only.Subject : issue.Title)} (#{issue.Number})";
        var body = request.CommitMessage
            ?? (commits is [var single] ? single.Body : string.Join("\n\n", commits.Select(commit => "* " + commit.Message)));
        return await git.CommitTreeAsync(
            tree,
            [pull.BaseSha],
            Message(title, body),
            forge.SignatureOf(forge.Store.Users.Find(issue.UserId) ?? merger),
            forge.ForgeSignature,
            cancellationToken);
    }
}
