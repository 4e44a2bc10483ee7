using System.Net.Http.Json;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.QuickStart;

/// <summary>The platform's pipeline API.</summary>
internal sealed class PlatformClient(HttpClient http)
{
    /// <summary>The newest run of a pull request; null where there is none yet.</summary>
    public async Task<PipelineRun?> FindRunAsync(string repository, int pullRequest, CancellationToken cancellationToken)
    {
        var address = FormattableString.Invariant($"api/pipelines?repository={Uri.EscapeDataString(repository)}&pullRequest={pullRequest}&limit=1");
        var list = await http.GetFromJsonAsync<RunList>(address, JsonDefaults.Options, cancellationToken);
        return list!.Pipelines is [var newest, ..] ? newest : null;
    }

    public async Task<PipelineRun> GetRunAsync(string id, CancellationToken cancellationToken) =>
        (await http.GetFromJsonAsync<PipelineRun>($"api/pipelines/{Uri.EscapeDataString(id)}", JsonDefaults.Options, cancellationToken))!;

    private sealed record RunList(IReadOnlyList<PipelineRun> Pipelines);
}

internal sealed record PipelineRun(string Id, string State, DateTimeOffset StartedAt)
{
    private const string MergedVerdict = "Merged";

    public string? Verdict { get; init; }

    public string? Summary { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public PipelineAgent? Agents { get; init; }

    public bool IsMerged => string.Equals(Verdict, MergedVerdict, StringComparison.Ordinal);

    /// <summary>Every stage with the agent that runs it, in the order in which the agents began.</summary>
    public IEnumerable<(string Agent, PipelineStage Stage)> Stages() => Agents is null ? [] : StagesOf(Agents);

    private static IEnumerable<(string Agent, PipelineStage Stage)> StagesOf(PipelineAgent agent) =>
        agent.Stages.Select(stage => (agent.Name, stage)).Concat(agent.Children.SelectMany(StagesOf));
}

internal sealed record PipelineAgent(string Agent, IReadOnlyList<PipelineStage> Stages, IReadOnlyList<PipelineAgent> Children)
{
    /// <summary>Without the part of its work, which stands behind an underscore in the orchestrator function's name.</summary>
    public string Name => Agent.Split('_')[0];
}

internal sealed record PipelineStage(string Name, string State)
{
    public string? Summary { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public bool IsPending => string.Equals(State, "Pending", StringComparison.Ordinal);

    /// <summary>How long it took, or has been running for.</summary>
    public TimeSpan? Duration(DateTimeOffset now) => (CompletedAt ?? now) - StartedAt;
}
