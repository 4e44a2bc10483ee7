using System.Diagnostics.CodeAnalysis;
using System.Runtime.Serialization;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>
/// From Octokit's models to the wire's shapes, so that the rules of <see cref="GitHubMapping"/> hold for both clients. Octokit leaves what an
/// answer lacks empty; what GitHub always tells is asked for here.
/// </summary>
internal static class OctokitMapping
{
    public static WirePullRequest ToWire(this Octokit.PullRequest? pullRequest)
    {
        pullRequest = Required(pullRequest, "pull request");
        return new WirePullRequest(
            Given(pullRequest.Number, "number"),
            Required(pullRequest.State.StringValue, "state"),
            Required(pullRequest.Title, "title"),
            Address(pullRequest.HtmlUrl, "html_url"),
            pullRequest.Head.ToWireBranch("head"),
            pullRequest.Base.ToWireBranch("base"),
            Given(pullRequest.CreatedAt, "created_at"),
            Given(pullRequest.UpdatedAt, "updated_at"),
            pullRequest.Body,
            pullRequest.User.ToWire(),
            pullRequest.Draft,
            pullRequest.Merged,
            pullRequest.Mergeable,
            pullRequest.MergeableState?.StringValue,
            pullRequest.MergeCommitSha,
            pullRequest.MergedAt,
            pullRequest.Labels.ToWire(),
            pullRequest.ChangedFiles,
            pullRequest.Commits);
    }

    public static WireFile ToWire(this Octokit.PullRequestFile file)
        => new(Required(file.FileName, "filename"), Required(file.Status, "status"), file.Additions, file.Deletions, file.PreviousFileName);

    public static WireReview ToWire(this Octokit.PullRequestReview? review)
    {
        review = Required(review, "review");
        return new WireReview(
            Given(review.Id, "id"),
            Required(review.State.StringValue, "state"),
            review.Body,
            review.User.ToWire(),
            review.CommitId,
            OptionalAddress(review.HtmlUrl));
    }

    public static WireRepositoryDetails ToWire(this Octokit.Repository? repository)
    {
        repository = Required(repository, "repository");
        return new WireRepositoryDetails(
            Required(repository.DefaultBranch, "default_branch"), Address(repository.CloneUrl, "clone_url"), repository.Archived);
    }

    public static WireBranch ToWire(this Octokit.Branch? branch)
    {
        branch = Required(branch, "branch");
        return new WireBranch(Required(branch.Name, "name"), branch.Commit.ToWireSha("commit.sha"), branch.Protected);
    }

    public static WireCommit ToWire(this Octokit.GitHubCommit? commit)
    {
        commit = Required(commit, "commit");
        return ToWire(commit.Sha, commit.Commit, commit.Parents, commit.Author?.Login);
    }

    public static WireCommit ToWire(this Octokit.PullRequestCommit commit) => ToWire(commit.Sha, commit.Commit, commit.Parents, commit.Author?.Login);

    public static WireComparison ToWire(this Octokit.CompareResult? comparison)
    {
        comparison = Required(comparison, "comparison");
        return new WireComparison(
            Required(comparison.Status, "status"),
            comparison.AheadBy,
            comparison.BehindBy,
            comparison.TotalCommits,
            comparison.BaseCommit.ToWireSha("base_commit.sha"),
            comparison.MergeBaseCommit.ToWireSha("merge_base_commit.sha"),
            [.. Required(comparison.Commits, "commits").Select(ToWire)],
            comparison.Files?.Select(ToWire).ToArray());
    }

    public static WireContent ToWire(this Octokit.RepositoryContent content)
        => new(
            Required(content.Type.StringValue, "type"),
            Required(content.Path, "path"),
            Required(content.Sha, "sha"),
            content.Size,
            content.Encoding,
            content.EncodedContent);

    public static WireFileCommit ToWire(this Octokit.RepositoryContentChangeSet? change)
        => new(
            new WireSha(Required(change?.Content?.Sha, "content.sha")),
            new WireSha(Required(change?.Commit?.Sha, "commit.sha")));

    public static WireIssue ToWire(this Octokit.Issue? issue)
    {
        issue = Required(issue, "issue");
        return new WireIssue(
            Given(issue.Number, "number"),
            Required(issue.Title, "title"),
            Required(issue.State.StringValue, "state"),
            Address(issue.HtmlUrl, "html_url"),
            issue.Body,
            issue.User.ToWire(),
            issue.Labels.ToWire(),
            issue.PullRequest);
    }

