namespace AtomicDevOps.Primitives.Workflow;

/// <summary>
/// A step written in place: a pure function of its input, or one that asks the context for everything else.
/// <b>Failure</b>: the function's exception. <b>Cancellation</b>: not called once the token is cancelled; from then on up to the function.
/// <b>Replay</b>: called again, so it may use nothing but its input and the context.
/// </summary>
public sealed class WorkflowFunction<TIn, TOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly Func<TIn, WorkflowContext, Task<TOut>> _function;

    public WorkflowFunction(Func<TIn, TOut> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        _function = (input, _) => Task.FromResult(function(input));
    }

    public WorkflowFunction(Func<TIn, WorkflowContext, Task<TOut>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        _function = function;
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        return await _function(input, context);
    }
}

/// <summary>Makes functions into steps with their types inferred.</summary>
public static class WorkflowFunction
{
    public static WorkflowFunction<TIn, TOut> Of<TIn, TOut>(Func<TIn, TOut> function) => new(function);

    public static WorkflowFunction<TIn, TOut> Of<TIn, TOut>(Func<TIn, WorkflowContext, Task<TOut>> function) => new(function);

    /// <summary>The step that gives back its input.</summary>
    public static WorkflowFunction<T, T> Identity<T>() => new(input => input);
}
