using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Orchestrations.Pipelines;

namespace AtomicDevOps.Orchestrations.Domains.Scm;

/// <summary>What a repository demands of a pull request before anything of it is built. A pure function of its arguments.</summary>
internal static class ScmPolicy
{
    private const int NamedAtMost = 5;

    /// <returns>A sentence for each rule that does not hold, with what would make it hold.</returns>
    public static IReadOnlyList<string> Check(
        PolicyConfiguration policy, PullRequest pullRequest, IReadOnlyList<Commit> commits, GitMergeCheck merge)
    {
        var problems = new List<string>();
        if (pullRequest.IsFromFork && !policy.Forks)
        {
            problems.Add("This repository does not build pull requests from forks. Push the branch to the repository itself.");
        }

        if (!merge.Mergeable)
        {
            problems.Add(
                $"The branch conflicts with {pullRequest.Base.Ref} in {Name(merge.ConflictingPaths)}. Merge {pullRequest.Base.Ref} into it and resolve the conflict.");
        }
        else if (policy.UpToDate && !merge.UpToDate)
        {
            problems.Add($"The branch lacks the newest commits of {pullRequest.Base.Ref}. Update it.");
        }

        if (policy.Branch is { } branch && !IsWhole(branch, pullRequest.Head.Ref))
        {
            problems.Add($"The branch name «{pullRequest.Head.Ref}» does not match «{branch}». Rename it.");
        }

        if (policy.Description && string.IsNullOrWhiteSpace(pullRequest.Body))
        {
            problems.Add("The pull request has no description. Say what it changes and why.");
        }

        if (policy.CommitMessage is { } message)
        {
            var offenders = commits
                .Where(commit => commit.Parents.Count < 2 && !IsWhole(message, Subject(commit)))
                .Select(commit => $"{CommitId.Short(commit.Sha)} «{Subject(commit)}»")
                .ToArray();
            if (offenders.Length > 0)
            {
                problems.Add($"The subject of {Name(offenders)} does not match «{message}». Reword it.");
            }
        }

        return problems;
    }

    private static string Subject(Commit commit) => commit.Message.Split('\n', 2)[0].TrimEnd('\r');

    private static bool IsWhole(string pattern, string text) =>
        NamingRule.Compile(pattern).IsMatch(text);

    private static string Name(IReadOnlyList<string> items)
    {
        var named = string.Join(", ", items.Take(NamedAtMost));
        return items.Count > NamedAtMost ? $"{named} and {items.Count - NamedAtMost} more" : named;
    }
}
