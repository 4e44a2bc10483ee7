using System.Net;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.GitHub;

public sealed partial class GitHubExpert
{
    public static ActivityCall<CompareRequest, Comparison> Compare { get; } = new("GitHubExpert_Compare");

    /// <summary>How two commits relate, and what changed from one to the other.</summary>
    [Function("GitHubExpert_Compare")]
    public Task<Comparison> CompareAsync([ActivityTrigger] CompareRequest input, CancellationToken cancellationToken)
        => github.CompareAsync(input.Repository, input.Base, input.Head, cancellationToken);

    public static ActivityCall<GetFileRequest, RepositoryFile?> GetFile { get; } = new("GitHubExpert_GetFile");

    /// <summary>A file at a commit; <see langword="null"/> where there is none, without content where it is too large.</summary>
    [Function("GitHubExpert_GetFile")]
    public async Task<RepositoryFile?> GetFileAsync([ActivityTrigger] GetFileRequest input, CancellationToken cancellationToken)
    {
        Require(input.MaxBytes >= 0, "The size limit must not be negative.");
        try
        {
            return await github.GetFileAsync(input.Repository, input.Path, input.Reference, input.MaxBytes, cancellationToken);
        }
        catch (ToolNotFoundException)
        {
            // A repository or commit that cannot be seen answers as a missing file does; this throws for the former.
            await github.GetCommitAsync(input.Repository, input.Reference, cancellationToken);
            return null;
        }
    }

    public static ActivityCall<RepositoryReference, RepositoryDetails> GetRepository { get; } = new("GitHubExpert_GetRepository");

    /// <exception cref="ToolNotFoundException">There is none that the credentials may see.</exception>
    [Function("GitHubExpert_GetRepository")]
    public Task<RepositoryDetails> GetRepositoryAsync([ActivityTrigger] RepositoryReference input, CancellationToken cancellationToken)
        => github.GetRepositoryAsync(input.Repository, cancellationToken);

    public static ActivityCall<BranchReference, Branch?> GetBranch { get; } = new("GitHubExpert_GetBranch");

    /// <summary>A branch; <see langword="null"/> where there is none.</summary>
    [Function("GitHubExpert_GetBranch")]
    public async Task<Branch?> GetBranchAsync([ActivityTrigger] BranchReference input, CancellationToken cancellationToken)
    {
        try
        {
            return await github.GetBranchAsync(input.Repository, input.Branch, cancellationToken);
        }
        catch (ToolNotFoundException)
        {
            return null;
        }
    }

    public static ActivityCall<DeleteBranchRequest, DeleteBranchResult> DeleteBranch { get; } = new("GitHubExpert_DeleteBranch");

    /// <summary>Deletes a branch, if it stands where it should.</summary>
    [Function("GitHubExpert_DeleteBranch")]
    public async Task<DeleteBranchResult> DeleteBranchAsync([ActivityTrigger] DeleteBranchRequest input, CancellationToken cancellationToken)
    {
        var branch = await GetBranchAsync(new BranchReference(input.Repository, input.Branch), cancellationToken);
        if (branch is null)
        {
            return new DeleteBranchResult(DeleteBranchOutcome.AlreadyGone);
        }

        if (input.ExpectedSha is { } expected && !IsSame(branch.Sha, expected))
        {
            return new DeleteBranchResult(DeleteBranchOutcome.Moved, $"The branch is at {branch.Sha} by now, not at {expected}.");
        }

        try
        {
            await github.DeleteBranchAsync(input.Repository, input.Branch, cancellationToken);
            return new DeleteBranchResult(DeleteBranchOutcome.Deleted);
        }
        catch (ToolNotFoundException)
        {
            return new DeleteBranchResult(DeleteBranchOutcome.AlreadyGone);
        }
        catch (GitHubRequestException exception)
        {
            return await GetBranchAsync(new BranchReference(input.Repository, input.Branch), cancellationToken) is null
                ? new DeleteBranchResult(DeleteBranchOutcome.AlreadyGone)
                : new DeleteBranchResult(DeleteBranchOutcome.Refused, exception.Reason);
        }
    }

    public static ActivityCall<GetPermissionRequest, CollaboratorAccess> GetPermission { get; } = new("GitHubExpert_GetPermission");

    /// <summary>What a user may do in a repository; nothing for one that does not exist.</summary>
    [Function("GitHubExpert_GetPermission")]
    public async Task<CollaboratorAccess> GetPermissionAsync([ActivityTrigger] GetPermissionRequest input, CancellationToken cancellationToken)
    {
        try
        {
            return await github.GetPermissionAsync(input.Repository, input.User, cancellationToken);
        }
        catch (ToolNotFoundException)
        {
            return new CollaboratorAccess(input.User, RepositoryAccess.None, "none");
        }
    }

    public static ActivityCall<CreateReleaseRequest, Release> CreateRelease { get; } = new("GitHubExpert_CreateRelease");

    /// <summary>Makes a release, unless its tag has one.</summary>
    [Function("GitHubExpert_CreateRelease")]
    public async Task<Release> CreateReleaseAsync([ActivityTrigger] CreateReleaseRequest input, CancellationToken cancellationToken)
    {
        if (await FindReleaseAsync(input, cancellationToken) is { } there)
        {
            return there;
        }

        try
        {
            return await github.CreateReleaseAsync(input.Repository, input.Release, cancellationToken);
        }
        catch (GitHubRequestException exception) when (exception.Status == HttpStatusCode.UnprocessableEntity)
        {
            if (await FindReleaseAsync(input, cancellationToken) is { } made)
            {
                return made;
            }

            throw;
        }
    }

    private async Task<Release?> FindReleaseAsync(CreateReleaseRequest input, CancellationToken cancellationToken)
    {
        if (input.Release.IsDraft)
        {
            // A draft cannot be found by its tag.
            return await github.ListReleasesAsync(input.Repository, cancellationToken)
                .FirstOrDefaultAsync(r => string.Equals(r.TagName, input.Release.TagName, StringComparison.Ordinal), cancellationToken);
        }

        try
        {
            return await github.GetReleaseByTagAsync(input.Repository, input.Release.TagName, cancellationToken);
        }
        catch (ToolNotFoundException)
        {
            return null;
        }
    }
}
