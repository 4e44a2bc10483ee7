namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>From the wire's shapes to ours. Words that GitHub may add later become the nearest known value instead of an error.</summary>
internal static class GitHubMapping
{
    private static readonly GitHubAccount Ghost = new(0, "ghost", IsBot: false);

    public static PullRequest ToPullRequest(this WirePullRequest wire, RepositoryName repository)
    {
        var isMerged = wire.Merged || wire.MergedAt is not null;
        var isOpen = string.Equals(wire.State, "open", StringComparison.Ordinal);
        return new PullRequest
        {
            Repository = repository,
            Number = wire.Number,
            Title = wire.Title,
            Body = wire.Body ?? "",
            State = isOpen ? PullRequestState.Open : PullRequestState.Closed,
            IsDraft = wire.Draft,
            IsMerged = isMerged,
            Mergeable = isOpen ? wire.Mergeable : null,
            MergeableState = Parse(wire.MergeableState, MergeableState.Unknown),
            MergeCommitSha = isMerged ? wire.MergeCommitSha : null,
            Head = wire.Head.ToBranch(),
            Base = wire.Base.ToBranch(),
            Author = wire.User.ToAccount(),
            Labels = wire.Labels.ToNames(),
            HtmlUrl = wire.HtmlUrl,
            ChangedFiles = wire.ChangedFiles,
            Commits = wire.Commits,
            CreatedAt = wire.CreatedAt,
            UpdatedAt = wire.UpdatedAt,
            MergedAt = wire.MergedAt,
        };
    }

    public static GitHubAccount ToAccount(this WireAccount? wire)
        => wire is null ? Ghost : new GitHubAccount(wire.Id, wire.Login, string.Equals(wire.Type, "Bot", StringComparison.Ordinal));

    public static ChangedFile ToFile(this WireFile wire)
        => new(wire.Filename, Parse(wire.Status, FileChange.Changed), wire.Additions, wire.Deletions, wire.PreviousFilename);

    public static Review ToReview(this WireReview wire)
        => new(wire.Id, wire.User.ToAccount(), wire.Body ?? "", wire.State, wire.CommitId, wire.HtmlUrl);

    public static RepositoryDetails ToRepository(this WireRepositoryDetails wire) => new(wire.DefaultBranch, wire.CloneUrl, wire.Archived);

    public static Branch ToBranch(this WireBranch wire) => new(wire.Name, wire.Commit.Sha, wire.Protected);

    public static Commit ToCommit(this WireCommit wire)
        => new(
            wire.Sha,
            wire.Commit.Message,
            wire.Commit.Author.ToSignature(),
            wire.Commit.Committer.ToSignature(),
            [.. wire.Parents.Select(p => p.Sha)])
        {
            AuthorLogin = wire.Author?.Login,
            IsVerified = wire.Commit.Verification?.Verified ?? false,
        };

    public static Comparison ToComparison(this WireComparison wire)
    {
        var files = wire.Files ?? [];
        return new Comparison(
            Parse(wire.Status, ComparisonStatus.Diverged),
            wire.AheadBy,
            wire.BehindBy,
            wire.BaseCommit.Sha,
            wire.MergeBaseCommit.Sha,
            [.. wire.Commits.Select(ToCommit)],
            [.. files.Select(ToFile)],
            wire.TotalCommits > wire.Commits.Count || files.Count >= GitHubRestClient.MaxComparedFiles);
    }

    public static Issue ToIssue(this WireIssue wire)
        => new(
            wire.Number,
            wire.Title,
            wire.Body ?? "",
            string.Equals(wire.State, "open", StringComparison.Ordinal),
            wire.User.ToAccount(),
            wire.Labels.ToNames(),
            wire.HtmlUrl,
            wire.PullRequest is not null);

    public static IssueComment ToComment(this WireComment wire)
        => new(wire.Id, wire.User.ToAccount(), wire.Body ?? "", wire.HtmlUrl, wire.CreatedAt, wire.UpdatedAt);

    public static Label ToLabel(this WireLabel wire) => new(wire.Name, wire.Color ?? "", wire.Description);

    public static CommitStatus ToStatus(this WireStatus wire)
        => new(wire.Context, Parse(wire.State, CommitStatusState.Error))
        {
            Description = wire.Description,
            TargetUrl = Uri.TryCreate(wire.TargetUrl, UriKind.Absolute, out var url) ? url : null,
        };

    public static CheckRun ToCheckRun(this WireCheckRun wire) => new()
    {
        Id = wire.Id,
        Name = wire.Name,
        HeadSha = wire.HeadSha,
        ExternalId = wire.ExternalId,
        Status = Parse(wire.Status, CheckRunStatus.Queued),
        Conclusion = wire.Conclusion is { } conclusion ? Parse(conclusion, CheckRunConclusion.Failure) : null,
        Title = wire.Output?.Title,
        Summary = wire.Output?.Summary,
        Annotations = wire.Output?.AnnotationsCount ?? 0,
        HtmlUrl = wire.HtmlUrl,
        AppId = wire.App?.Id,
        StartedAt = wire.StartedAt,
        CompletedAt = wire.CompletedAt,
    };

    public static Release ToRelease(this WireRelease wire)
        => new(wire.Id, wire.TagName, wire.Name ?? "", wire.Body ?? "", wire.TargetCommitish, wire.Draft, wire.Prerelease, wire.HtmlUrl);

    public static SarifUploadStatus ToStatus(this WireSarifStatus wire) => new(Parse(wire.ProcessingStatus, SarifProcessing.Pending), wire.Errors ?? []);

    /// <summary>The permission field knows admin, write, read and none alone; the role name tells maintain and triage apart.</summary>
    public static CollaboratorAccess ToAccess(this WirePermission wire, string user)
        => new(user, Parse(wire.RoleName, Parse(wire.Permission, RepositoryAccess.None)), wire.RoleName ?? wire.Permission);

    public static T Parse<T>(string? word, T otherwise)
        where T : struct, Enum
        => word is not null
            && !word.Any(char.IsAsciiDigit)
            && Enum.TryParse<T>(word.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var value)
                ? value
                : otherwise;

    private static PullRequestBranch ToBranch(this WirePullRequestBranch wire)
        => new(
            wire.Ref,
            wire.Sha,
            RepositoryName.TryParse(wire.Repo?.FullName, out var repository) ? repository : null,
            wire.Repo?.CloneUrl);

    private static CommitSignature ToSignature(this WireSignature? wire) => new(wire?.Name ?? "", wire?.Email ?? "", wire?.Date ?? default);

    private static string[] ToNames(this IReadOnlyList<WireLabel>? labels) => [.. (labels ?? []).Select(l => l.Name)];
}
