using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <param name="Body">The description; empty where there is none.</param>
/// <param name="IsPullRequest">GitHub counts pull requests as issues too.</param>
public sealed record Issue(
    int Number, string Title, string Body, bool IsOpen, GitHubAccount Author, IReadOnlyList<string> Labels, Uri HtmlUrl, bool IsPullRequest);

public sealed record IssueFilter
{
    public StateFilter State { get; init; } = StateFilter.Open;

    /// <summary>The login of who wrote it. Some sites of GitHub's find none by the login of an app.</summary>
    public string? Creator { get; init; }

    /// <summary>It has all of these.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}

public sealed record NewIssue(string Title, string Body)
{
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The logins of those who shall care for it.</summary>
    public IReadOnlyList<string> Assignees { get; init; } = [];
}

/// <summary>What is left out stays as it is.</summary>
public sealed record IssueUpdate
{
    public string? Title { get; init; }

    public string? Body { get; init; }

    public bool? IsOpen { get; init; }

    public IReadOnlyList<string>? Labels { get; init; }
}

/// <summary>A comment on an issue or on a pull request's conversation.</summary>
public sealed record IssueComment(long Id, GitHubAccount Author, string Body, Uri? HtmlUrl, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <param name="Color">Six hexadecimal digits, without <c>#</c>.</param>
public sealed record Label(string Name, string Color, string? Description);

/// <param name="TagName">The tag; made at <see cref="Target"/> where it does not exist.</param>
public sealed record NewRelease(string TagName)
{
    public string? Name { get; init; }

    /// <summary>Release notes in Markdown.</summary>
    public string? Body { get; init; }

    /// <summary>The commit or branch that a new tag points at; the default branch where left out.</summary>
    public string? Target { get; init; }

    public bool IsDraft { get; init; }

    public bool IsPrerelease { get; init; }
}

public sealed record Release(long Id, string TagName, string Name, string Body, string? Target, bool IsDraft, bool IsPrerelease, Uri HtmlUrl);

/// <param name="Role">The name of the user's role, also one of an organisation's own.</param>
public sealed record CollaboratorAccess(string User, RepositoryAccess Access, string Role)
{
    /// <summary>The user may push, and so may command the platform.</summary>
    public bool CanWrite => Access >= RepositoryAccess.Write;
}

/// <summary>What a user may do in a repository, in rising order.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RepositoryAccess>))]
public enum RepositoryAccess
{
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

/// <summary>Who the client's credentials stand for.</summary>
/// <param name="Login">The user's name, or <c>slug[bot]</c> for an app.</param>
/// <param name="AppId">The app's number, if it is one.</param>
public sealed record GitHubIdentity(string Login, long? AppId);

/// <param name="Limit">Requests an hour.</param>
/// <param name="Remaining">How many of them are left.</param>
/// <param name="ResetsAt">When they are all there again.</param>
public sealed record RateLimit(int Limit, int Remaining, DateTimeOffset ResetsAt);
