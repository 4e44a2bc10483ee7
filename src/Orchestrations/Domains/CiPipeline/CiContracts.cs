using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Orchestrations.Domains.CiPipeline;

/// <param name="Path">The agents that lead here.</param>
/// <param name="Change">What to check.</param>
/// <param name="Strategy">How thoroughly to test.</param>
/// <param name="Runner">Where to run what the change brings.</param>
public sealed record CiRequest(
    string RunId, AgentPath Path, Change Change, PipelineConfiguration Configuration, PyTestStrategy Strategy, PipelineRunner Runner)
{
    public Uri? RunUrl { get; init; }
}

/// <param name="Verdict">Passed, Failed, Errored, Cancelled or Superseded.</param>
public sealed record CiResult(PipelineVerdict Verdict, string Summary, IReadOnlyList<StageStatus> Stages);

/// <summary>Remove what the run made; removing it again changes nothing.</summary>
/// <param name="Runner">Where the run ran what the change brought.</param>
public sealed record CiCleanUpRequest(string RunId, AgentPath Path, PipelineRunner Runner);

/// <summary>What flows through the stages: what earlier ones made for later ones, and how the last one ended.</summary>
internal sealed record CiProgress
{
    public WorkspaceReference? Workspace { get; init; }

    /// <summary>Id of the image that was built.</summary>
    public string? Image { get; init; }

    public StageState Last { get; init; } = StageState.Passed;

    /// <summary>After a stage that did not pass there is nothing to work on.</summary>
    public bool CanGoOn => Last is StageState.Passed or StageState.Skipped;
}
