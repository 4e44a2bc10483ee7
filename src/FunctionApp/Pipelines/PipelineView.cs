using System.Text.Json.Serialization;
using AtomicDevOps.Orchestrations.Pipelines;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.FunctionApp.Pipelines;

/// <summary>A run as the API shows it.</summary>
internal sealed record PipelineView
{
    public required string Id { get; init; }

    public required string Repository { get; init; }

    public int? PullRequest { get; init; }

    public string? HeadSha { get; init; }

    public required string RequestedBy { get; init; }

    public required PipelineState State { get; init; }

    /// <summary>How it ended; nothing while it runs.</summary>
    public PipelineVerdict? Verdict { get; init; }

    public string? Summary { get; init; }

    public string? MergeSha { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The agents at work, from L0 down, each with the stages that it runs; left out of lists.</summary>
    public AgentNode? Agents { get; init; }

    public required PipelineLinks Links { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<PipelineState>))]
internal enum PipelineState
{
    Queued,
    Running,

    /// <summary>A gate waits for a person.</summary>
    Waiting,
    Completed,

    /// <summary>The orchestration itself failed or was terminated by an operator.</summary>
    Broken,
}

/// <param name="Agent">The orchestrator function.</param>
internal sealed record AgentNode(
    string Agent, string InstanceId, PipelineState State, DateTimeOffset StartedAt, DateTimeOffset? CompletedAt,
    IReadOnlyList<StageStatus> Stages, IReadOnlyList<AgentNode> Children);

internal sealed record PipelineLinks(string Self, string Cancel, string Approve, string Log);

/// <summary>Puts a run's instances together into what people see.</summary>
internal static class PipelineViews
{
    private static readonly string[] StrategyParts = ["dev", "sweep", "sec", "fix"];

    public static PipelineView Of(OrchestrationMetadata run, IReadOnlyList<OrchestrationMetadata> parts)
    {
        var work = run.ReadInputAs<WorkItem>() ?? throw new InvalidOperationException($"The run {run.InstanceId} has no work item.");
        var result = run.RuntimeStatus == OrchestrationRuntimeStatus.Completed ? run.ReadOutputAs<PipelineResult>() : null;
        var agents = NodeOf(run, parts);
        return new PipelineView
        {
            Id = run.InstanceId,
            Repository = work.Repository.ToString(),
            PullRequest = work.PullRequest,
            HeadSha = result?.HeadSha ?? work.HeadSha,
            RequestedBy = work.RequestedBy,
            State = agents.State == PipelineState.Running && IsWaiting(agents) ? PipelineState.Waiting : agents.State,
            Verdict = result?.Verdict,
            Summary = result?.Summary ?? run.FailureDetails?.ErrorMessage,
            MergeSha = result?.MergeSha,
            StartedAt = run.CreatedAt,
            CompletedAt = run.IsCompleted ? run.LastUpdatedAt : null,
            Agents = parts.Count > 0 || run.IsCompleted ? agents : null,
            Links = LinksOf(run.InstanceId),
        };
    }

    public static PipelineLinks LinksOf(string runId)
    {
        var self = $"/api/pipelines/{Uri.EscapeDataString(runId)}";
        return new PipelineLinks(self, self, $"{self}/approvals/{{gate}}", $"{self}/stages/{{stage}}/log");
    }

    private static AgentNode NodeOf(OrchestrationMetadata instance, IReadOnlyList<OrchestrationMetadata> descendants)
    {
        var isRun = PipelineRuns.IsRun(instance);
        return new AgentNode(
            instance.Name,
            instance.InstanceId,
            StateOf(instance),
            instance.CreatedAt,
            instance.IsCompleted ? instance.LastUpdatedAt : null,
            Progress(instance),
            isRun ? StrategiesOf(instance.InstanceId, descendants) : []);
    }

    /// <summary>The ids of all parts hang on the run's own: those of security's begin with the part's, all others are of development's. They are in the order of creation.</summary>
    private static AgentNode[] StrategiesOf(string runId, IReadOnlyList<OrchestrationMetadata> parts)
    {
        var ordered = parts.OrderBy(part => part.CreatedAt).ThenBy(part => part.InstanceId, StringComparer.Ordinal).ToArray();
        var strategies = ordered.Where(part => StrategyParts.Contains(NameOf(part), StringComparer.Ordinal)).ToArray();
        return [.. strategies.Select(strategy => NodeOf(strategy, []) with
        {
            Children = [.. ordered.Where(part => !strategies.Contains(part) && string.Equals(OwnerOf(NameOf(part)), NameOf(strategy), StringComparison.Ordinal)).Select(part => NodeOf(part, []))],
        })];

        string NameOf(OrchestrationMetadata part) => part.InstanceId[(runId.Length + 1)..];

        static string OwnerOf(string name) => Array.Find(StrategyParts, strategy => name.StartsWith(strategy, StringComparison.Ordinal)) ?? StrategyParts[0];
    }

    private static IReadOnlyList<StageStatus> Progress(OrchestrationMetadata instance) =>
        instance.SerializedCustomStatus is null ? [] : instance.ReadCustomStatusAs<StageProgress>()?.Stages ?? [];

    private static bool IsWaiting(AgentNode node) =>
        node.Stages.Any(stage => stage.State == StageState.Waiting) || node.Children.Any(IsWaiting);

    private static PipelineState StateOf(OrchestrationMetadata instance) => instance.RuntimeStatus switch
    {
        OrchestrationRuntimeStatus.Pending => PipelineState.Queued,
        OrchestrationRuntimeStatus.Running or OrchestrationRuntimeStatus.Suspended => PipelineState.Running,
        OrchestrationRuntimeStatus.Completed => PipelineState.Completed,
        _ => PipelineState.Broken,
    };
}
