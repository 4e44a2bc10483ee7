namespace AtomicDevOps.Primitives.Workflow;

/// <summary>
/// A step that cannot be replayed, because it shares state with the rest of the process. It is no <see cref="WorkflowPrimitive{TIn, TOut}"/> and
/// wants the activity's form of the context, so that the compiler refuses it in an orchestration.
/// Anything composed with one is a process primitive too.
/// </summary>
public abstract class ProcessPrimitive<TIn, TOut>
{
    /// <param name="input">What the step works on.</param>
    /// <param name="context">The context of the activity that the step runs in.</param>
    public abstract Task<TOut> ExecuteAsync(TIn input, ActivityWorkflowContext context);

    /// <summary>What works in both forms of the context works in a process.</summary>
    public static implicit operator ProcessPrimitive<TIn, TOut>(WorkflowPrimitive<TIn, TOut> primitive) => new InProcess<TIn, TOut>(primitive);

    /// <summary>Puts composition that works in both forms around this one: <c>breaker.Decorate(call => call.WithRetry(options))</c>.</summary>
    /// <param name="decorate">Gets this primitive; what it makes of it runs only inside of the result.</param>
    public ProcessPrimitive<TNewIn, TNewOut> Decorate<TNewIn, TNewOut>(
        Func<WorkflowPrimitive<TIn, TOut>, WorkflowPrimitive<TNewIn, TNewOut>> decorate)
    {
        ArgumentNullException.ThrowIfNull(decorate);
        return decorate(new Undecorated(this));
    }

    private sealed class Undecorated(ProcessPrimitive<TIn, TOut> primitive) : WorkflowPrimitive<TIn, TOut>
    {
        public override Task<TOut> ExecuteAsync(TIn input, WorkflowContext context) =>
            context is ActivityWorkflowContext process
                ? primitive.ExecuteAsync(input, process)
                : throw new InvalidOperationException(
                    $"{primitive.GetType().Name} shares state with the process and cannot run in an orchestration. Run what {nameof(Decorate)} gave back, in an activity.");
    }
}

internal sealed class InProcess<TIn, TOut> : ProcessPrimitive<TIn, TOut>
{
    private readonly WorkflowPrimitive<TIn, TOut> _primitive;

    public InProcess(WorkflowPrimitive<TIn, TOut> primitive)
    {
        ArgumentNullException.ThrowIfNull(primitive);
        _primitive = primitive;
    }

    public override Task<TOut> ExecuteAsync(TIn input, ActivityWorkflowContext context) => _primitive.ExecuteAsync(input, context);
}
