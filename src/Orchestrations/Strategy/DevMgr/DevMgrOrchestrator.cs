using System.Globalization;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Orchestrations.Domains.CiPipeline;
using AtomicDevOps.Orchestrations.Domains.Scm;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace AtomicDevOps.Orchestrations.Strategy.DevMgr;

/// <summary>L1: brings one change from request to verdict. Decides how thoroughly it is checked and whether it is merged.</summary>
[Agent(AgentLayer.Orchestration, nameof(DevMgrOrchestrator), "Brings a change from request to verdict: how thoroughly it is checked, and whether it is merged.")]
public static class DevMgrOrchestrator
{
    /// <summary>The gate at which a person decides about a merge.</summary>
    public const string MergeGate = "merge";

    private const string ApprovalStage = "approval";

    public static SubOrchestration<DevMgrRequest, PipelineResult> Run { get; } =
        new(nameof(DevMgrOrchestrator), (request, _) => RunId.Part(request.RunId, "dev"));

    [Function(nameof(DevMgrOrchestrator))]
    public static async Task<PipelineResult> RunAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<DevMgrRequest>()!;
        var context = new OrchestrationWorkflowContext(orchestration, request.RunId) { Path = request.Path }.Enter(nameof(DevMgrOrchestrator));
        if (request.Work.Command is { } command)
        {
            if (await CarryOutAsync(command, request, context) is { } done)
            {
                return done;
            }
        }

