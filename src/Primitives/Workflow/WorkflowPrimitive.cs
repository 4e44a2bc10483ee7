namespace AtomicDevOps.Primitives.Workflow;

/// <summary>
/// A step that turns a <typeparamref name="TIn"/> into a <typeparamref name="TOut"/>: the base of everything that can be composed.
/// It runs in an orchestrator as well as in an activity, because all that differs between the two comes from the context.
/// </summary>
/// <remarks>
/// What every primitive keeps to:
/// <list type="bullet">
/// <item>Failure is an exception. In an orchestration an activity's exception arrives as a <c>TaskFailedException</c>;
/// <see cref="Failure.From(Exception)"/> reads both alike.</item>
/// <item>Cancellation is an <see cref="OperationCanceledException"/> while the context's token is cancelled. The same exception
/// without a cancelled token is an ordinary failure.</item>
/// <item>A primitive holds no state of an execution, so one instance serves any number of them at once.</item>
/// </list>
/// </remarks>
public abstract class WorkflowPrimitive<TIn, TOut>
{
    /// <param name="input">What the step works on.</param>
    /// <param name="context">Clock, delay, ids, calls and cancellation of the place that the step runs in.</param>
    public abstract Task<TOut> ExecuteAsync(TIn input, WorkflowContext context);
}