    public static WireComment ToWire(this Octokit.IssueComment? comment)
    {
        comment = Required(comment, "comment");
        return new WireComment(
            Given(comment.Id, "id"),
            Given(comment.CreatedAt, "created_at"),
            comment.UpdatedAt ?? comment.CreatedAt,
            comment.Body,
            comment.User.ToWire(),
            OptionalAddress(comment.HtmlUrl));
    }

    public static WireLabel ToWire(this Octokit.Label label) => new(Required(label.Name, "name"), label.Color, label.Description);

    public static WireStatus ToWire(this Octokit.CommitStatus? status)
    {
        status = Required(status, "status");
        return new WireStatus(Required(status.Context, "context"), Required(status.State.StringValue, "state"), status.Description, status.TargetUrl);
    }

    public static WireCheckRun ToWire(this Octokit.CheckRun? checkRun)
    {
        checkRun = Required(checkRun, "check run");
        return new WireCheckRun(
            Given(checkRun.Id, "id"),
            Required(checkRun.Name, "name"),
            Required(checkRun.HeadSha, "head_sha"),
            Required(checkRun.Status.StringValue, "status"),
            checkRun.Conclusion?.StringValue,
            checkRun.ExternalId,
            OptionalAddress(checkRun.HtmlUrl),
            checkRun.Output is { } output ? new WireCheckOutput(output.Title, output.Summary, checked((int)output.AnnotationsCount)) : null,
            checkRun.App is { } app ? new WireApp(app.Id, app.Slug) : null,
            checkRun.StartedAt == default ? null : checkRun.StartedAt,
            checkRun.CompletedAt);
    }

    public static WireRelease ToWire(this Octokit.Release? release)
    {
        release = Required(release, "release");
        return new WireRelease(
            Given(release.Id, "id"),
            Required(release.TagName, "tag_name"),
            Address(release.HtmlUrl, "html_url"),
            release.Name,
            release.Body,
            release.TargetCommitish,
            release.Draft,
            release.Prerelease);
    }

    public static WirePermission ToWire(this Octokit.CollaboratorPermissionResponse? permission)
        => new(Required(permission?.Permission, "permission"), permission?.RoleName);

    public static T Required<T>([NotNull] T? value, string name)
        where T : class
        => value ?? throw Missing(name);

    /// <summary>A number or a time; GitHub's are never zero.</summary>
    public static T Given<T>(T value, string name)
        where T : struct, IEquatable<T>
        => value.Equals(default) ? throw Missing(name) : value;

    private static WirePullRequestBranch ToWireBranch(this Octokit.GitReference? reference, string name)
    {
        reference = Required(reference, name);
        var repository = reference.Repository is { } found
            ? new WireRepository(Required(found.FullName, $"{name}.repo.full_name"), OptionalAddress(found.CloneUrl))
            : null;
        return new WirePullRequestBranch(Required(reference.Ref, $"{name}.ref"), Required(reference.Sha, $"{name}.sha"), repository);
    }

    private static WireCommit ToWire(string? sha, Octokit.Commit? details, IReadOnlyList<Octokit.GitReference>? parents, string? authorLogin)
    {
        details = Required(details, "commit");
        return new WireCommit(
            Required(sha, "sha"),
            new WireCommitDetails(
                Required(details.Message, "commit.message"),
                details.Author.ToWire(),
                details.Committer.ToWire(),
                details.Verification is { } verification ? new WireVerification(verification.Verified) : null),
            [.. Required(parents, "parents").Select(parent => parent.ToWireSha("parents.sha"))],
            new WireLogin(authorLogin));
    }

    private static WireSha ToWireSha(this Octokit.GitReference? reference, string name) => new(Required(reference?.Sha, name));

    private static WireSignature? ToWire(this Octokit.Committer? signature)
        => signature is null ? null : new WireSignature(signature.Name, signature.Email, signature.Date);

    private static WireFile ToWire(this Octokit.GitHubCommitFile file)
        => new(Required(file.Filename, "filename"), Required(file.Status, "status"), file.Additions, file.Deletions, file.PreviousFileName);

    private static WireAccount? ToWire(this Octokit.User? user)
        => user is null ? null : new WireAccount(Given(user.Id, "user.id"), Required(user.Login, "user.login"), user.Type?.ToString());

    private static WireLabel[]? ToWire(this IReadOnlyList<Octokit.Label>? labels) => labels?.Select(ToWire).ToArray();

    private static Uri Address(string? text, string name) => OptionalAddress(text) ?? throw Missing(name);

    private static Uri? OptionalAddress(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var address) ? address : null;

    private static SerializationException Missing(string name) => new($"'{name}' is missing");
}
