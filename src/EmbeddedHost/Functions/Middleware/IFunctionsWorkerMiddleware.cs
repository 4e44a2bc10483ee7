namespace Microsoft.Azure.Functions.Worker.Middleware;

/// <summary>The rest of the pipeline.</summary>
public delegate Task FunctionExecutionDelegate(FunctionContext context);

/// <summary>
/// Runs around every invocation, in the order of registration, the first outermost. One instance serves all invocations.
/// Around an orchestrator it runs again on every replay and must not await anything but <c>next</c>.
/// </summary>
public interface IFunctionsWorkerMiddleware
{
    Task Invoke(FunctionContext context, FunctionExecutionDelegate next);
}
