using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Strategy.DevMgr;
using AtomicDevOps.Orchestrations.Strategy.Security;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Router;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace AtomicDevOps.Orchestrations.MetaControl;

/// <summary>L0: every piece of work enters here, meets the operator's policy and goes to the L1 orchestrator that is in charge of its kind.</summary>
[Agent(AgentLayer.MetaControl, nameof(MetaOrchestrator), "Lets work into the system: checks the operator's policy and hands it to the orchestrator in charge.")]
public static partial class MetaOrchestrator
{
    private static readonly RouterPrimitive<DevMgrRequest, WorkKind, PipelineResult> Route = new(
        request => request.Work.Kind,
        new Dictionary<WorkKind, WorkflowPrimitive<DevMgrRequest, PipelineResult>>
        {
            [WorkKind.PullRequest] = DevMgrOrchestrator.Run,
            [WorkKind.Push] = DevMgrOrchestrator.Run,
            [WorkKind.Command] = DevMgrOrchestrator.Run,
            [WorkKind.Sweep] = WorkflowFunction.Of((DevMgrRequest request) => new SecurityRequest(request.RunId, request.Path, request.Work, request.Policy) { RunUrl = request.RunUrl })
                >> SecurityOrchestrator.Sweep,
        });

    private static readonly string[] SecurityAgents = [nameof(SecurityOrchestrator), "VulnerabilityManager"];

    private static readonly WorkflowPrimitive<PlatformPolicyRequest, PlatformPolicy> ReadPolicy = PlatformActivities.ReadPolicy.WaitingForTool();

    [Function(nameof(MetaOrchestrator))]
    public static async Task<PipelineResult> RunAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var work = orchestration.GetInput<WorkItem>()!;
        var context = new OrchestrationWorkflowContext(orchestration).Enter(nameof(MetaOrchestrator));
        try
        {
            return await LetInAsync(work, orchestration, context);
        }
        catch (RouteNotFoundException)
        {
            return new PipelineResult(PipelineVerdict.Refused, $"No orchestrator is in charge of work of the kind {work.Kind}.", work.HeadSha, []);
        }
        catch (TaskFailedException exception)
        {
            return new PipelineResult(PipelineVerdict.Errored, Failure.From(exception).Message, work.HeadSha, []);
        }
    }

    private static async Task<PipelineResult> LetInAsync(
        WorkItem work, TaskOrchestrationContext orchestration, OrchestrationWorkflowContext context)
    {
        var runId = orchestration.InstanceId;
        var policy = await ReadPolicy.ExecuteAsync(new PlatformPolicyRequest(work.Repository), context);
        if (Refusal(work, policy) is { } refusal)
        {
            return new PipelineResult(PipelineVerdict.Refused, refusal, work.HeadSha, []);
        }

        var reviewed = work.Kind is WorkKind.PullRequest or WorkKind.Push && Array.TrueForAll(SecurityAgents, policy.IsEnabled);
        var runUrl = policy.PublicAddress is { } address ? new Uri(address, $"api/pipelines/{runId}") : null;
        var request = new DevMgrRequest(runId, context.Path, work, policy) { RunUrl = runUrl, WaitsForSecurity = reviewed };
        var cancelled = orchestration.WaitForExternalEvent<CancellationRequest>(PipelineEvents.Cancel);
        var running = Route.ExecuteAsync(request, context);
        var security = reviewed ? SecureAsync(new SecurityRequest(runId, context.Path, work, policy) { RunUrl = runUrl }, cancelled, context) : Task.CompletedTask;
        if (await Task.WhenAny(running, cancelled) == cancelled)
        {
            orchestration.SendEvent(RunId.Part(runId, work.Kind == WorkKind.Sweep ? "sweep" : "dev"), PipelineEvents.Cancel, cancelled.Result);
        }

        await Task.WhenAny(Task.WhenAll(running, security));
        return await running;
    }

    /// <summary>Tells those who work on the change what security has to say of it as soon as that is known, and sees fixes through afterwards.</summary>
    private static async Task SecureAsync(SecurityRequest request, Task cancelled, OrchestrationWorkflowContext context)
    {
        var review = await SecurityOrchestrator.Review.ExecuteAsync(request, context);
        context.Orchestration.SendEvent(RunId.Part(request.RunId, "dev"), PipelineEvents.SecurityVerdict, review.Verdict);
        var remediation = new SecurityRemediationRequest(request.RunId, context.Path, request.Policy, cancelled.IsCompleted ? review with { Target = null } : review) { RunUrl = request.RunUrl };
        await SecurityOrchestrator.Remediate.ExecuteAsync(remediation, context);
    }

    private static string? Refusal(WorkItem work, PlatformPolicy policy)
    {
        if (!policy.RepositoryAllowed)
        {
            return $"{work.Repository} is not among the repositories in Platform:Repositories.";
        }

        string[] needed = work.Kind == WorkKind.Sweep
            ? [nameof(MetaOrchestrator), .. SecurityAgents]
            : [nameof(MetaOrchestrator), nameof(DevMgrOrchestrator), "ScmWorkflowManager", "CiPipelineManager"];
        return needed.FirstOrDefault(agent => !policy.IsEnabled(agent)) is { } off
            ? $"{off} is switched off by Agents:{off}:Enabled."
            : null;
    }
}
