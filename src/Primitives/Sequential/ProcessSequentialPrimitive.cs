using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Sequential;

/// <summary><see cref="SequentialPrimitive{TIn, TMiddle, TOut}"/> where a step cannot be replayed. Failure and cancellation are as there.</summary>
public sealed class ProcessSequentialPrimitive<TIn, TMiddle, TOut> : ProcessPrimitive<TIn, TOut>
{
    private readonly ProcessPrimitive<TIn, TMiddle> _first;
    private readonly ProcessPrimitive<TMiddle, TOut> _next;

    public ProcessSequentialPrimitive(ProcessPrimitive<TIn, TMiddle> first, ProcessPrimitive<TMiddle, TOut> next)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(next);
        (_first, _next) = (first, next);
    }

    public override async Task<TOut> ExecuteAsync(TIn input, ActivityWorkflowContext context)
    {
        var middle = await _first.ExecuteAsync(input, context);
        context.CancellationToken.ThrowIfCancellationRequested();
        return await _next.ExecuteAsync(middle, context);
    }
}
