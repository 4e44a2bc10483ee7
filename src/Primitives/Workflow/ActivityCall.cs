namespace AtomicDevOps.Primitives.Workflow;

/// <summary>
/// Calls an activity function by its name. <b>Failure</b>: the activity's exception, in an orchestration inside a <c>TaskFailedException</c>.
/// <b>Cancellation</b>: not called once the token is cancelled; an orchestration stops waiting for one that runs, whose result is then ignored.
/// <b>Replay</b>: the recorded result, without running the activity again.
/// </summary>
/// <param name="name">The name in the activity's <c>[Function]</c> attribute.</param>
public sealed class ActivityCall<TIn, TOut>(string name) : WorkflowPrimitive<TIn, TOut>
{
    public string Name { get; } = string.IsNullOrWhiteSpace(name)
        ? throw new ArgumentException("An activity call needs the name in the activity's [Function] attribute.", nameof(name))
        : name;

    public override Task<TOut> ExecuteAsync(TIn input, WorkflowContext context) => context.CallActivityAsync<TIn, TOut>(Name, input);
}
