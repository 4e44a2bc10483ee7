using System.Globalization;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.GitCore;

/// <summary>Knows git well enough to answer what a pipeline asks about commits without ever checking out a work tree.</summary>
[Agent(AgentLayer.ToolExpertise, Name, "Fetches commits, packs them as workspaces, and answers about merges, changes, history and signatures.")]
public sealed class GitCoreExpert(IGitClient git, IArtifactStore artifacts)
{
    internal const string Name = "GitCoreExpert";
    private const string CheckoutName = "GitCoreExpert_Checkout";
    private const string CheckMergeName = "GitCoreExpert_CheckMerge";
    private const string DiffName = "GitCoreExpert_Diff";
    private const string LogName = "GitCoreExpert_Log";
    private const string BlameName = "GitCoreExpert_Blame";
    private const string VerifySignaturesName = "GitCoreExpert_VerifySignatures";
    private const string TagName = "GitCoreExpert_Tag";
    private const string CommitName = "GitCoreExpert_Commit";
    private const string DropWorkspacesName = "GitCoreExpert_DropWorkspaces";
    private const int MaxLogCommits = 1_000;
    private const int MaxSignatureCommits = 250;
    private const int MaxBlameLines = 1_000;
    private const int MaxDiffFiles = 10_000;
    private const int MaxLinkBytes = 4_096;

    public static ActivityCall<CheckoutRequest, CheckoutResult> Checkout { get; } = new(CheckoutName);

    public static ActivityCall<CheckMergeRequest, GitMergeCheck> CheckMerge { get; } = new(CheckMergeName);

    public static ActivityCall<DiffRequest, GitDiff> Diff { get; } = new(DiffName);

    public static ActivityCall<LogRequest, GitLog> Log { get; } = new(LogName);

    public static ActivityCall<BlameRequest, BlameResult> Blame { get; } = new(BlameName);

    public static ActivityCall<VerifySignaturesRequest, SignatureReport> VerifySignatures { get; } = new(VerifySignaturesName);

    public static ActivityCall<TagRequest, GitTagResult> Tag { get; } = new(TagName);

    public static ActivityCall<CommitRequest, GitCommitResult> Commit { get; } = new(CommitName);

    public static ActivityCall<DropWorkspacesRequest, bool> DropWorkspaces { get; } = new(DropWorkspacesName);

    /// <summary>Fetches a commit and stores its tree as an archive under <c>{run}/workspace/{sha}.tar</c>. Doing it again gives the same workspace.</summary>
    /// <exception cref="ToolUnavailableException">The remote cannot be reached.</exception>
    /// <exception cref="ToolException">The request holds a URL, commit id or reference that is not allowed.</exception>
    [Function(CheckoutName)]
    public async Task<CheckoutResult> CheckoutAsync([ActivityTrigger] CheckoutRequest input, CancellationToken cancellationToken)
    {
        var limits = input.Limits;
        ToolGuard.InRange(GitTool.Name, "Limits.FileBytes", limits.FileBytes, 1, long.MaxValue);
        ToolGuard.InRange(GitTool.Name, "Limits.TotalBytes", limits.TotalBytes, 1, long.MaxValue);
        ToolGuard.InRange(GitTool.Name, "Limits.Files", limits.Files, 1, 1_000_000);
        try
        {
            return await TryCheckoutAsync(input, cancellationToken);
        }
        catch (ToolUnavailableException exception) when (exception.InnerException is GitCacheDamagedException)
        {
            // The client has dropped its damaged cache: what follows begins with a new one.
            return await TryCheckoutAsync(input, cancellationToken);
        }
    }

    /// <summary>Tells whether the head merges into the target without conflict, and whether it needs an update first.</summary>
    /// <exception cref="ToolNotFoundException">The repository or one of the commits does not exist.</exception>
    [Function(CheckMergeName)]
    public Task<GitMergeCheck> CheckMergeAsync([ActivityTrigger] CheckMergeRequest input, CancellationToken cancellationToken) =>
        git.CheckMergeAsync(input.CloneUrl, input.Target, input.Head, cancellationToken);

    /// <summary>Lists the files that changed between two commits.</summary>
    /// <exception cref="ToolNotFoundException">The repository or one of the commits does not exist.</exception>
    [Function(DiffName)]
    public async Task<GitDiff> DiffAsync([ActivityTrigger] DiffRequest input, CancellationToken cancellationToken)
    {
        ToolGuard.InRange(GitTool.Name, nameof(input.MaxFiles), input.MaxFiles, 1, MaxDiffFiles);
        var from = input.From;
        if (input.SinceMergeBase && await git.GetMergeBaseAsync(input.CloneUrl, input.From, input.To, cancellationToken) is { } mergeBase)
        {
            from = new GitRevision(mergeBase, input.To.FetchReference);
        }

        return await git.DiffAsync(input.CloneUrl, from, input.To, input.MaxFiles, cancellationToken);
    }

