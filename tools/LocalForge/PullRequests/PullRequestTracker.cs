using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.Store;
using AtomicDevOps.LocalForge.Webhooks;

namespace AtomicDevOps.LocalForge.PullRequests;

/// <summary>Keeps pull requests true to their branches: heads, test merges at refs/pull/N/merge, merged and closed states.</summary>
internal sealed class PullRequestTracker(Forge forge, WebhookPublisher webhooks)
{
    /// <summary>Publishes a pull_request event; <paramref name="more"/> are fields besides number and pull_request.</summary>
    public async Task PublishAsync(ForgeWrite write, Issue issue, string action, User sender, CancellationToken cancellationToken, JsonObject? more = null)
    {
        var details = new JsonObject
        {
            ["number"] = issue.Number,
            ["pull_request"] = await new JsonRenderer(forge, forge.Links).FullPullAsync(issue, cancellationToken),
        };
        foreach (var (name, value) in more ?? [])
        {
            details[name] = value?.DeepClone();
        }

        webhooks.Publish(write, forge.Store.Repositories[issue.RepositoryId], "pull_request", action, sender, details);
    }

    /// <summary>Brings refs/pull/N/head and /merge, and what is known about mergeability, up to the branches' present commits.</summary>
    public async Task<Issue> RefreshAsync(ForgeWrite write, Issue issue, CancellationToken cancellationToken)
    {
        var repository = forge.Store.Repositories[issue.RepositoryId];
        var git = forge.GitOf(repository);
        var pull = issue.Pull!;
        if (pull.HeadRepositoryId != repository.Id && await git.ObjectTypeAsync(pull.HeadSha, cancellationToken) is null)
        {
            await git.FetchAsync(
                new BareRepository(forge.GitDirectory(pull.HeadRepositoryId)), "refs/heads/" + pull.HeadRef, localRef: null, cancellationToken);
        }

        await git.SetRefAsync(HeadRef(issue), pull.HeadSha, cancellationToken);
        pull = forge.Options.Mergeability == MergeabilityMode.AtOnce
            ? await ComputeMergeabilityAsync(git, issue, pull, cancellationToken)
            : pull with { Mergeable = null, Rebaseable = null, MergeCommitSha = null };
        return write.Put(forge.Store.Issues, issue with { Pull = pull });
    }

    /// <summary>Finds out about mergeability where nobody has yet.</summary>
    public async Task ComputeMergeabilityAsync(Issue seen, CancellationToken cancellationToken)
    {
        using var write = await forge.Store.BeginWriteAsync(cancellationToken);
        var issue = forge.Store.Issues[seen.Id];
        if (issue is { Open: true, Pull: { Mergeable: null } pull })
        {
            var git = forge.GitOf(forge.Store.Repositories[issue.RepositoryId]);
            write.Put(forge.Store.Issues, issue with { Pull = await ComputeMergeabilityAsync(git, issue, pull, cancellationToken) });
            write.Commit();
        }
    }

    /// <summary>Follows a branch that moved: as the head of pull requests, here or in the repository this one was forked from, and as their base.</summary>
    public async Task BranchMovedAsync(ForgeWrite write, Repository repository, RefChange change, User sender, CancellationToken cancellationToken)
    {
        var affected = forge.Store.Issues.All.Where(issue => issue is { Open: true, Pull: { } pull }
            && ((pull.HeadRepositoryId == repository.Id && pull.HeadRef == change.Branch)
                || (issue.RepositoryId == repository.Id && pull.BaseRef == change.Branch)));
        foreach (var issue in affected.ToList())
        {
            var isHead = issue.Pull!.HeadRepositoryId == repository.Id && issue.Pull.HeadRef == change.Branch;
            if (change.Deleted)
            {
                await CloseAsync(write, issue, sender, cancellationToken);
            }
            else if (isHead)
            {
                await HeadMovedAsync(write, issue, change, sender, cancellationToken);
            }
            else
            {
                await BaseMovedAsync(write, issue, change, sender, cancellationToken);
            }
        }
    }

    public async Task<Issue> CloseAsync(ForgeWrite write, Issue issue, User sender, CancellationToken cancellationToken)
    {
        var closed = write.Put(
            forge.Store.Issues,
            issue with { Open = false, ClosedAt = forge.Now, ClosedById = sender.Id, UpdatedAt = forge.Now });
        await PublishAsync(write, closed, "closed", sender, cancellationToken);
        return closed;
    }

