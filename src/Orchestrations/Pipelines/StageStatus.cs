using System.Text.Json.Serialization;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>What people see of one stage, while it runs and afterwards.</summary>
/// <param name="Name">Unique in the run: <c>policy</c>, <c>checkout</c>, <c>build</c>, <c>tests</c>, <c>lint</c>, <c>gate</c>, <c>approval</c>, <c>merge</c>.</param>
/// <param name="Summary">One line; for a failed stage what is wrong and what would be right.</param>
public sealed record StageStatus(string Name, StageState State, string? Summary = null)
{
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>More than one line, in Markdown: the output's end, the failures, the uncovered files.</summary>
    public string? Details { get; init; }

    /// <summary>The stage's check run on GitHub.</summary>
    public Uri? CheckRun { get; init; }

    [JsonIgnore]
    public TimeSpan? Duration => CompletedAt - StartedAt;
}

[JsonConverter(typeof(JsonStringEnumConverter<StageState>))]
public enum StageState
{
    Pending,
    Running,

    /// <summary>Waits for a person.</summary>
    Waiting,
    Passed,
    Failed,

    /// <summary>Had nothing to do, or was switched off: it says nothing about the change.</summary>
    Skipped,
    Cancelled,

    /// <summary>A tool failed, so nothing is known about the change.</summary>
    Errored,
}