    /// <summary>Lists the commits that the head has and the base has not.</summary>
    /// <exception cref="ToolNotFoundException">The repository or one of the commits does not exist.</exception>
    [Function(LogName)]
    public Task<GitLog> LogAsync([ActivityTrigger] LogRequest input, CancellationToken cancellationToken)
    {
        ToolGuard.InRange(GitTool.Name, nameof(input.MaxCommits), input.MaxCommits, 1, MaxLogCommits);
        return git.LogAsync(input.CloneUrl, input.Base, input.Head, input.MaxCommits, cancellationToken);
    }

    /// <summary>Tells who last changed a range of lines.</summary>
    /// <exception cref="ToolNotFoundException">The repository, the commit or the file does not exist.</exception>
    [Function(BlameName)]
    public async Task<BlameResult> BlameAsync([ActivityTrigger] BlameRequest input, CancellationToken cancellationToken)
    {
        ToolGuard.InRange(GitTool.Name, nameof(input.FirstLine), input.FirstLine, 1, int.MaxValue);
        ToolGuard.InRange(GitTool.Name, nameof(input.LastLine), input.LastLine, input.FirstLine, (long)input.FirstLine + MaxBlameLines - 1);
        return new BlameResult(await git.BlameAsync(input.CloneUrl, input.Revision, input.Path, input.FirstLine, input.LastLine, cancellationToken));
    }

    /// <summary>Checks the signatures of the commits that the head has and the base has not.</summary>
    /// <exception cref="ToolNotFoundException">The repository or one of the commits does not exist.</exception>
    [Function(VerifySignaturesName)]
    public async Task<SignatureReport> VerifySignaturesAsync([ActivityTrigger] VerifySignaturesRequest input, CancellationToken cancellationToken)
    {
        ToolGuard.InRange(GitTool.Name, nameof(input.MaxCommits), input.MaxCommits, 1, MaxSignatureCommits);
        var log = await git.LogAsync(input.CloneUrl, input.Base, input.Head, input.Base is null ? 1 : input.MaxCommits, cancellationToken);
        var signatures = new List<GitSignature>(log.Commits.Count);
        foreach (var commit in log.Commits)
        {
            var revision = new GitRevision(commit.Sha, input.Head.FetchReference);
            signatures.Add(await git.VerifySignatureAsync(input.CloneUrl, revision, cancellationToken));
        }

        var truncated = input.Base is not null && log.Truncated;
        var allGood = !truncated && signatures.TrueForAll(signature => signature.Status == GitSignatureStatus.Good);
        return new SignatureReport(allGood, signatures, truncated);
    }

    /// <summary>Puts an annotated tag on a commit and pushes it. Doing it again changes nothing.</summary>
    /// <exception cref="ToolNotFoundException">The repository or the commit does not exist.</exception>
    [Function(TagName)]
    public Task<GitTagResult> TagAsync([ActivityTrigger] TagRequest input, CancellationToken cancellationToken) =>
        git.TagAsync(input.CloneUrl, input.Revision, input.Name, input.Message, cancellationToken);

    /// <summary>Makes a commit of changed files on another one and pushes it as a new branch. Doing it again finds the same commit there.</summary>
    /// <exception cref="ToolNotFoundException">The repository or the parent does not exist.</exception>
    [Function(CommitName)]
    public async Task<GitCommitResult> CommitAsync([ActivityTrigger] CommitRequest input, CancellationToken cancellationToken)
    {
        var proposal = input switch
        {
            { Proposal: { } told, Kept: null } => told,
            { Proposal: null, Kept: { } kept } => await artifacts.ReadJsonAsync<RemediationProposal>(kept.Key, cancellationToken),
            _ => throw new ToolException(GitTool.Name, "A commit needs what changes: either a proposal or the artifact that keeps one."),
        };
        var files = proposal.Files.ToDictionary(static change => change.Path, static change => change.Content, StringComparer.Ordinal);
        return await git.CommitAsync(input.CloneUrl, new NewGitCommit(input.Branch, input.Parent, input.Message, input.At, files), cancellationToken);
    }

    /// <summary>Deletes all workspaces of a run.</summary>
    /// <returns>Always true; an activity has to return something.</returns>
    [Function(DropWorkspacesName)]
    public async Task<bool> DropWorkspacesAsync([ActivityTrigger] DropWorkspacesRequest input, CancellationToken cancellationToken)
    {
        await artifacts.DeleteAsync($"{ArtifactKey.Segment(input.RunId)}/workspace", cancellationToken);
        return true;
    }

