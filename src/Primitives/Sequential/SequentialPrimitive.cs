using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Sequential;

/// <summary>
/// One after another: the first one's output is the next one's input. Written <c>first >> next</c>.
/// <b>Failure</b>: the failing step's; what follows is not run. <b>Cancellation</b>: the next step is not begun. <b>Replay</b>: as its steps.
/// </summary>
public sealed class SequentialPrimitive<TIn, TMiddle, TOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly WorkflowPrimitive<TIn, TMiddle> _first;
    private readonly WorkflowPrimitive<TMiddle, TOut> _next;

    public SequentialPrimitive(WorkflowPrimitive<TIn, TMiddle> first, WorkflowPrimitive<TMiddle, TOut> next)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(next);
        (_first, _next) = (first, next);
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        var middle = await _first.ExecuteAsync(input, context);
        context.CancellationToken.ThrowIfCancellationRequested();
        return await _next.ExecuteAsync(middle, context);
    }
}
