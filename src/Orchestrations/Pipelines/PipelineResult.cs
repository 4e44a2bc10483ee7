using System.Text.Json.Serialization;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>How a run ended.</summary>
/// <param name="Summary">One sentence for people.</param>
/// <param name="HeadSha">The commit that was checked, once it was known.</param>
/// <param name="Stages">Every stage that the run had, in order.</param>
public sealed record PipelineResult(PipelineVerdict Verdict, string Summary, string? HeadSha, IReadOnlyList<StageStatus> Stages)
{
    /// <summary>The merge commit, where the run merged the pull request.</summary>
    public string? MergeSha { get; init; }

    /// <summary>What security has to say; nothing where it was not asked.</summary>
    public SecurityVerdict? Security { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<PipelineVerdict>))]
public enum PipelineVerdict
{
    /// <summary>Every stage passed; merging was not asked for.</summary>
    Passed,

    /// <summary>Every stage passed and the pull request is merged.</summary>
    Merged,

    /// <summary>A stage failed.</summary>
    Failed,

    /// <summary>There was nothing to run, or running it is not allowed: an unknown repository, a closed pull request, a switched-off agent.</summary>
    Refused,

    /// <summary>A newer head, or a newer request for the same pull request, took over.</summary>
    Superseded,

    /// <summary>Somebody cancelled it.</summary>
    Cancelled,

    /// <summary>A tool failed for longer than the run waits, so nothing is known about the change.</summary>
    Errored,
}

/// <summary>Payload of <see cref="PipelineEvents.Cancel"/>.</summary>
/// <param name="Verdict"><see cref="PipelineVerdict.Superseded"/> or <see cref="PipelineVerdict.Cancelled"/>.</param>
/// <param name="Reason">One sentence for people.</param>
public sealed record CancellationRequest(PipelineVerdict Verdict, string Reason)
{
    /// <summary>The head that the superseding run checks, if it is known.</summary>
    public string? NewHeadSha { get; init; }

    internal IReadOnlyDictionary<string, object?> ToPayload() => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        [nameof(Verdict)] = Verdict.ToString(),
        [nameof(Reason)] = Reason,
        [nameof(NewHeadSha)] = NewHeadSha,
    };
}

/// <summary>Payload of <see cref="PipelineEvents.Approval"/>.</summary>
/// <param name="By">Who decided.</param>
public sealed record ApprovalDecision(bool Approved, string By, string? Comment = null)
{
    internal IReadOnlyDictionary<string, object?> ToPayload() => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        [nameof(Approved)] = Approved,
        [nameof(By)] = By,
        [nameof(Comment)] = Comment,
    };
}

/// <summary>The external events that a run understands.</summary>
public static class PipelineEvents
{
    /// <summary>Raised to the run itself; it hands it down to what is running.</summary>
    public const string Cancel = "cancel";

    /// <summary>Raised to the run's part <c>dev</c> once.</summary>
    public const string SecurityVerdict = "security";

    /// <summary>Raised to the run's part <c>dev</c>, one event a gate.</summary>
    public static string Approval(string gate) => $"approval:{gate}";
}