    private async Task<CheckoutResult> TryCheckoutAsync(CheckoutRequest input, CancellationToken cancellationToken)
    {
        var limits = input.Limits;
        GitFetchResult fetched;
        try
        {
            fetched = await git.FetchAsync(
                input.CloneUrl,
                new GitRevision(input.CommitSha, input.FetchRef),
                new GitFetchLimits(limits.FileBytes, limits.TotalBytes),
                cancellationToken);
        }
        catch (ToolNotFoundException exception)
        {
            return new CheckoutResult(CheckoutOutcome.RepositoryNotFound, Problem: exception.Message);
        }

        if (fetched == GitFetchResult.CommitNotFound)
        {
            return new CheckoutResult(
                CheckoutOutcome.CommitNotFound,
                Problem: $"Commit {input.CommitSha} is not in the repository. It may have been replaced by a force-push; push again or reopen the pull request.");
        }

        if (fetched == GitFetchResult.TooLarge)
        {
            return new CheckoutResult(
                CheckoutOutcome.TreeTooLarge,
                Problem: $"Fetching the commit brought more than {ByteSize(limits.TotalBytes)}. Remove large files from the commit, or raise limits.treeSize.");
        }

        var tree = await git.ListTreeAsync(input.CloneUrl, input.CommitSha, limits.Files, cancellationToken);
        if (await FindProblemAsync(input, tree, cancellationToken) is { } problem)
        {
            return problem;
        }

        var archive = await artifacts.WriteAsync(
            $"{ArtifactKey.Segment(input.RunId)}/workspace/{input.CommitSha}.tar",
            (stream, token) => git.ArchiveAsync(input.CloneUrl, input.CommitSha, stream, token),
            cancellationToken);
        var files = tree.Entries.Count(entry => entry.Kind != GitEntryKind.Submodule);
        return new CheckoutResult(CheckoutOutcome.Ready, new WorkspaceReference(archive, input.CommitSha, files));
    }

    private async Task<CheckoutResult?> FindProblemAsync(CheckoutRequest input, GitTree tree, CancellationToken cancellationToken)
    {
        var limits = input.Limits;
        if (tree.Truncated)
        {
            return new CheckoutResult(
                CheckoutOutcome.TooManyFiles,
                Problem: $"The tree holds more than {limits.Files.ToString("N0", CultureInfo.InvariantCulture)} files. Remove generated files from the commit.");
        }

        // A file whose size is unknown was left out by the fetch because it is over the limit: the largest of all.
        var largest = tree.Entries.Where(entry => entry.Kind != GitEntryKind.Submodule).MaxBy(entry => entry.Bytes ?? long.MaxValue);
        if (largest is not null && largest.Bytes is not { } bytes || largest?.Bytes > limits.FileBytes)
        {
            var size = largest?.Bytes is { } known ? $"has {ByteSize(known)}" : "is larger";
            return new CheckoutResult(
                CheckoutOutcome.FileTooLarge,
                Problem: $"The file '{largest?.Path}' {size}; the limit for one file is {ByteSize(limits.FileBytes)}. Keep it out of the repository (Git LFS, a package, a download), or raise limits.fileSize.");
        }

        var total = tree.Entries.Sum(entry => entry.Bytes ?? 0);
        if (total > limits.TotalBytes)
        {
            return new CheckoutResult(
                CheckoutOutcome.TreeTooLarge,
                Problem: $"The tree has {ByteSize(total)}; the limit is {ByteSize(limits.TotalBytes)}. Its largest file is '{largest?.Path}' with {ByteSize(largest?.Bytes ?? 0)}. Remove large files from the commit, or raise limits.treeSize.");
        }

        var links = tree.Entries.Where(entry => entry.Kind == GitEntryKind.SymbolicLink).ToList();
        if (links.Count == 0)
        {
            return null;
        }

        if (links.Find(link => link.Bytes is null or > MaxLinkBytes) is { } overlong)
        {
            return new CheckoutResult(
                CheckoutOutcome.UnsafeLink,
                Problem: $"The symbolic link '{overlong.Path}' has a target of more than {MaxLinkBytes} bytes, which no file system can hold. Remove it.");
        }

        var targets = await git.ReadLinksAsync(input.CloneUrl, links, cancellationToken);
        return SymbolicLinks.FindEscape(targets) is { } path
            ? new CheckoutResult(
                CheckoutOutcome.UnsafeLink,
                Problem: $"The symbolic link '{path}' points to '{targets[path]}', which is outside of the repository. Make it point to a file inside of it.")
            : null;
    }

    private static string ByteSize(long bytes) => bytes switch
    {
        < 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):0.#} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024 * 1024):0.#} GiB"),
    };
}
