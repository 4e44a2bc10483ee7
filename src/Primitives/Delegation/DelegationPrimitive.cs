using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Delegation;

/// <summary>
/// A planner turns the task into a plan, and another agent carries the plan out, one step deeper in the path.
/// <b>Failure</b>: the planner's or the executor's; nothing is carried out without a plan. <b>Cancellation</b>: a plan is not begun once the
/// token is cancelled. <b>Replay</b>: as planner and executor.
/// </summary>
public sealed class DelegationPrimitive<TIn, TPlan, TOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly WorkflowPrimitive<TIn, TPlan> _planner;
    private readonly WorkflowPrimitive<TPlan, TOut> _executor;
    private readonly string _agentName;

    /// <param name="planner">Decides what has to happen.</param>
    /// <param name="executor">Makes it happen.</param>
    /// <param name="agentName">The executing agent's name, which the path goes on with.</param>
    public DelegationPrimitive(WorkflowPrimitive<TIn, TPlan> planner, WorkflowPrimitive<TPlan, TOut> executor, string agentName)
    {
        ArgumentNullException.ThrowIfNull(planner);
        ArgumentNullException.ThrowIfNull(executor);
        ArgumentException.ThrowIfNullOrWhiteSpace(agentName);
        (_planner, _executor, _agentName) = (planner, executor, agentName);
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        var plan = await _planner.ExecuteAsync(input, context);
        context.CancellationToken.ThrowIfCancellationRequested();
        return await _executor.ExecuteAsync(plan, context.Enter(_agentName));
    }
}

public static class DelegationComposition
{
    /// <summary>Hands this planner's plan to another agent.</summary>
    public static WorkflowPrimitive<TIn, TOut> DelegateTo<TIn, TPlan, TOut>(
        this WorkflowPrimitive<TIn, TPlan> planner, string agentName, WorkflowPrimitive<TPlan, TOut> executor) =>
        new DelegationPrimitive<TIn, TPlan, TOut>(planner, executor, agentName);
}
