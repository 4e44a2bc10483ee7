using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.GitHub;

public sealed record CheckRun
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    public required string HeadSha { get; init; }

    /// <summary>What its creator knows it by.</summary>
    public string? ExternalId { get; init; }

    public required CheckRunStatus Status { get; init; }

    /// <summary>The verdict, once completed.</summary>
    public CheckRunConclusion? Conclusion { get; init; }

    public string? Title { get; init; }

    public string? Summary { get; init; }

    /// <summary>How many annotations it holds by now.</summary>
    public int Annotations { get; init; }

    public Uri? HtmlUrl { get; init; }

    /// <summary>The number of the app that made it.</summary>
    public long? AppId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>What a check run shall say; what is left out stays as it is.</summary>
public sealed record CheckRunUpdate
{
    public CheckRunStatus? Status { get; init; }

    /// <summary>Set it only together with <see cref="CheckRunStatus.Completed"/>.</summary>
    public CheckRunConclusion? Conclusion { get; init; }

    public string? ExternalId { get; init; }

    public Uri? DetailsUrl { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public CheckRunOutput? Output { get; init; }

    /// <summary>Appended to those that the check run has, 50 at most a request; needs <see cref="Output"/>.</summary>
    public IReadOnlyList<CheckAnnotation> Annotations { get; init; } = [];
}

/// <param name="Title">One line.</param>
/// <param name="Summary">Markdown, 65535 characters at most.</param>
/// <param name="Text">Details in Markdown, 65535 characters at most.</param>
public sealed record CheckRunOutput(string Title, string Summary, string? Text = null);

/// <param name="Path">The file, from the repository's root.</param>
/// <param name="StartLine">The first line, from 1 on.</param>
/// <param name="EndLine">The last line, not before the first.</param>
/// <param name="Message">What is to be said there, 64 KiB at most.</param>
public sealed record CheckAnnotation(string Path, int StartLine, int EndLine, CheckAnnotationLevel Level, string Message)
{
    /// <summary>255 characters at most.</summary>
    public string? Title { get; init; }

    /// <summary>From 1 on; only where the annotation has one line.</summary>
    public int? StartColumn { get; init; }

    /// <summary>Not before <see cref="StartColumn"/>; only where the annotation has one line.</summary>
    public int? EndColumn { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<CheckAnnotationLevel>))]
public enum CheckAnnotationLevel
{
    Notice,
    Warning,
    Failure,
}

[JsonConverter(typeof(JsonStringEnumConverter<CheckRunStatus>))]
public enum CheckRunStatus
{
    Queued,
    InProgress,
    Completed,
}

[JsonConverter(typeof(JsonStringEnumConverter<CheckRunConclusion>))]
public enum CheckRunConclusion
{
    Success,
    Failure,
    Neutral,
    Cancelled,
    Skipped,
    TimedOut,
    ActionRequired,

    /// <summary>Given by GitHub alone, when a run was never completed.</summary>
    Stale,
}
