using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>A piece of work as it enters the system at L0.</summary>
/// <param name="Kind">What it is; the router picks the L1 orchestrator by it.</param>
/// <param name="Repository">The repository that it is about.</param>
/// <param name="RequestedBy">Who or what asked: a GitHub login, <c>api</c>, a timer's name.</param>
public sealed record WorkItem(WorkKind Kind, RepositoryName Repository, string RequestedBy)
{
    /// <summary>The pull request's number; set for <see cref="WorkKind.PullRequest"/> and <see cref="WorkKind.Command"/>.</summary>
    public int? PullRequest { get; init; }

    /// <summary>The commit that the request was about; <see langword="null"/> means whatever the head is when the run looks.</summary>
    public string? HeadSha { get; init; }

    /// <summary>The branch that was pushed to, or is to be swept; set for <see cref="WorkKind.Push"/>, and the default branch where a <see cref="WorkKind.Sweep"/> has none.</summary>
    public string? Branch { get; init; }

    /// <summary>Where the repository is cloned from; set for <see cref="WorkKind.Push"/>.</summary>
    public Uri? CloneUrl { get; init; }

    /// <summary>Why it was asked for, a sentence for people, where nobody but the platform did.</summary>
    public string? Reason { get; init; }

    /// <summary>What a person asked for in a comment; set for <see cref="WorkKind.Command"/>.</summary>
    public PipelineCommand? Command { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<WorkKind>))]
public enum WorkKind
{
    /// <summary>Check a pull request and, where policy allows, merge it.</summary>
    PullRequest,

    /// <summary>Check the newest commit of a branch.</summary>
    Push,

    /// <summary>Carry out what a person asked for in a comment on a pull request.</summary>
    Command,

    /// <summary>Look for weaknesses in all of a branch as it stands, offer fixes, and tell who has to know.</summary>
    Sweep,
}

/// <param name="Verb">What to do.</param>
/// <param name="By">The login of the person; has to have write access to the repository.</param>
/// <param name="Gate">The gate to approve or reject; set for these two verbs.</param>
public sealed record PipelineCommand(CommandVerb Verb, string By, string? Gate = null);

[JsonConverter(typeof(JsonStringEnumConverter<CommandVerb>))]
public enum CommandVerb
{
    Rerun,
    Approve,
    Reject,
    Cancel,
}
