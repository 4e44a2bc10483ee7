namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>The answers' JSON, as far as it is used; what may be left out has a default.</summary>
internal sealed record WireAccount(long Id, string Login, string? Type = null);

internal sealed record WireRepository(string FullName, Uri? CloneUrl = null);

internal sealed record WireRepositoryDetails(string DefaultBranch, Uri CloneUrl, bool Archived = false);

internal sealed record WirePullRequestBranch(string Ref, string Sha, WireRepository? Repo = null);

internal sealed record WireLabel(string Name, string? Color = null, string? Description = null);

internal sealed record WirePullRequest(
    int Number,
    string State,
    string Title,
    Uri HtmlUrl,
    WirePullRequestBranch Head,
    WirePullRequestBranch Base,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? Body = null,
    WireAccount? User = null,
    bool Draft = false,
    bool Merged = false,
    bool? Mergeable = null,
    string? MergeableState = null,
    string? MergeCommitSha = null,
    DateTimeOffset? MergedAt = null,
    IReadOnlyList<WireLabel>? Labels = null,
    int ChangedFiles = 0,
    int Commits = 0);

internal sealed record WireMergeResult(string Sha, bool Merged, string? Message = null);

internal sealed record WireFile(string Filename, string Status, int Additions, int Deletions, string? PreviousFilename = null);

internal sealed record WireReview(
    long Id, string State, string? Body = null, WireAccount? User = null, string? CommitId = null, Uri? HtmlUrl = null);

internal sealed record WireSha(string Sha);

internal sealed record WireBranch(string Name, WireSha Commit, bool Protected = false);

internal sealed record WireSignature(string? Name = null, string? Email = null, DateTimeOffset Date = default);

internal sealed record WireVerification(bool Verified);

internal sealed record WireCommitDetails(
    string Message, WireSignature? Author = null, WireSignature? Committer = null, WireVerification? Verification = null);

internal sealed record WireCommit(string Sha, WireCommitDetails Commit, IReadOnlyList<WireSha> Parents, WireLogin? Author = null);

/// <summary>An account; empty where GitHub knows none by the e-mail address.</summary>
internal sealed record WireLogin(string? Login = null);

internal sealed record WireComparison(
    string Status,
    int AheadBy,
    int BehindBy,
    int TotalCommits,
    WireSha BaseCommit,
    WireSha MergeBaseCommit,
    IReadOnlyList<WireCommit> Commits,
    IReadOnlyList<WireFile>? Files = null);

internal sealed record WireContent(
    string Type, string Path, string Sha, long Size, string? Encoding = null, string? Content = null);

internal sealed record WireFileCommit(WireSha Content, WireSha Commit);

internal sealed record WireIssue(
    int Number,
    string Title,
    string State,
    Uri HtmlUrl,
    string? Body = null,
    WireAccount? User = null,
    IReadOnlyList<WireLabel>? Labels = null,
    object? PullRequest = null);

internal sealed record WireComment(
    long Id, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string? Body = null, WireAccount? User = null, Uri? HtmlUrl = null);

internal sealed record WireStatus(string Context, string State, string? Description = null, string? TargetUrl = null);

internal sealed record WireStatuses(IReadOnlyList<WireStatus> Statuses);

internal sealed record WireApp(long Id, string? Slug = null);

internal sealed record WireCheckOutput(string? Title = null, string? Summary = null, int AnnotationsCount = 0);

internal sealed record WireCheckRun(
    long Id,
    string Name,
    string HeadSha,
    string Status,
    string? Conclusion = null,
    string? ExternalId = null,
    Uri? HtmlUrl = null,
    WireCheckOutput? Output = null,
    WireApp? App = null,
    DateTimeOffset? StartedAt = null,
    DateTimeOffset? CompletedAt = null);

internal sealed record WireCheckRuns(IReadOnlyList<WireCheckRun> CheckRuns);

internal sealed record WireRelease(
    long Id,
    string TagName,
    Uri HtmlUrl,
    string? Name = null,
    string? Body = null,
    string? TargetCommitish = null,
    bool Draft = false,
    bool Prerelease = false);

internal sealed record WireSarifReceipt(string Id);

internal sealed record WireSarifStatus(string ProcessingStatus, IReadOnlyList<string>? Errors = null);

internal sealed record WirePermission(string Permission, string? RoleName = null);

internal sealed record WireRateLimit(int Limit, int Remaining, long Reset);

internal sealed record WireRateLimitResources(WireRateLimit Core);

internal sealed record WireRateLimits(WireRateLimitResources Resources);
