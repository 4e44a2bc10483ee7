using System.Globalization;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Strategy.Security;
using AtomicDevOps.Primitives.Parallel;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace AtomicDevOps.Orchestrations.MetaControl;

/// <param name="Started">The sweeps that were due.</param>
/// <param name="Failed">How many of them came to no end.</param>
public sealed record WatchRound(IReadOnlyList<WorkItem> Started, int Failed);

public static partial class MetaOrchestrator
{
    /// <summary>There is one at a time, so that nothing is swept twice at once.</summary>
    public const string WatchInstanceId = "security-watch";

    public const string WatchName = "MetaOrchestrator_Watch";

    private const int MostSweepsAtOnce = 2;

    private static readonly WorkflowPrimitive<IReadOnlyList<WorkItem>, FanOutResult<PipelineResult>> Sweeps =
        new SubOrchestration<WorkItem, PipelineResult>(
            nameof(MetaOrchestrator),
            static (work, context) => RunId.ForSweep(work.Repository, string.Create(CultureInfo.InvariantCulture, $"{context.UtcNow:yyyyMMddHHmmss}-{work.Branch}")))
        .ForEachCollecting(new FanOutOptions { MaxConcurrency = MostSweepsAtOnce });

    /// <summary>Lets in what nobody asked for: sweeps of the branches that are due.</summary>
    [Function(WatchName)]
    public static async Task<WatchRound> WatchAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var context = new OrchestrationWorkflowContext(orchestration).Enter(nameof(MetaOrchestrator));
        var policy = await ReadPolicy.ExecuteAsync(new PlatformPolicyRequest(Repository: null), context);
        if (!policy.IsEnabled(nameof(MetaOrchestrator)) || !Array.TrueForAll(SecurityAgents, policy.IsEnabled))
        {
            return new WatchRound([], 0);
        }

        var due = await SecurityOrchestrator.FindDue.ExecuteAsync(
            new SecurityWatchRequest(orchestration.InstanceId, context.Path, policy.DisabledAgents), context);
        WorkItem[] work = [.. due.Select(static sweep => new WorkItem(WorkKind.Sweep, sweep.Repository, "watch") { Branch = sweep.Branch, Reason = sweep.Reason })];
        var swept = await Sweeps.ExecuteAsync(work, context);
        return new WatchRound(work, swept.Failed.Count);
    }
}
