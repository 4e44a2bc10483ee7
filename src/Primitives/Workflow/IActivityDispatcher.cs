namespace AtomicDevOps.Primitives.Workflow;

/// <summary>Runs activity functions in the caller's process, so that a composition written for orchestrations also runs without one.</summary>
public interface IActivityDispatcher
{
    /// <param name="name">The activity function.</param>
    /// <param name="input">Its input.</param>
    /// <param name="context">The caller's context, with its token and path.</param>
    Task<TOut> DispatchAsync<TIn, TOut>(string name, TIn input, ActivityWorkflowContext context);
}
