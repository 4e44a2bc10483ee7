using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Conditional;

/// <summary>
/// A predicate picks one of two. <b>Failure</b>: the predicate's or the picked step's. <b>Cancellation</b>: nothing is picked or run once the
/// token is cancelled. <b>Replay</b>: a function as predicate is asked again, a step as predicate answers as recorded.
/// </summary>
public sealed class ConditionalPrimitive<TIn, TOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly WorkflowPrimitive<TIn, bool> _predicate;
    private readonly WorkflowPrimitive<TIn, TOut> _then;
    private readonly WorkflowPrimitive<TIn, TOut> _otherwise;

    public ConditionalPrimitive(WorkflowPrimitive<TIn, bool> predicate, WorkflowPrimitive<TIn, TOut> then, WorkflowPrimitive<TIn, TOut> otherwise)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        ArgumentNullException.ThrowIfNull(then);
        ArgumentNullException.ThrowIfNull(otherwise);
        (_predicate, _then, _otherwise) = (predicate, then, otherwise);
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        var picked = await _predicate.ExecuteAsync(input, context) ? _then : _otherwise;
        context.CancellationToken.ThrowIfCancellationRequested();
        return await picked.ExecuteAsync(input, context);
    }
}

public static class ConditionalComposition
{
    /// <summary>Runs this step where the predicate holds, and the other one where it does not.</summary>
    public static WorkflowPrimitive<TIn, TOut> When<TIn, TOut>(
        this WorkflowPrimitive<TIn, TOut> then, Func<TIn, bool> predicate, WorkflowPrimitive<TIn, TOut> otherwise) =>
        new ConditionalPrimitive<TIn, TOut>(new WorkflowFunction<TIn, bool>(predicate), then, otherwise);

    /// <summary>Runs this step where the predicate, itself a step, says yes, and the other one where it says no.</summary>
    public static WorkflowPrimitive<TIn, TOut> When<TIn, TOut>(
        this WorkflowPrimitive<TIn, TOut> then, WorkflowPrimitive<TIn, bool> predicate, WorkflowPrimitive<TIn, TOut> otherwise) =>
        new ConditionalPrimitive<TIn, TOut>(predicate, then, otherwise);
}
