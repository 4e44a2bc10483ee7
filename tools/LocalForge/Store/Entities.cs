using System.Text.Json.Serialization;

namespace AtomicDevOps.LocalForge.Store;

/// <summary>Anything the forge remembers besides what git remembers.</summary>
internal interface IEntity
{
    /// <summary>Unique over all kinds; given out in rising order.</summary>
    long Id { get; }
}

/// <summary>An account: a person, or the bot behind a GitHub App.</summary>
internal sealed record User(long Id, string Login, string Type, DateTimeOffset CreatedAt) : IEntity
{
    public const string Person = "User";

    public const string Bot = "Bot";

    public const string Organization = "Organization";

    public string? Name { get; init; }

    public string? Email { get; init; }
}

/// <summary>A credential, known only by its SHA-256.</summary>
internal sealed record AccessToken(long Id, string Sha256, long UserId) : IEntity
{
    /// <summary>The repositories it opens; null means all that its user may see.</summary>
    public IReadOnlyList<long>? RepositoryIds { get; init; }

    public bool ReadOnly { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Set for tokens that a GitHub App's installation was given.</summary>
    public long? InstallationId { get; init; }
}

/// <summary>A GitHub App, which proves itself with JWTs signed by the private half of <see cref="PublicKeyPem"/>.</summary>
internal sealed record App(long Id, string Slug, string Name, long OwnerId, long BotUserId, string PublicKeyPem, DateTimeOffset CreatedAt) : IEntity;

internal sealed record Installation(long Id, long AppId, long AccountId, DateTimeOffset CreatedAt) : IEntity
{
    /// <summary>Null means all repositories of the account.</summary>
    public IReadOnlyList<long>? RepositoryIds { get; init; }
}

internal sealed record Repository(long Id, long OwnerId, string Name, string DefaultBranch, DateTimeOffset CreatedAt) : IEntity
{
    public string? Description { get; init; }

    public bool Private { get; init; }

    public long? ParentId { get; init; }

    public bool AllowMergeCommit { get; init; } = true;

    public bool AllowSquashMerge { get; init; } = true;

    public bool AllowRebaseMerge { get; init; } = true;

    public bool DeleteBranchOnMerge { get; init; }

    public bool CodeScanning { get; init; } = true;

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset PushedAt { get; init; }

    /// <summary>Issues and pull requests share one row of numbers.</summary>
    public int LastNumber { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<Permission>))]
internal enum Permission
{
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

internal sealed record Collaborator(long Id, long RepositoryId, long UserId, Permission Permission) : IEntity;

internal sealed record Label(long Id, long RepositoryId, string Name, string Color, string? Description) : IEntity;

/// <summary>An issue; a pull request is one with <see cref="Pull"/>.</summary>
internal sealed record Issue(long Id, long RepositoryId, int Number, long UserId, string Title, DateTimeOffset CreatedAt) : IEntity
{
    public string? Body { get; init; }

    public bool Open { get; init; } = true;

    public string? StateReason { get; init; }

    public IReadOnlyList<long> LabelIds { get; init; } = [];

    public IReadOnlyList<long> AssigneeIds { get; init; } = [];

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? ClosedAt { get; init; }

    public long? ClosedById { get; init; }

    public PullRequest? Pull { get; init; }
}

/// <summary>What a pull request has and an issue has not.</summary>
internal sealed record PullRequest(long Id, long HeadRepositoryId, string HeadRef, string HeadSha, string BaseRef, string BaseSha)
{
    public bool Draft { get; init; }

    public bool MaintainerCanModify { get; init; }

    /// <summary>Null until computed.</summary>
    public bool? Mergeable { get; init; }

    public bool? Rebaseable { get; init; }

    /// <summary>While open: the test merge at refs/pull/N/merge. Once merged: what the base branch got.</summary>
    public string? MergeCommitSha { get; init; }

    public DateTimeOffset? MergedAt { get; init; }