    /// <summary>Records that the base branch has the pull request's commits as of <paramref name="mergeCommit"/>.</summary>
    public async Task<Issue> MarkMergedAsync(ForgeWrite write, Issue issue, string mergeCommit, User merger, CancellationToken cancellationToken)
    {
        var git = forge.GitOf(forge.Store.Repositories[issue.RepositoryId]);
        await git.DeleteRefAsync(MergeRef(issue), cancellationToken);
        var pull = issue.Pull! with { MergedAt = forge.Now, MergedById = merger.Id, MergeCommitSha = mergeCommit };
        return await CloseAsync(write, issue with { Pull = pull }, merger, cancellationToken);
    }

    /// <summary>Repairs what a crash between a ref's move and its record left behind.</summary>
    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        using var write = await forge.Store.BeginWriteAsync(cancellationToken);
        foreach (var issue in forge.Store.Issues.All.Where(issue => issue is { Open: true, Pull: not null }).ToList())
        {
            var pull = issue.Pull!;
            var sender = forge.Store.Users[issue.UserId];
            await ReconcileBranchAsync(write, pull.HeadRepositoryId, pull.HeadRef, pull.HeadSha, sender, cancellationToken);
            await ReconcileBranchAsync(write, issue.RepositoryId, pull.BaseRef, pull.BaseSha, sender, cancellationToken);
        }

        write.Commit();
    }

    internal static string HeadRef(Issue issue) => $"refs/pull/{issue.Number}/head";

    internal static string MergeRef(Issue issue) => $"refs/pull/{issue.Number}/merge";

    private async Task ReconcileBranchAsync(
        ForgeWrite write, long repositoryId, string branch, string known, User sender, CancellationToken cancellationToken)
    {
        if (forge.Store.Repositories.Find(repositoryId) is { } repository)
        {
            var actual = await forge.GitOf(repository).ReadBranchAsync(branch, cancellationToken) ?? RefChange.Zero;
            if (actual != known)
            {
                await BranchMovedAsync(write, repository, new RefChange("refs/heads/" + branch, known, actual), sender, cancellationToken);
            }
        }
    }

    private async Task HeadMovedAsync(ForgeWrite write, Issue issue, RefChange change, User sender, CancellationToken cancellationToken)
    {
        if (issue.Pull!.HeadSha == change.After)
        {
            return;
        }

        var moved = issue with { Pull = issue.Pull with { HeadSha = change.After }, UpdatedAt = forge.Now };
        moved = await RefreshAsync(write, moved, cancellationToken);
        await PublishAsync(
            write, moved, "synchronize", sender, cancellationToken, new JsonObject { ["before"] = change.Before, ["after"] = change.After });
    }

    private async Task BaseMovedAsync(ForgeWrite write, Issue issue, RefChange change, User sender, CancellationToken cancellationToken)
    {
        var git = forge.GitOf(forge.Store.Repositories[issue.RepositoryId]);
        if (await git.IsAncestorAsync(issue.Pull!.HeadSha, change.After, cancellationToken))
        {
            await MarkMergedAsync(write, issue, change.After, sender, cancellationToken);
            return;
        }

        await RefreshAsync(write, issue with { Pull = issue.Pull with { BaseSha = change.After } }, cancellationToken);
    }

    private async Task<PullRequest> ComputeMergeabilityAsync(BareRepository git, Issue issue, PullRequest pull, CancellationToken cancellationToken)
    {
        var tree = await git.MergeTreeAsync(pull.BaseSha, pull.HeadSha, cancellationToken);
        if (tree is null)
        {
            await git.DeleteRefAsync(MergeRef(issue), cancellationToken);
            return pull with { Mergeable = false, Rebaseable = false, MergeCommitSha = null };
        }

        var signature = forge.ForgeSignature;
        var commit = await git.CommitTreeAsync(
            tree, [pull.BaseSha, pull.HeadSha], $"Merge {pull.HeadSha} into {pull.BaseSha}\n", signature, signature, cancellationToken);
        await git.SetRefAsync(MergeRef(issue), commit, cancellationToken);
        var rebased = await git.RebaseAsync(pull.BaseSha, pull.HeadSha, signature, cancellationToken);
        return pull with { Mergeable = true, Rebaseable = rebased is not null, MergeCommitSha = commit };
    }
}
