using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Orchestrations.Strategy.DevMgr;

/// <summary>A gate at which the run waits for a person.</summary>
internal static class Approval
{
    /// <returns>Nothing where the person approved; otherwise how the run ends.</returns>
    public static async Task<(PipelineVerdict Verdict, string Summary)?> WaitAsync(
        OrchestrationWorkflowContext context, StageBoard board, string stage, string gate, TimeSpan timeout, Task<CancellationRequest> cancelled)
    {
        (PipelineVerdict Verdict, string Summary)? refusal = null;
        await board.RunAsync(stage, context, async _ =>
        {
            board.Wait(stage, $"Waits for a person to approve the gate «{gate}»: by the comment «/atomic approve {gate}» or «/atomic reject {gate}», or through the API.");
            using var decided = new CancellationTokenSource();
            var decision = context.Orchestration.WaitForExternalEvent<ApprovalDecision>(PipelineEvents.Approval(gate), decided.Token);
            var expiry = context.DelayAsync(timeout, decided.Token);
            var first = await Task.WhenAny(decision, expiry, cancelled);
            decided.Cancel();
            if (first == cancelled)
            {
                board.MuteFor(cancelled.Result);
                refusal = (cancelled.Result.Verdict, cancelled.Result.Reason);
                return new StageOutcome(StageState.Cancelled, cancelled.Result.Reason);
            }

            if (first == expiry)
            {
                refusal = (PipelineVerdict.Failed, $"Nobody approved the gate «{gate}» in time.");
                return StageOutcome.Failed(refusal.Value.Summary);
            }

            var answer = decision.Result;
            var comment = answer.Comment is { Length: > 0 } text ? $": {text}" : ".";
            if (answer.Approved)
            {
                return StageOutcome.Passed($"Approved by {answer.By}{comment}");
            }

            refusal = (PipelineVerdict.Failed, $"Rejected by {answer.By}{comment}");
            return StageOutcome.Failed(refusal.Value.Summary);
        });
        await board.SettleAsync();
        return refusal;
    }
}