    public long? MergedById { get; init; }

    public bool Merged => MergedAt is not null;
}

internal sealed record IssueComment(long Id, long RepositoryId, int Number, long UserId, string Body, DateTimeOffset CreatedAt) : IEntity
{
    public DateTimeOffset UpdatedAt { get; init; }

    public long? InstallationId { get; init; }
}

internal sealed record Review(long Id, long RepositoryId, int Number, long UserId, string State, string CommitSha, DateTimeOffset SubmittedAt) : IEntity
{
    public string Body { get; init; } = "";
}

internal sealed record CommitStatus(long Id, long RepositoryId, string Sha, long CreatorId, string State, string Context, DateTimeOffset CreatedAt) : IEntity
{
    public string? Description { get; init; }

    public string? TargetUrl { get; init; }
}

internal sealed record CheckSuite(long Id, long RepositoryId, long AppId, string HeadSha, DateTimeOffset CreatedAt) : IEntity
{
    public string? HeadBranch { get; init; }

    public string? Before { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}

internal sealed record CheckRun(long Id, long RepositoryId, long SuiteId, long AppId, string HeadSha, string Name, string Status) : IEntity
{
    public string? Conclusion { get; init; }

    public string? DetailsUrl { get; init; }

    public string? ExternalId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public string? Title { get; init; }

    public string? Summary { get; init; }

    public string? Text { get; init; }

    public IReadOnlyList<CheckAnnotation> Annotations { get; init; } = [];
}

internal sealed record CheckAnnotation(string Path, int StartLine, int EndLine, string AnnotationLevel, string Message)
{
    public int? StartColumn { get; init; }

    public int? EndColumn { get; init; }

    public string? Title { get; init; }

    public string? RawDetails { get; init; }
}

internal sealed record Release(long Id, long RepositoryId, long AuthorId, string TagName, string TargetCommitish, DateTimeOffset CreatedAt) : IEntity
{
    public string? Name { get; init; }

    public string? Body { get; init; }

    public bool Draft { get; init; }

    public bool Prerelease { get; init; }

    public DateTimeOffset? PublishedAt { get; init; }
}

/// <param name="SarifId">What it is asked for by.</param>
/// <param name="Log">The log, compressed with gzip and in Base64, as it came.</param>
internal sealed record SarifUpload(long Id, long RepositoryId, Guid SarifId, string CommitSha, string Ref, string Log, DateTimeOffset CreatedAt) : IEntity
{
    public string? ToolName { get; init; }

    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Whether what became of it is told.</summary>
    public bool Processed { get; init; }
}

/// <summary>A webhook. The secret is kept as it is needed to sign; no answer ever shows it.</summary>
internal sealed record Hook(long Id, long RepositoryId, string Url, DateTimeOffset CreatedAt) : IEntity
{
    public string? Secret { get; init; }

    public string ContentType { get; init; } = "form";

    public string InsecureSsl { get; init; } = "0";

    public IReadOnlyList<string> Events { get; init; } = ["push"];

    public bool Active { get; init; } = true;

    public DateTimeOffset UpdatedAt { get; init; }

    public int? LastCode { get; init; }

    public string LastStatus { get; init; } = "unused";

    public string? LastMessage { get; init; }
}

/// <summary>One attempt to deliver one event; a redelivery is a new one with the same <see cref="Guid"/>.</summary>
internal sealed record Delivery(long Id, long HookId, long RepositoryId, Guid Guid, string Event, string? Action, string Payload, DateTimeOffset CreatedAt)
    : IEntity
{
    public bool Redelivery { get; init; }

    public DateTimeOffset? DeliveredAt { get; init; }

    public double DurationSeconds { get; init; }

    public int StatusCode { get; init; }

    public string Status { get; init; } = "queued";

    public IReadOnlyDictionary<string, string> RequestHeaders { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> ResponseHeaders { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public string? ResponseBody { get; init; }
}
