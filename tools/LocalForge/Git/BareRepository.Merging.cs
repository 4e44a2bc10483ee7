namespace AtomicDevOps.LocalForge.Git;

/// <summary>Merging by git's own merge machinery, on objects alone.</summary>
internal sealed partial class BareRepository
{
    /// <summary>The tree of the three-way merge of two commits, or null where they conflict or share no history.</summary>
    public async Task<string?> MergeTreeAsync(string ours, string theirs, CancellationToken cancellationToken)
    {
        var result = await TryRunAsync(cancellationToken, "merge-tree", "--write-tree", "--no-messages", ours, theirs);
        return result.ExitCode == 0 ? result.Lines.First() : null;
    }

    /// <summary>Replays the commits of <paramref name="head"/> that <paramref name="onto"/> lacks, one by one, without merge commits.</summary>
    /// <returns>The last replayed commit, or null where one of them conflicts.</returns>
    public async Task<string?> RebaseAsync(string onto, string head, GitSignature committer, CancellationToken cancellationToken)
    {
        var commits = await ReadCommitsAsync(["--reverse", "--topo-order", "--no-merges", $"{onto}..{head}", "--"], cancellationToken);
        var tip = await ReadCommitAsync(onto, cancellationToken);
        foreach (var commit in commits)
        {
            var tree = await CherryPickTreeAsync(tip, commit, committer, cancellationToken);
            if (tree is null)
            {
                return null;
            }

            if (tree == tip.TreeSha)
            {
                continue;
            }

            var sha = await CommitTreeAsync(tree, [tip.Sha], commit.Message + "\n", commit.Author, committer, cancellationToken);
            tip = await ReadCommitAsync(sha, cancellationToken);
        }

        return tip.Sha;
    }

    /// <remarks>
    /// git merge-tree finds the merge base itself (only later versions can be told one). The cherry-pick's base is the picked commit's
    /// parent, so the tip's tree is given to a passing commit with that parent, and the base follows.
    /// </remarks>
    private async Task<string?> CherryPickTreeAsync(GitCommit tip, GitCommit commit, GitSignature committer, CancellationToken cancellationToken)
    {
        if (commit.Parents is not [var parent])
        {
            return null;
        }

        var ours = await CommitTreeAsync(tip.TreeSha, [parent], "Base of a cherry-pick", committer, committer, cancellationToken);
        return await MergeTreeAsync(ours, commit.Sha, cancellationToken);
    }
}