        return await CheckAsync(request, context);
    }

    /// <returns>The result, or nothing where the command asks for a run of its own.</returns>
    private static async Task<PipelineResult?> CarryOutAsync(PipelineCommand command, DevMgrRequest request, OrchestrationWorkflowContext context)
    {
        var authorized = await ScmWorkflowManager.Authorize.ExecuteAsync(
            new ScmAuthorizeRequest(request.RunId, context.Path, request.Work.Repository, command.By), context);
        if (!authorized)
        {
            return Ended(PipelineVerdict.Refused, $"{command.By} may not command runs of {request.Work.Repository}: that takes write access.");
        }

        switch (command.Verb)
        {
            case CommandVerb.Rerun:
                return null;
            case CommandVerb.Cancel:
                var cancelled = await SignalOthersAsync(
                    request, context, new CancellationRequest(PipelineVerdict.Cancelled, $"Cancelled by {command.By}."));
                return Told(cancelled, "cancelled");
            default:
                var approved = command.Verb == CommandVerb.Approve;
                var decided = await PipelineRunActivities.SignalOthers.WaitingForTool().ExecuteAsync(
                    new RunSignal(
                        request.RunId,
                        RunId.ForPullRequest(request.Work.Repository, request.Work.PullRequest!.Value),
                        nameof(DevMgrOrchestrator),
                        PipelineEvents.Approval(command.Gate ?? MergeGate),
                        new ApprovalDecision(approved, command.By).ToPayload()),
                    context);
                return Told(decided, "told");
        }

        PipelineResult Told(int runs, string what) => runs == 0
            ? Ended(PipelineVerdict.Refused, $"No earlier run of pull request {request.Work.PullRequest} goes on.")
            : Ended(PipelineVerdict.Passed, string.Create(CultureInfo.InvariantCulture, $"{runs} {(runs == 1 ? "run" : "runs")} {what}."));
    }

    private static async Task<PipelineResult> CheckAsync(DevMgrRequest request, OrchestrationWorkflowContext context)
    {
        var orchestration = context.Orchestration;
        var cancelled = orchestration.WaitForExternalEvent<CancellationRequest>(PipelineEvents.Cancel);
        var checking = ScmWorkflowManager.Check.ExecuteAsync(
            new ScmCheckRequest(request.RunId, context.Path, request.Work) { RunUrl = request.RunUrl }, context);
        if (await Task.WhenAny(checking, cancelled) == cancelled)
        {
            orchestration.SendEvent(RunId.Part(request.RunId, "scm"), PipelineEvents.Cancel, cancelled.Result);
        }

        var check = await checking;
        if (cancelled.IsCompleted)
        {
            return Ended(cancelled.Result.Verdict, cancelled.Result.Reason, check.Change, check.Stages);
        }

        if (check.Outcome != ScmOutcome.Allowed)
        {
            await SupersedeOlderAsync(check.Change, request, context);
            return await ReportAsync(request, context, check.Change, Ended(VerdictOf(check.Outcome), check.Summary, check.Change, check.Stages));
        }

        var change = check.Change!;
        var configuration = check.Configuration!;
        await SupersedeOlderAsync(change, request, context);
        var plan = CiPlan.Decide(configuration.Test, check.Scope!, change.PullRequest?.IsDraft ?? false);
        var ciRequest = new CiRequest(request.RunId, context.Path, change, configuration, plan.Strategy, request.Policy.Runner) { RunUrl = request.RunUrl };
        var running = CiPipelineManager.Run.ExecuteAsync(ciRequest, context);
        if (await Task.WhenAny(running, cancelled) == cancelled)
        {
            orchestration.SendEvent(RunId.Part(request.RunId, "ci"), PipelineEvents.Cancel, cancelled.Result);
        }

        // Whatever it came to: what it made has to go.
        await Task.WhenAny(running);
        var cleaning = CiPipelineManager.CleanUp.ExecuteAsync(new CiCleanUpRequest(request.RunId, context.Path, request.Policy.Runner), context);
        var result = await ConcludeAsync(await running, plan, check, request, context, cancelled);
        await cleaning;
        return result;
    }

    private static async Task<PipelineResult> ConcludeAsync(
        CiResult ci,
        CiPlan plan,
        ScmCheckResult check,
        DevMgrRequest request,
        OrchestrationWorkflowContext context,
        Task<CancellationRequest> cancelled)
    {
        var change = check.Change!;
        var merge = check.Configuration!.Merge;
        StageStatus[] stages = [.. check.Stages, .. ci.Stages];
        var summary = string.Create(CultureInfo.InvariantCulture, $"{ci.Summary} Scope: {plan.Scope.ToString().ToLowerInvariant()}, because {plan.Reason}.");
        var result = Ended(ci.Verdict, summary, change, stages);
        if (ci.Verdict is PipelineVerdict.Cancelled or PipelineVerdict.Superseded)
        {
            return result;
        }

        if (request.WaitsForSecurity)
        {
            result = await HearSecurityAsync(result, context, cancelled);
        }

        if (result.Verdict == PipelineVerdict.Passed && MayMerge(merge, change))
        {
            result = await MergeAsync(request, context, merge, change, result, cancelled);
        }

        return result.Verdict is PipelineVerdict.Cancelled or PipelineVerdict.Superseded
            ? result
            : await ReportAsync(request, context, change, result);
    }

    /// <summary>What security holds back has not passed, and what it knows nothing about is not merged.</summary>
    private static async Task<PipelineResult> HearSecurityAsync(PipelineResult result, OrchestrationWorkflowContext context, Task<CancellationRequest> cancelled)
    {
        var heard = context.Orchestration.WaitForExternalEvent<SecurityVerdict>(PipelineEvents.SecurityVerdict);
        if (await Task.WhenAny(heard, cancelled) == cancelled)
        {
            return result with { Verdict = cancelled.Result.Verdict, Summary = cancelled.Result.Reason };
        }

        var security = heard.Result;
        result = result with { Stages = [.. result.Stages, security.Stage], Security = security };
        return (result.Verdict, security.Stage.State) switch
        {
            (PipelineVerdict.Passed, StageState.Failed) => result with { Verdict = PipelineVerdict.Failed, Summary = $"Security holds it back. {security.Stage.Summary}" },
            (PipelineVerdict.Passed, StageState.Errored) => result with { Verdict = PipelineVerdict.Errored, Summary = $"Security could not be checked: {security.Stage.Summary}" },
            _ => result,
        };
    }

    private static async Task<PipelineResult> MergeAsync(
        DevMgrRequest request,
        OrchestrationWorkflowContext context,
        MergeConfiguration merge,
        Change change,
        PipelineResult result,
        Task<CancellationRequest> cancelled)
    {
        if (merge.Approval)
        {
            var show = WorkflowFunction.Of((PutCheckRunRequest checkRun) => new ScmShowRequest(request.RunId, context.Path, checkRun)) >> ScmWorkflowManager.Show;
            var board = new StageBoard(context, show, ApprovalStage);
            board.ReportOn(change, request.RunUrl);
            var approval = await Approval.WaitAsync(context, board, ApprovalStage, MergeGate, merge.ApprovalTimeout, cancelled);
            result = result with { Stages = [.. result.Stages, .. board.Stages] };
            if (approval is { } refused)
            {
                return result with { Verdict = refused.Verdict, Summary = refused.Summary };
            }
        }

        if (cancelled.IsCompleted)
        {
            return result with { Verdict = cancelled.Result.Verdict, Summary = cancelled.Result.Reason };
        }

        var merged = await ScmWorkflowManager.Merge.ExecuteAsync(
            new ScmMergeRequest(request.RunId, context.Path, change, merge.Method), context);
        result = result with { Stages = [.. result.Stages, .. merged.Stages], MergeSha = merged.Merge?.MergeSha };
        return merged.Merge switch
        {
            null => result with { Verdict = PipelineVerdict.Errored, Summary = "Every stage passed, but whether it is merged is not known." },
            { IsMerged: true } => result with { Verdict = PipelineVerdict.Merged },
            { Outcome: MergeOutcome.HeadMoved } => result with { Verdict = PipelineVerdict.Superseded, Summary = "The head moved while it was checked." },
            { Message: var message } => result with { Verdict = PipelineVerdict.Failed, Summary = message ?? "GitHub did not merge it." },
        };
    }

    // A stranger's change is merged by a person, whatever the repository says.
    private static bool MayMerge(MergeConfiguration merge, Change change) =>
        merge.Automatic && change.PullRequest is { IsFromFork: false, IsDraft: false };

    private static async Task<PipelineResult> ReportAsync(
        DevMgrRequest request, OrchestrationWorkflowContext context, Change? change, PipelineResult result)
    {
        if (change?.PullRequest is not null)
        {
            await ScmWorkflowManager.Report.ExecuteAsync(
                new ScmReportRequest(request.RunId, context.Path, change, result) { RunUrl = request.RunUrl }, context);
        }

        return result;
    }

    // Only now is it known that this run is about the present head: a late request for an older one must not end the run of a newer one.
    private static async Task SupersedeOlderAsync(Change? change, DevMgrRequest request, OrchestrationWorkflowContext context)
    {
        if (change?.PullRequest is not null)
        {
            await SignalOthersAsync(
                request,
                context,
                new CancellationRequest(PipelineVerdict.Superseded, "A newer request for the same pull request took over.") { NewHeadSha = change.HeadSha });
        }
    }

    private static Task<int> SignalOthersAsync(DevMgrRequest request, OrchestrationWorkflowContext context, CancellationRequest cancellation) =>
        PipelineRunActivities.SignalOthers.WaitingForTool().ExecuteAsync(
            new RunSignal(
                request.RunId,
                RunId.ForPullRequest(request.Work.Repository, request.Work.PullRequest!.Value),
                RunId.Orchestrator,
                PipelineEvents.Cancel,
                cancellation.ToPayload()),
            context);

    private static PipelineVerdict VerdictOf(ScmOutcome outcome) => outcome switch
    {
        ScmOutcome.Rejected => PipelineVerdict.Failed,
        ScmOutcome.Refused => PipelineVerdict.Refused,
        ScmOutcome.Superseded => PipelineVerdict.Superseded,
        _ => PipelineVerdict.Errored,
    };

    private static PipelineResult Ended(
        PipelineVerdict verdict, string summary, Change? change = null, IReadOnlyList<StageStatus>? stages = null) =>
        new(verdict, summary, change?.HeadSha, stages ?? []);
}
