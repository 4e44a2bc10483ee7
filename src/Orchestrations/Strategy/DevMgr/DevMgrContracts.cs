using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Orchestrations.Strategy.DevMgr;

/// <param name="Path">The agents that lead here.</param>
/// <param name="Work">What is asked for.</param>
/// <param name="Policy">What the operator decided.</param>
public sealed record DevMgrRequest(string RunId, AgentPath Path, WorkItem Work, PlatformPolicy Policy)
{
    public Uri? RunUrl { get; init; }

    /// <summary>Whether <see cref="PipelineEvents.SecurityVerdict"/> will come.</summary>
    public bool WaitsForSecurity { get; init; }
}
