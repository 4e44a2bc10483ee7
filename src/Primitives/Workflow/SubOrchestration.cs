namespace AtomicDevOps.Primitives.Workflow;

/// <summary>
/// Calls an orchestrator function by its name and waits for its result; in orchestrations only.
/// <b>Failure</b>: the orchestration's, inside a <c>TaskFailedException</c>.
/// <b>Cancellation</b>: not called once the token is cancelled; one that runs goes on, and its result is ignored.
/// <b>Replay</b>: the recorded result.
/// </summary>
/// <param name="name">The name in the orchestrator's <c>[Function]</c> attribute.</param>
/// <param name="instanceId">Makes the new instance's id; it has to give the same id for the same input and context. The host makes one up where this is null.</param>
public sealed class SubOrchestration<TIn, TOut>(string name, Func<TIn, WorkflowContext, string>? instanceId = null) : WorkflowPrimitive<TIn, TOut>
{
    public string Name { get; } = string.IsNullOrWhiteSpace(name)
        ? throw new ArgumentException("A sub-orchestration needs the name in the orchestrator's [Function] attribute.", nameof(name))
        : name;

    public override Task<TOut> ExecuteAsync(TIn input, WorkflowContext context) =>
        context.CallSubOrchestratorAsync<TIn, TOut>(Name, input, instanceId?.Invoke(input, context));
}
